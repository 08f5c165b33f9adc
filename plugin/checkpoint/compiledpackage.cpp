/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/compiledpackage.h"

#include "checkpoint/formaterror.h"
#include "checkpoint/storage.h"
#include "checkpoint/ziparchive.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <string_view>

namespace fm {

namespace {

using nlohmann::json;

constexpr std::string_view modelsFolder = "data/aotinductor/";
constexpr int deepest = 64; /* Dicts and lists in one another. */

[[noreturn]] void throwUnsupported(const std::string &predicate, std::string detail,
                                   std::source_location where = std::source_location::current())
{
	throw FormatError(Error::Kind::Unsupported, predicate, std::move(detail), where);
}

/* Of "name/data/aotinductor/model/file.so": the model and the file. */
struct Entry {
	std::string name;
	std::string model;
	std::string file;

	static std::optional<Entry> of(const std::string &name)
	{
		const std::size_t folder = name.find(modelsFolder);
		if (folder == std::string::npos)
			return std::nullopt;
		const std::string rest = name.substr(folder + modelsFolder.size());
		const std::size_t slash = rest.find('/');
		if (slash == std::string::npos)
			return std::nullopt;
		return Entry{ name, rest.substr(0, slash), rest.substr(slash + 1) };
	}
};

std::vector<Entry> entriesOf(const ZipArchive &archive)
{
	std::vector<Entry> entries;
	for (const std::string &name : archive.names())
		if (auto entry = Entry::of(name))
			entries.push_back(std::move(*entry));
	return entries;
}

std::string readText(const ZipArchive &archive, Storages &unpacked,
                     const std::vector<Entry> &entries, std::string_view ending)
{
	const auto found = std::ranges::find_if(
		entries, [&](const Entry &entry) { return entry.file.ends_with(ending); });
	if (found == entries.end())
		throwUnsupported("does not say which images it takes; compile it anew with "
		                 "torch._inductor.aoti_compile_and_package",
		                 "no entry that ends in " + std::string(ending));
	const auto bytes = unpacked.bytes(unpacked.add(archive.find(found->name)));
	return { reinterpret_cast<const char *>(bytes.data()), bytes.size() };
}

/* The part of \a text from \a begin to \a end. */
std::string part(const std::string &text, std::string_view begin, std::string_view end)
{
	const std::size_t first = text.find(begin);
	const std::size_t last = first == std::string::npos ? first : text.find(end, first);
	if (last == std::string::npos)
		throwUnsupported("does not say which images it takes; compile it anew with "
		                 "PyTorch 2.11",
		                 "its source has no part from '" + std::string(begin) + "' to '" +
		                         std::string(end) + "'");
	return text.substr(first, last - first);
}

template<typename Take>
void forEachMatch(const std::string &text, const std::regex &pattern, Take &&take)
{
	for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end;
	     ++match)
		take(*match);
}

int64_t number(const std::ssub_match &digits)
{
	if (digits.length() > 18)
		return INT64_MAX;
	return std::stoll(digits.str());
}

/* Its checks of the input, which are compiled too, but off: "if (64 != arg_size[2]) {" ... */
void readChecks(const std::string &checks, CompiledPackage &package)
{
	static const std::regex isFixed(R"(if \((\d+) != \w+_size\[([0-3])\]\))");
	static const std::regex isAtLeast(R"(if \(\w+_size\[([0-3])\] < (\d+)\))");
	static const std::regex isAtMost(R"(if \(\w+_size\[([0-3])\] > (\d+)\))");
	static const std::regex hasStride(R"(if \((\d+) != \w+_stride\[([0-3])\]\))");
	static const std::regex hasType(R"(_expected_dtype = aoti_torch_dtype_(\w+)\(\))");

	const auto side = [&](const std::ssub_match &index) -> CompiledPackage::Side & {
		return package.image[index.str()[0] - '0'];
	};
	forEachMatch(checks, isFixed, [&](const std::smatch &match) {
		side(match[2]).least = side(match[2]).most = number(match[1]);
		side(match[2]).isKnown = true;
	});
	forEachMatch(checks, isAtLeast,
	             [&](const std::smatch &match) { side(match[1]).least = number(match[2]); });
	forEachMatch(checks, isAtMost,
	             [&](const std::smatch &match) { side(match[1]).most = number(match[2]); });
	forEachMatch(checks, hasStride,
	             [&](const std::smatch &match) { side(match[2]).stride = number(match[1]); });
	forEachMatch(checks, hasType,
	             [&](const std::smatch &match) { package.type = match[1].str(); });
}

/* How it finds its sides: "int64_t s0 = arg_size[2];", or with a Dim that is 32 * another
 * "int64_t arg_size_2 = arg_size[2];" and "int64_t s0 = (1.0/32.0)*arg_size_2;". A side that it
 * does not look at is one that it takes another for. */
void readSides(const std::string &code, CompiledPackage &package)
{
	static const std::regex isSide(R"(int64_t (\w+) = \w+_size\[([0-3])\];)");
	static const std::regex isQuotient(R"(int64_t \w+ = \(1\.0/(\d+)\.0\)\*\w+_size_([0-3]);)");
	static const std::regex isOfSide(R"(_size_[0-3]$)");

	forEachMatch(code, isSide, [&](const std::smatch &match) {
		if (!std::regex_search(match[1].str(), isOfSide))
			package.image[match[2].str()[0] - '0'].isKnown = true;
	});
	forEachMatch(code, isQuotient, [&](const std::smatch &match) {
		CompiledPackage::Side &side = package.image[match[2].str()[0] - '0'];
		side.divisor = std::max<int64_t>(1, number(match[1]));
		side.isKnown = true;
	});
}

/* Literals of a raw string: "out_spec_ = R"([1, ...])";" */
std::string readSpec(const std::string &source)
{
	constexpr std::string_view begin = "out_spec_ = R\"(";
	const std::string spec = part(source, begin, ")\";");
	return spec.substr(begin.size());
}

/* builtins.dict, collections.OrderedDict */
bool isDict(const json &node)
{
	return node.at("type").get<std::string>().ends_with("ict");
}

/* Keys are a JSON list in a text. What has no such thing is counted. */
std::vector<std::string> childNames(const json &node, std::size_t count)
{
	std::vector<std::string> names;
	if (isDict(node))
		for (const json &key : json::parse(node.at("context").get<std::string>()))
			names.push_back(key.is_string() ? key.get<std::string>() : key.dump());
	if (names.size() != count) {
		names.clear();
		for (std::size_t i = 0; i < count; ++i)
			names.push_back(std::to_string(i));
	}
	return names;
}

void addNames(const json &node, const std::string &name, int depth, std::vector<std::string> &names)
{
	if (depth > deepest)
		throwDamaged("its results are nested too deep");
	if (node.at("type").is_null()) {
		names.push_back(name.empty() ? "0" : name);
		return;
	}
	const json &children = node.at("children_spec");
	const auto keys = childNames(node, children.size());
	for (std::size_t i = 0; i < keys.size(); ++i)
		addNames(children.at(i), name.empty() ? keys[i] : name + "." + keys[i], depth + 1,
		         names);
}

/* The names of the results in \a spec, a TreeSpec of torch.utils._pytree: [version, tree] */
std::vector<std::string> outputNames(const std::string &spec)
{
	std::vector<std::string> names;
	addNames(json::parse(spec).at(1), "", 0, names);
	return names;
}

} /* namespace */

