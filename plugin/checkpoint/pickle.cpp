/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/pickle.h"

#include "checkpoint/bytereader.h"
#include "checkpoint/pickleliteral.h"
#include "checkpoint/picklestack.h"

#include <charconv>

namespace fm::pickle {

namespace {

constexpr unsigned newestProtocol = 5;

/** \brief Python's pickle machine, but a call is only written down, as an Object */
class Machine
{
public:
	explicit Machine(ByteReader &reader) : reader_(reader), stack_(reader) {}

	Graph run();

private:
	/* Each does the opcodes of one kind, and returns false for all others. */
	bool pushLiteral(Opcode opcode);
	bool arrangeStack(Opcode opcode);
	bool useMemo(Opcode opcode);
	bool pushTuple(Opcode opcode);
	bool pushContainer(Opcode opcode);
	bool fillContainer(Opcode opcode);
	bool pushName(Opcode opcode);
	bool pushObject(Opcode opcode);

	uint64_t decimalKey();
	std::string_view nameAt(ValueId id);
	Entries entriesOf(const std::vector<ValueId> &keysAndValues);

	void append(ValueId target, const std::vector<ValueId> &items);
	void setItems(ValueId target, const Entries &entries);
	void setState(ValueId target, ValueId state);
	void makeObject(ValueId callable, ValueId args);
	void makeObject(ValueId callable, std::vector<ValueId> args);

