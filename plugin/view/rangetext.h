/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cmath>

#include "pixel.h"

namespace fm {

/** \brief The characters that ranges are written with, in the order of their glyphs */
constexpr char rangeCharacters[] = "0123456789.-+einfa";

/** \brief A range as text, by place in rangeCharacters */
struct RangeText {
	static constexpr int longest = 20; /**< "-1.23e-38..-1.23e-38" */

	int length = 0;
	int low = 0; /**< Characters of the lower end, the first ones */
	unsigned char glyphs[longest] = {};

	FM_HOST_DEVICE void append(int glyph)
	{
		if (length < longest)
			glyphs[length++] = static_cast<unsigned char>(glyph);
	}

	bool operator==(const RangeText &) const = default;
};

namespace glyph {
constexpr int point = 10, minus = 11, plus = 12, e = 13, i = 14, n = 15, f = 16, a = 17;
}

/** \brief 10 to the power of \a exponent, exact as far as float64 has it */
FM_HOST_DEVICE inline double powerOfTen(int exponent)
{
	double power = 1.0;
	for (int k = exponent < 0 ? -exponent : exponent; k > 0; --k)
		power *= 10.0;
	return power;
}

/** \brief \a value times 10 to the power of \a exponent */
FM_HOST_DEVICE inline double scaledByTen(double value, int exponent)
{
	return exponent < 0 ? value / powerOfTen(exponent) : value * powerOfTen(exponent);
}

/** \brief A number greater than 0 as three digits: 1.23 times 10 to the power of exponent */
struct ThreeDigits {
	int digits; /**< 100..999 */
	int exponent;

	FM_HOST_DEVICE static ThreeDigits of(double value)
	{
		int exponent = static_cast<int>(floor(log10(value)));
		/* The logarithm may have been rounded over an edge. */
		if (scaledByTen(value, -exponent) >= 10.0)
			++exponent;
		if (scaledByTen(value, -exponent) < 1.0)
			--exponent;
		const int digits = static_cast<int>(rint(scaledByTen(value, 2 - exponent)));
		return digits == 1000 ? ThreeDigits{ 100, exponent + 1 }
		                      : ThreeDigits{ digits, exponent };
	}

	FM_HOST_DEVICE int digit(int k) const
	{
		return k == 0 ? digits / 100 : k == 1 ? digits / 10 % 10 : k == 2 ? digits % 10 : 0;
	}
	/** \brief How many there are without zeros at the end */
	FM_HOST_DEVICE int significant() const
	{
		return digits % 100 == 0 ? 1 : digits % 10 == 0 ? 2 : 3;
	}
};

FM_HOST_DEVICE inline void appendFixed(const ThreeDigits &number, RangeText &text)
{
	const int whole = number.exponent < 0 ? 1 : number.exponent + 1;
	for (int k = 0; k < whole; ++k)
		text.append(number.exponent < 0 ? 0 : number.digit(k));
	const int last = number.significant() - 1 - number.exponent; /* Decimals. */
	if (last <= 0)
		return;
	text.append(glyph::point);
	for (int k = 1; k <= last; ++k) {
		const int place = number.exponent + k;
		text.append(place < 0 ? 0 : number.digit(place));
	}
}

FM_HOST_DEVICE inline void appendWithExponent(const ThreeDigits &number, RangeText &text)
{
	text.append(number.digit(0));
	if (number.significant() > 1)
		text.append(glyph::point);
	for (int k = 1; k < number.significant(); ++k)
		text.append(number.digit(k));
	const int size = number.exponent < 0 ? -number.exponent : number.exponent;
	text.append(glyph::e);
	text.append(number.exponent < 0 ? glyph::minus : glyph::plus);
	text.append(size / 10);
	text.append(size % 10);
}

/** \brief Appends \a value as C's printf writes it with "%.3g" */
FM_HOST_DEVICE inline void appendNumber(float value, RangeText &text)
{
	if (std::signbit(value))
		text.append(glyph::minus);
	if (std::isinf(value) || std::isnan(value)) {
		const bool isNan = std::isnan(value);
		text.append(isNan ? glyph::n : glyph::i);
		text.append(isNan ? glyph::a : glyph::n);
		text.append(isNan ? glyph::n : glyph::f);
		return;
	}
	if (value == 0.0f)
		return text.append(0);

	const ThreeDigits number = ThreeDigits::of(std::fabs(static_cast<double>(value)));
	if (number.exponent < -4 || number.exponent >= 3)
		appendWithExponent(number, text);
	else
		appendFixed(number, text);
}

/** \brief Characters between the two ends of a range */
constexpr int rangeDots = 2;

/** \brief "low..high", three digits of each */
FM_HOST_DEVICE inline RangeText rangeText(Range range)
{
	RangeText text;
	appendNumber(range.low, text);
	text.low = text.length;
	for (int k = 0; k < rangeDots; ++k)
		text.append(glyph::point);
	appendNumber(range.high, text);
	return text;
}

} /* namespace fm */
