/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/safetensorsheader.h"

#include "checkpoint/formaterror.h"
#include "checkpoint/tensorshape.h"

#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

namespace fm::safetensors {

namespace {

using nlohmann::json;

/* Of what is passed over; a header itself has three levels. */
constexpr int mostLevels = 64;

/** \brief Lets the parser take a text, and others see how far it is */
class Place
{
public:
	using iterator_category = std::input_iterator_tag;
	using value_type = char;
	using difference_type = std::ptrdiff_t;
	using pointer = const char *;
	using reference = const char &;

	Place(const char *at, const char **seen) : at_(at), seen_(seen) {}

	reference operator*() const { return *at_; }
	Place &operator++()
	{
		*seen_ = ++at_;
		return *this;
	}
	bool operator==(const Place &other) const { return at_ == other.at_; }

private:
	const char *at_;
	const char **seen_;
};

/** \brief Is called by the parser for each part of the JSON text */
class Events : public nlohmann::json_sax<json>
{
public:
	Events(const Header &header, const std::function<void(Entry)> &take)
		: header_(header), take_(take)
	{
	}

	bool null() override { return passOver(); }
	bool boolean(bool /*value*/) override { return passOver(); }
	bool number_integer(number_integer_t /*value*/) override { return passOver(); }
	bool number_unsigned(number_unsigned_t value) override;
	bool number_float(number_float_t /*value*/, const string_t & /*text*/) override
	{
		return passOver();
	}
	bool string(string_t &value) override;
	bool binary(binary_t & /*value*/) override { return passOver(); }
	bool start_object(std::size_t /*count*/) override;
	bool key(string_t &value) override;
	bool end_object() override;
	bool start_array(std::size_t /*count*/) override;
	bool end_array() override;
	bool parse_error(std::size_t /*place*/, const std::string & /*token*/,
	                 const json::exception & /*error*/) override
	{
		header_.fail("not well-formed JSON");
	}

private:
	enum class Level { Outside, Header, Entry, List };
	enum class Field { Type, Shape, Offsets, Other };

	bool passOver();
	bool enterPassedOver();
	void finishEntry();

	const Header &header_;
	const std::function<void(Entry)> &take_;
	Level level_ = Level::Outside;
	int passedOver_ = 0; /* Levels in what does not matter */
	std::unordered_set<std::string> names_;
	std::string name_;
	std::unordered_set<std::string> fields_; /* Of the entry at hand */
	Field field_ = Field::Other;
	std::string type_;
	std::vector<int64_t> shape_;
	std::vector<int64_t> offsets_;
};

/** \brief A value that is no tensor's; a wrong one where there should be one */
bool Events::passOver()
{
	if (passedOver_ == 0 && (level_ != Level::Entry || field_ != Field::Other))
		header_.fail("a value of another kind than is expected here");
	return true;
}

bool Events::enterPassedOver()
{
	if (++passedOver_ > mostLevels)
		header_.fail("more than " + std::to_string(mostLevels) + " nested values");
	return true;
}

bool Events::number_unsigned(number_unsigned_t value)
{
	if (passedOver_ > 0 || level_ != Level::List)
		return passOver();
	std::vector<int64_t> &list = field_ == Field::Shape ? shape_ : offsets_;
	if (value > std::numeric_limits<int64_t>::max() || list.size() == mostDimensions)
		header_.fail("too large a number, or too many of them");
	list.push_back(static_cast<int64_t>(value));
	return true;
}

bool Events::string(string_t &value)
{
	if (passedOver_ > 0 || level_ != Level::Entry || field_ != Field::Type)
		return passOver();
	type_ = std::move(value);
	return true;
}

bool Events::start_object(std::size_t /*count*/)
{
	const bool isOther = level_ == Level::Entry && field_ == Field::Other;
	const bool isMetadata = level_ == Level::Header && name_ == "__metadata__";
	if (passedOver_ > 0 || isOther || isMetadata)
		return enterPassedOver();
	if (level_ != Level::Outside && level_ != Level::Header)
		return passOver();
	level_ = level_ == Level::Outside ? Level::Header : Level::Entry;
	return true;
}

bool Events::key(string_t &value)
{
	if (passedOver_ > 0)
		return true;
	const bool isName = level_ == Level::Header;
	if (!(isName ? names_ : fields_).insert(value).second)
		header_.fail("the second '" + value + "'");
	if (isName)
		name_ = std::move(value);
	else if (value == "dtype")
		field_ = Field::Type;
	else if (value == "shape")
		field_ = Field::Shape;
	else if (value == "data_offsets")
		field_ = Field::Offsets;
	else
		field_ = Field::Other;
	return true;
}

bool Events::end_object()
{
	if (passedOver_ > 0) {
		passedOver_--;
		return true;
	}
	if (level_ == Level::Entry)
		finishEntry();
	level_ = level_ == Level::Entry ? Level::Header : Level::Outside;
	return true;
}

bool Events::start_array(std::size_t /*count*/)
{
	if (passedOver_ > 0 || (level_ == Level::Entry && field_ == Field::Other))
		return enterPassedOver();
	if (level_ != Level::Entry || field_ == Field::Type)
		return passOver();
	level_ = Level::List;
	return true;
}

bool Events::end_array()
{
	if (passedOver_ > 0)
		passedOver_--;
	else
		level_ = Level::Entry;
	return true;
}

void Events::finishEntry()
{
	if (!fields_.contains("dtype") || !fields_.contains("shape") || offsets_.size() != 2)
		header_.fail("a tensor without a dtype, a shape and two data_offsets");
	take_({ std::move(name_), std::move(type_), std::move(shape_),
	        static_cast<uint64_t>(offsets_[0]), static_cast<uint64_t>(offsets_[1]) });
	name_.clear();
	shape_.clear();
	offsets_.clear();
	fields_.clear();
}

} /* namespace */

void Header::read(const std::function<void(Entry)> &take)
{
	/* To the parser a zero byte is the end. */
	if (const auto zero = json_.find('\0'); zero != std::string_view::npos) {
		at_ += zero;
		fail("not well-formed JSON");
	}
	Events events(*this, take);
	const char *end = json_.data() + json_.size();
	json::sax_parse(Place(json_.data(), &at_), Place(end, &at_), &events);
}

void Header::fail(const std::string &what, std::source_location where) const
{
	throwDamaged("safetensors, byte " + std::to_string(place_ + (at_ - json_.data())) + ": " +
	                     what,
	             where);
}

} /* namespace fm::safetensors */