	ByteReader &reader_;
	Stack stack_;
};

Graph Machine::run()
{
	const std::size_t start = reader_.position();
	for (;;) {
		stack_.startAt(reader_.position());
		const auto opcode = static_cast<Opcode>(reader_.number<uint8_t>());
		if (opcode == Opcode::Stop)
			return stack_.finish(reader_.position() - start);
		const bool isKnown = pushLiteral(opcode) || useMemo(opcode) || pushTuple(opcode) ||
		                     arrangeStack(opcode) || pushContainer(opcode) ||
		                     fillContainer(opcode) || pushName(opcode) ||
		                     pushObject(opcode);
		if (!isKnown)
			reader_.fail("unknown pickle opcode " +
			             std::to_string(static_cast<unsigned>(opcode)));
	}
}

bool Machine::pushLiteral(Opcode opcode)
{
	std::optional<Value> value = readLiteral(opcode, reader_);
	if (value)
		stack_.push(std::move(*value));
	return value.has_value();
}

bool Machine::arrangeStack(Opcode opcode)
{
	switch (opcode) {
	case Opcode::Proto:
		if (reader_.number<uint8_t>() > newestProtocol)
			reader_.fail("unknown pickle protocol");
		break;
	case Opcode::Frame:
		if (reader_.number<uint64_t>() > reader_.remaining())
			reader_.fail("a pickle frame beyond the end");
		break;
	case Opcode::Mark:
		stack_.mark();
		break;
	case Opcode::Pop:
		if (!stack_.popEmptyMark())
			stack_.pop();
		break;
	case Opcode::PopMark:
		stack_.popToMark();
		break;
	case Opcode::Dup:
		stack_.pushAgain(stack_.top());
		break;
	default:
		return false;
	}
	return true;
}

bool Machine::useMemo(Opcode opcode)
{
	switch (opcode) {
	case Opcode::Put:
		stack_.memorize(decimalKey());
		break;
	case Opcode::BinPut:
		stack_.memorize(reader_.number<uint8_t>());
		break;
	case Opcode::LongBinPut:
		stack_.memorize(reader_.number<uint32_t>());
		break;
	case Opcode::Memoize:
		stack_.memorizeNext();
		break;
	case Opcode::Get:
		stack_.recall(decimalKey());
		break;
	case Opcode::BinGet:
		stack_.recall(reader_.number<uint8_t>());
		break;
	case Opcode::LongBinGet:
		stack_.recall(reader_.number<uint32_t>());
		break;
	default:
		return false;
	}
	return true;
}

bool Machine::pushTuple(Opcode opcode)
{
	switch (opcode) {
	case Opcode::Tuple1:
		stack_.push(Tuple{ stack_.pop(1) });
		break;
	case Opcode::Tuple2:
		stack_.push(Tuple{ stack_.pop(2) });
		break;
	case Opcode::Tuple3:
		stack_.push(Tuple{ stack_.pop(3) });
		break;
	case Opcode::Tuple:
		stack_.push(Tuple{ stack_.popToMark() });
		break;
	default:
		return false;
	}
	return true;
}

bool Machine::pushContainer(Opcode opcode)
{
	switch (opcode) {
	case Opcode::List:
	case Opcode::FrozenSet:
		stack_.push(List{ stack_.popToMark() });
		break;
	case Opcode::Dict:
		stack_.push(Dict{ entriesOf(stack_.popToMark()) });
		break;
	default:
		return false;
	}
	return true;
}

bool Machine::fillContainer(Opcode opcode)
{
	std::vector<ValueId> values;
	switch (opcode) {
	case Opcode::Append:
		values = stack_.pop(1);
		append(stack_.top(), values);
		break;
	case Opcode::Appends:
	case Opcode::AddItems:
		values = stack_.popToMark();
		append(stack_.top(), values);
		break;
	case Opcode::SetItem:
		values = stack_.pop(2);
		setItems(stack_.top(), entriesOf(values));
		break;
	case Opcode::SetItems:
		values = stack_.popToMark();
		setItems(stack_.top(), entriesOf(values));
		break;
	case Opcode::Build:
		values = stack_.pop(1);
		setState(stack_.top(), values[0]);
		break;
	default:
		return false;
	}
	return true;
}

bool Machine::pushName(Opcode opcode)
{
	switch (opcode) {
	case Opcode::StackGlobal: {
		const auto names = stack_.pop(2);
		stack_.push(Global{ nameAt(names[0]), nameAt(names[1]) });
		break;
	}
	case Opcode::PersId:
		stack_.push(PersistentId{ stack_.add(Text{ reader_.line() }) });
		break;
	case Opcode::BinPersId:
		stack_.push(PersistentId{ stack_.pop() });
		break;
	default:
		return false;
	}
	return true;
}

bool Machine::pushObject(Opcode opcode)
{
	std::vector<ValueId> values;
	switch (opcode) {
	case Opcode::Reduce:
	case Opcode::NewObj:
		values = stack_.pop(2);
		makeObject(values[0], values[1]);
		break;
	case Opcode::NewObjEx:
		/* The third are keyword arguments, which no class that matters here has. */
		values = stack_.pop(3);
		makeObject(values[0], values[1]);
		break;
	case Opcode::Obj:
		values = stack_.popToMark();
		if (values.empty())
			reader_.fail("an object without a class");
		makeObject(values[0], { values.begin() + 1, values.end() });
		break;
	case Opcode::Inst: {
		const ValueId type = stack_.add(readGlobal(reader_));
		makeObject(type, stack_.popToMark());
		break;
	}
	default:
		return false;
	}
	return true;
}

uint64_t Machine::decimalKey()
{
	const std::string_view line = reader_.line();
	uint64_t key = 0;
	if (std::from_chars(line.data(), line.data() + line.size(), key).ec != std::errc{})
		reader_.fail("not a key of the pickle memo");
	return key;
}

/** \brief Only protocol 4 and later name things by values, and write them plainly */
std::string_view Machine::nameAt(ValueId id)
{
	const Text *text = stack_.as<Text>(id);
	if (!text || text->notation != Text::Notation::Plain)
		reader_.fail("a name that is no plain text");
	return text->written;
}

Entries Machine::entriesOf(const std::vector<ValueId> &keysAndValues)
{
	if (keysAndValues.size() % 2)
		reader_.fail("a key without a value");
	Entries entries;
	entries.reserve(keysAndValues.size() / 2);
	for (std::size_t i = 0; i < keysAndValues.size(); i += 2)
		entries.emplace_back(keysAndValues[i], keysAndValues[i + 1]);
	return entries;
}

void Machine::append(ValueId target, const std::vector<ValueId> &items)
{
	std::vector<ValueId> *all = nullptr;
	if (List *list = stack_.as<List>(target))
		all = &list->items;
	else if (Object *object = stack_.as<Object>(target))
		all = &object->items;
	else
		reader_.fail("items for what is not a list");
	all->insert(all->end(), items.begin(), items.end());
}

void Machine::setItems(ValueId target, const Entries &entries)
{
	Entries *all = nullptr;
	if (Dict *dict = stack_.as<Dict>(target))
		all = &dict->entries;
	else if (Object *object = stack_.as<Object>(target))
		all = &object->entries;
	else
		reader_.fail("keys for what is not a dict");
	all->insert(all->end(), entries.begin(), entries.end());
}

void Machine::setState(ValueId target, ValueId state)
{
	Object *object = stack_.as<Object>(target);
	if (!object)
		reader_.fail("a state for what is not an object");
	object->state = state;
}

void Machine::makeObject(ValueId callable, ValueId args)
{
	stack_.push(Object{ callable, args, std::nullopt, {}, {} });
}

void Machine::makeObject(ValueId callable, std::vector<ValueId> args)
{
	makeObject(callable, stack_.add(Tuple{ std::move(args) }));
}

} /* namespace */

std::span<const ValueId> Graph::items(ValueId id) const
{
	if (const List *list = as<List>(id))
		return list->items;
	if (const Tuple *tuple = as<Tuple>(id))
		return tuple->items;
	return {};
}

bool Graph::isText(ValueId id, std::string_view text) const
{
	const Text *found = as<Text>(id);
	if (!found)
		return false;
	if (found->notation == Text::Notation::Plain)
		return found->written == text;
	/* What is asked for is short; decoding long ones for nothing would take time. */
	return found->written.size() <= 16 * text.size() && decode(*found) == text;
}

std::optional<std::string> Graph::text(ValueId id) const
{
	if (const Text *found = as<Text>(id))
		return decode(*found);
	if (const int64_t *number = as<int64_t>(id))
		return std::to_string(*number);
	return std::nullopt;
}

void Graph::fail(ValueId id, const std::string &what, std::source_location where) const
{
	throwDamaged(source + ", byte " + std::to_string(places[id]) + ": " + what, where);
}

Graph read(ByteReader &reader)
{
	return Machine(reader).run();
}

} /* namespace fm::pickle */
