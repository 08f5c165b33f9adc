/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/numpyarrays.h"

#include "checkpoint/tensorshape.h"

#include <algorithm>

namespace fm {

namespace {

using pickle::Graph;
using pickle::ValueId;

struct ElementType {
	ScalarType type;
	bool isBigEndian;
};

/** \brief What a pickle says of an array or, if it has no shape, of a scalar */
struct Array {
	ValueId data;
	ValueId type;
	std::optional<ValueId> shape;
	bool isColumnMajor;
	std::optional<ValueId> axes; /**< How they are permuted afterwards */
};

struct TypeCode {
	std::string_view code;
	ScalarType type;
};

constexpr TypeCode typeCodes[] = {
	{ "f8", ScalarType::Float64 }, { "f4", ScalarType::Float32 }, { "f2", ScalarType::Float16 },
	{ "i8", ScalarType::Int64 },   { "i4", ScalarType::Int32 },   { "i2", ScalarType::Int16 },
	{ "i1", ScalarType::Int8 },    { "u1", ScalarType::UInt8 },   { "b1", ScalarType::Bool },
};

const pickle::Object *asCall(const Graph &graph, ValueId value, std::string_view function)
{
	const auto *object = graph.as<pickle::Object>(value);
	const auto *callable = object ? graph.as<pickle::Global>(object->callable) : nullptr;
	return callable && callable->name == function ? object : nullptr;
}

bool isTrue(const Graph &graph, ValueId value)
{
	const bool *truth = graph.as<bool>(value);
	const int64_t *number = graph.as<int64_t>(value);
	return (truth && *truth) || (number && *number != 0);
}

/** \brief _reconstruct(...) and the state (version, shape, type, is column-major, data) */
std::optional<Array> asReconstructed(const Graph &graph, const pickle::Object &object)
{
	const auto state = object.state ? graph.items(*object.state) : std::span<const ValueId>{};
	if (state.size() != 5)
		return std::nullopt;
	return Array{ state[4], state[2], state[1], isTrue(graph, state[3]), std::nullopt };
}

/** \brief _frombuffer(data, type, shape, order, axes), since protocol 5 */
std::optional<Array> asBuffer(const Graph &graph, const pickle::Object &object)
{
	const auto args = graph.items(object.args);
	if (args.size() != 4 && args.size() != 5)
		return std::nullopt;
	Array array = { args[0], args[1], args[2], graph.isText(args[3], "F"), std::nullopt };
	if (args.size() == 5 && graph.isText(args[3], "K") && !graph.as<pickle::None>(args[4]))
		array.axes = args[4];
	return array;
}

/** \brief scalar(type, data) */
std::optional<Array> asScalar(const Graph &graph, const pickle::Object &object)
{
	const auto args = graph.items(object.args);
	if (args.size() != 2)
		return std::nullopt;
	return Array{ args[1], args[0], std::nullopt, false, std::nullopt };
}

std::optional<Array> asArray(const Graph &graph, ValueId value)
{
	const auto *object = graph.as<pickle::Object>(value);
	const auto *function = object ? graph.as<pickle::Global>(object->callable) : nullptr;
	/* numpy._core since NumPy 2 */
	if (!function || (!function->module.starts_with("numpy.core.") &&
	                  !function->module.starts_with("numpy._core.")))
		return std::nullopt;
	if (function->name == "_reconstruct")
		return asReconstructed(graph, *object);
	if (function->name == "_frombuffer")
		return asBuffer(graph, *object);
	if (function->name == "scalar")
		return asScalar(graph, *object);
	return std::nullopt;
}

/**
 * \brief dtype("f4", ...) and the state (version, byte order, base, names, fields, ...)
 *
 * With a base or fields an element is more than a number.
 */
std::optional<ElementType> readType(const Graph &graph, ValueId value)
{
	const pickle::Object *object = asCall(graph, value, "dtype");
	if (!object)
		return std::nullopt;
	const auto args = graph.items(object->args);
	const auto state = object->state ? graph.items(*object->state) : std::span<const ValueId>{};
	const auto isNone = [&](ValueId id) { return graph.as<pickle::None>(id) != nullptr; };
	if (args.empty() || state.size() < 5 || !std::ranges::all_of(state.subspan(2, 3), isNone))
		return std::nullopt;
	const auto found = std::ranges::find_if(
		typeCodes, [&](const TypeCode &type) { return graph.isText(args[0], type.code); });
	if (found == std::end(typeCodes))
		return std::nullopt;
	return ElementType{ found->type, graph.isText(state[1], ">") };
}

/** \brief The shape and strides after numpy.transpose(axes) */
void permute(const Graph &graph, ValueId value, TensorView &tensor)
{
	const std::vector<int64_t> axes = readSizes(graph, value);
	std::vector<int64_t> sorted = axes;
	std::ranges::sort(sorted);
	for (std::size_t i = 0; i < sorted.size(); i++)
		if (sorted[i] != static_cast<int64_t>(i))
			graph.fail(value, "no permutation of an array's axes");
	if (axes.size() != tensor.shape.size())
		graph.fail(value, "not as many axes as an array has");
	const TensorView before = tensor;
	for (std::size_t i = 0; i < axes.size(); i++) {
		tensor.shape[i] = before.shape[axes[i]];
		tensor.strides[i] = before.strides[axes[i]];
	}
}

TensorView arrange(const Graph &graph, const Array &array, ScalarType type)
{
	TensorView tensor = { type, {}, {}, 0, 0 };
	if (array.shape)
		tensor.shape = readSizes(graph, *array.shape);
	if (array.isColumnMajor)
		std::ranges::reverse(tensor.shape);
	tensor.strides = rowMajorStrides(tensor.shape);
	if (array.isColumnMajor) {
		std::ranges::reverse(tensor.shape);
		std::ranges::reverse(tensor.strides);
	}
	if (array.axes)
		permute(graph, *array.axes, tensor);
	return tensor;
}

/** \brief "...".encode("latin1"), which stands for bytes before protocol 3 */
const pickle::Text *encodedText(const Graph &graph, ValueId value)
{
	const pickle::Object *call = asCall(graph, value, "encode");
	const auto args = call ? graph.items(call->args) : std::span<const ValueId>{};
	const bool isLatin1 = args.size() == 2 && graph.isText(args[1], "latin1");
	return isLatin1 ? graph.as<pickle::Text>(args[0]) : nullptr;
}

/** \brief bytes(), which stands for no bytes before protocol 3 */
bool isEmptyBytes(const Graph &graph, ValueId value)
{
	const pickle::Object *call = asCall(graph, value, "bytes");
	return call && graph.items(call->args).empty();
}

} /* namespace */

std::optional<TensorView> NumpyArrays::find(ValueId value)
{
	const std::optional<Array> array = asArray(graph_, value);
	const std::optional<ElementType> type =
		array ? readType(graph_, array->type) : std::nullopt;
	if (!type)
		return std::nullopt;

	TensorView tensor = arrange(graph_, *array, type->type);
	const std::size_t elementBytes = elementSize(type->type);
	const std::optional<uint64_t> count = countElements(tensor.shape);
	uint64_t size = 0;
	if (!count || __builtin_mul_overflow(*count, elementBytes, &size))
		graph_.fail(value, "an array of more than 2^63 bytes");
	tensor.storage = store(array->data, size, type->isBigEndian ? elementBytes : 1);
	return tensor;
}

std::optional<std::string> NumpyArrays::findUnreadType(ValueId value) const
{
	const std::optional<Array> array = asArray(graph_, value);
	if (!array || readType(graph_, array->type))
		return std::nullopt;
	const pickle::Object *type = asCall(graph_, array->type, "dtype");
	const auto args = type ? graph_.items(type->args) : std::span<const ValueId>{};
	const auto code = args.empty() ? std::nullopt : graph_.text(args[0]);
	return code.value_or("an unknown type");
}

std::size_t NumpyArrays::store(ValueId data, uint64_t size, std::size_t swappedSize)
{
	const auto [place, isNew] = numbers_.try_emplace({ data, size, swappedSize });
	if (isNew) {
		Storage storage = describe(data);
		storage.size = size;
		storage.swappedSize = swappedSize;
		place->second = storages_.add(std::move(storage));
	}
	return place->second;
}

Storage NumpyArrays::describe(ValueId data) const
{
	Storage storage;
	storage.name = graph_.source + ", byte " + std::to_string(graph_.places[data]);
	const auto *bytes = graph_.as<pickle::Bytes>(data);
	const auto *text = graph_.as<pickle::Text>(data); /* from Python 2, where str is bytes */
	const auto *encoded = encodedText(graph_, data);
	if (bytes) {
		storage.packed = bytes->content;
	} else if (text || encoded) {
		const pickle::Text &written = text ? *text : *encoded;
		storage.packed = std::as_bytes(std::span(written.written));
		storage.notation = written.notation;
		if (encoded || written.notation != pickle::Text::Notation::Plain)
			storage.packing = Storage::Packing::Text;
	} else if (!isEmptyBytes(graph_, data)) {
		graph_.fail(data, "an array without its bytes");
	}
	return storage;
}

} /* namespace fm */