bool CompiledPackage::isOne(const ZipArchive &archive)
{
	return !entriesOf(archive).empty();
}

CompiledPackage CompiledPackage::read(const ZipArchive &archive, Storages &unpacked)
try {
	const std::vector<Entry> entries = entriesOf(archive);
	std::set<std::string> models;
	for (const Entry &entry : entries)
		models.insert(entry.model);
	if (models.size() != 1)
		throwUnsupported("holds more than one model",
		                 std::to_string(models.size()) + " of them");

	CompiledPackage package;
	package.model = *models.begin();
	const json metadata =
		json::parse(readText(archive, unpacked, entries, ".wrapper_metadata.json"));
	package.device = metadata.at("AOTI_DEVICE_KEY").get<std::string>();
	package.processor = metadata.value("AOTI_CPU_ISA", "");

	const std::string source = readText(archive, unpacked, entries, ".wrapper.cpp");
	if (source.find("check_input_1(") != std::string::npos)
		throwUnsupported("takes more than an image", "it has a second input");
	readChecks(
		part(source, "static void check_input_0(", "_check_aoti_runtime_check_inputs_env"),
		package);
	readSides(part(source, "::run_impl(", "inputs.clear();"), package);
	for (const Side &side : package.image)
		if (!side.isKnown)
			throwUnsupported("takes only images of one shape, as their width, height "
			                 "and number depend on each other; export it with a Dim "
			                 "of its own for each, or for a fixed size",
			                 "there is a dimension that is not looked at");
	package.outputs = outputNames(readSpec(source));
	return package;
} catch (const json::exception &error) {
	throwDamaged(error.what());
}

} /* namespace fm */
