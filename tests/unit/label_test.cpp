/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "view/label.h"

using namespace fm;

namespace {

/* An image of text, of its own. */
struct Text {
	Size size;
	std::vector<LabelPixel> pixels;

	explicit Text(const Label &label) : size(label.view().size)
	{
		for (int y = 0; y < size.height; ++y)
			for (int x = 0; x < size.width; ++x)
				pixels.push_back(label.view().at(x, y));
	}

	Text(Size tile, const std::vector<std::string> &lines) : Text(Label(tile, lines)) {}

	/* Nothing beyond what is covered. */
	LabelPixel at(int x, int y) const
	{
		return x < size.width && y < size.height ? pixels[y * size.width + x]
		                                         : LabelPixel{ 0, 0 };
	}

	/* From the first row that letters cover for the most part to the last. */
	int letterHeight() const
	{
		int first = size.height;
		int last = -1;
		for (int y = 0; y < size.height; ++y)
			for (int x = 0; x < size.width; ++x)
				if (at(x, y).letters > 127) {
					first = std::min(first, y);
					last = y;
				}
		return std::max(last - first + 1, 0);
	}

	bool operator==(const Text &other) const
	{
		return size == other.size &&
		       std::ranges::equal(pixels, other.pixels,
		                          [](LabelPixel one, LabelPixel another) {
						  return one.outline == another.outline &&
			                                 one.letters == another.letters;
					  });
	}
};

/* As many pixels wide as the video of 16:9 that they are of. */
Size tileOfWidth(int width)
{
	return { width, width * 9 / 16 };
}

RangeText rangeTextOf(const std::string &characters)
{
	RangeText text;
	for (const char character : characters)
		text.append(static_cast<int>(std::string(rangeCharacters).find(character)));
	return text;
}

/* What \a label, and a range below it, cover of a tile. */
LabelPixel withRange(const Label &label, const GlyphsView &glyphs, const RangeText &range, int x,
                     int y)
{
	const LabelPixel above =
		label.view().covers(x, y) ? label.view().at(x, y) : LabelPixel{ 0, 0 };
	const LabelPixel below = glyphs.covers(y) ? glyphs.at(range, x, y) : LabelPixel{ 0, 0 };
	return { std::max(above.outline, below.outline), std::max(above.letters, below.letters) };
}

struct Deviation {
	double mean; /* Of letters and outline, where the text is. */
	int most;    /* Of letters. */
};

/* Between \a range as a line of a label and as glyphs, below another line. */
Deviation deviation(Size tile, const std::string &written, const std::string &range)
{
	const Text whole(tile, { "p3 200", written });
	const Label label(tile, { "p3 200" });
	const RangeGlyphs glyphs(tile, label.bottom());
	EXPECT_GT(glyphs.view().height, 0);
	EXPECT_GT(whole.size.height, label.view().size.height);

	Deviation deviation = { 0.0, 0 };
	const int bottom = std::max(whole.size.height, glyphs.view().top + glyphs.view().height);
	for (int y = 0; y < std::min(bottom, tile.height); ++y)
		for (int x = 0; x < tile.width; ++x) {
			const LabelPixel one = whole.at(x, y);
			const LabelPixel other =
				withRange(label, glyphs.view(), rangeTextOf(range), x, y);
			deviation.most =
				std::max(deviation.most, std::abs(one.letters - other.letters));
			deviation.mean += std::abs(one.letters - other.letters) +
			                  std::abs(one.outline - other.outline);
		}
	deviation.mean /= 2.0 * whole.size.width * whole.size.height;
	return deviation;
}

} /* namespace */

TEST(Label, GrowsWithTheTile)
{
	int before = 0;
	for (const int width : { minLabelledWidth, 160, 320, 640, 1280, 1920, 3840 }) {
		const int height = Text(tileOfWidth(width), { "H7" }).letterHeight();
		EXPECT_GE(height, before) << width;
		/* Seven pixels can be read; on a large tile, a share that can be read from afar
		 * and leaves most of the map to be seen. */
		EXPECT_GE(height, std::max(7, width / 70)) << width;
		EXPECT_LE(height, width / 6) << width;
		before = height;
	}
	EXPECT_GT(before, 2 * Text(tileOfWidth(640), { "H7" }).letterHeight());
}

/* Letters and outline end inside of what the label covers, and that inside of the tile. */
TEST(Label, IsNotCutOff)
{
	for (const int width : { minLabelledWidth, 107, 320, 1920 }) {
		const Size tile = tileOfWidth(width);
		const Text text(tile, { "p3 255", "160x90 /8" });
		ASSERT_FALSE(text.pixels.empty()) << width;
		EXPECT_LE(text.size.width, tile.width);
		EXPECT_LE(text.size.height, tile.height);
		for (int x = 0; x < text.size.width; ++x)
			for (const int y : { 0, text.size.height - 1 }) {
				EXPECT_EQ(text.at(x, y).outline, 0) << x << "," << y;
				EXPECT_EQ(text.at(x, y).letters, 0) << x << "," << y;
			}
		for (int y = 0; y < text.size.height; ++y)
			for (const int x : { 0, text.size.width - 1 }) {
				EXPECT_EQ(text.at(x, y).outline, 0) << x << "," << y;
				EXPECT_EQ(text.at(x, y).letters, 0) << x << "," << y;
			}
	}
}

/* White on white is read by it: beside each letter, left or right, above or below. */
TEST(Label, HasAnOutlineAroundItsLetters)
{
	for (const int width : { minLabelledWidth, 320, 1920 }) {
		const Text text(tileOfWidth(width), { "p3 255" });
		int edges = 0;
		for (int y = 0; y < text.size.height; ++y)
			for (int x = 1; x < text.size.width; ++x) {
				const LabelPixel one = text.at(x - 1, y);
				const LabelPixel other = text.at(x, y);
				if ((one.letters > 250) == (other.letters > 250))
					continue;
				const LabelPixel outside = one.letters > 250 ? other : one;
				EXPECT_GT(std::max(outside.outline, outside.letters), 120)
					<< width << ": " << x << "," << y;
				++edges;
			}
		EXPECT_GT(edges, 10) << width;
	}
}

TEST(Label, IsSetSmallerToFit)
{
	const Size tile = { 160, 120 };
	const int natural = Text(tile, { "H" }).letterHeight();
	const int narrowed = Text(tile, { "HHHHHHHHHHHHHHHHHHHH" }).letterHeight();
	EXPECT_LT(narrowed, natural);
	EXPECT_GE(narrowed, 5);
	EXPECT_LT(Text({ 160, 16 }, { "H" }).letterHeight(), natural);
}

TEST(Label, LeavesOutLinesThatDoNotFit)
{
	const Size tile = { 100, 60 };
	const std::string wide(60, 'm');
	EXPECT_TRUE(Text(tile, { "p3 1", wide, "40x30 /8" }) == Text(tile, { "p3 1" }));
	EXPECT_EQ(Label(tile, { "p3 1", wide }).bottom(), Label(tile, { "p3 1" }).bottom());
	EXPECT_TRUE(Text(tile, { wide, "p3 1" }).pixels.empty());

	/* One below the other. */
	const int height = Label(tile, { "p3 1" }).view().size.height;
	EXPECT_GT(Text({ 100, 2 * height }, { "p3 1", "p3 2" }).size.height, height);
	EXPECT_TRUE(Text({ 100, height }, { "p3 1", "p3 2" }) == Text({ 100, height }, { "p3 1" }));
	EXPECT_TRUE(Text({ 100, 8 }, { "p3 1" }).pixels.empty());
	EXPECT_TRUE(Text({ 8, 100 }, { "p3 1" }).pixels.empty());
	EXPECT_TRUE(Text({ 0, 0 }, { "p3 1" }).pixels.empty());
	EXPECT_TRUE(Text(tile, {}).pixels.empty());
}

TEST(Label, DarkensAllThatItCovers)
{
	const Label plain({ 200, 100 }, { "p3 1" });
	const Label shaded({ 200, 100 }, { "p3 1" }, 200);
	ASSERT_EQ(plain.view().size, shaded.view().size);
	for (int y = 0; y < plain.view().size.height; ++y)
		for (int x = 0; x < plain.view().size.width; ++x) {
			EXPECT_EQ(shaded.view().at(x, y).letters, plain.view().at(x, y).letters);
			EXPECT_EQ(shaded.view().at(x, y).outline,
			          std::max<int>(plain.view().at(x, y).outline, 200));
		}
}

/* A module from a file names its levels as it likes. */
TEST(Label, IsOfAnyText)
{
	const Size tile = { 320, 180 };
	const int height = Label(tile, { "p3 1" }).view().size.height;
	for (const std::string &text :
	     { std::string("a\nb"), std::string("a\0b", 3), std::string("\xff\xfe\xc3"),
	       std::string("\t\r\x01\x7f"), std::string("\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85"),
	       std::string("\xe7\x89\xb9\xe5\xbe\xb4"), std::string("\xf0\x9f\x9a\xb2"),
	       std::string("\xe2\x80\xae") + "p3", std::string("<b>&amp;"), std::string() }) {
		const Text drawn(tile, { text, "p3 1" });
		EXPECT_LE(drawn.size.width, tile.width) << text;
		EXPECT_LE(drawn.size.height, tile.height) << text;
		/* A line is one, whatever it is of: the next is there as well. */
		EXPECT_GT(drawn.letterHeight(), 7) << text;
		EXPECT_LT(drawn.size.height, 3 * height) << text;
	}
	for (const int width : { 64, 320, 40000, 2000000000 })
		for (const std::size_t length : { 1000, 200000 })
			EXPECT_LE(Text({ width, 60 }, { std::string(length, 'i') }).size.width,
			          std::min(width, 32767));
}

TEST(Label, IsMadeOnManyThreadsAtOnce)
{
	const auto textOf = [](int k) {
		return Text(tileOfWidth(64 + 32 * (k % 7)),
		            { "p3 " + std::to_string(k), "9x9 /8" });
	};
	constexpr int count = 40;
	std::vector<Text> alone;
	for (int k = 0; k < count; ++k)
		alone.push_back(textOf(k));

	std::vector<std::vector<Text>> made(8);
	std::vector<std::thread> threads;
	for (std::vector<Text> &mine : made)
		threads.emplace_back([&] {
			for (int k = 0; k < count; ++k)
				mine.push_back(textOf(k));
		});
	for (std::thread &thread : threads)
		thread.join();
	for (const std::vector<Text> &mine : made)
		EXPECT_TRUE(mine == alone);
}

TEST(RangeGlyphs, WriteWhatALabelOfTheSameTextSays)
{
	for (const int width : { 160, 320, 640, 1920 })
		for (const std::string range : { "0..1", "-0.123..45.6", "7.89e-05..1e+03",
		                                 "-1.23e-38..-1.23e-38", "-inf..nan" }) {
			const Deviation same = deviation(tileOfWidth(width), range, range);
			/* Where the edges of two glyphs share a pixel it may be covered by both. */
			EXPECT_LT(same.most, 128) << width << ": " << range;
			EXPECT_LT(same.mean, 1.0) << width << ": " << range;
			std::string changed = range;
			changed.back() = changed.back() == '1' ? '2' : '1';
			EXPECT_GT(deviation(tileOfWidth(width), range, changed).most, 200);
		}
}

/* So that numbers that change do not jump. */
TEST(RangeGlyphs, HaveDigitsOfOneWidth)
{
	for (const int width : { 160, 1920 }) {
		const RangeGlyphs glyphs(tileOfWidth(width), 0);
		const GlyphsView view = glyphs.view();
		for (int digit = 1; digit < 10; ++digit)
			EXPECT_EQ(view.advance[digit], view.advance[0]) << width;
	}
}

TEST(RangeGlyphs, FitTheLongestRangeOrAreLeftOut)
{
	const RangeText longest = rangeTextOf("-1.23e-38..-1.23e-38");
	ASSERT_EQ(longest.length, RangeText::longest);
	for (const int width : { 110, 160, 320, 1920 }) {
		const RangeGlyphs glyphs(tileOfWidth(width), 20);
		const GlyphsView view = glyphs.view();
		ASSERT_GT(view.height, 0) << width;
		int right = view.left;
		for (int k = 0; k < longest.length; ++k)
			right += view.advance[longest.glyphs[k]];
		EXPECT_LT(right + view.overlap, width + 1);
		EXPECT_LT(view.top - view.overlap + view.height, tileOfWidth(width).height + 1);
	}
	EXPECT_EQ(RangeGlyphs(tileOfWidth(64), 0).view().height, 0);
	EXPECT_EQ(RangeGlyphs({ 320, 60 }, 55).view().height, 0);
}

/* In a process of its own, as fonts are looked for once. */
TEST(LabelDeathTest, IsEmptyWithoutAnyFont)
{
	testing::FLAGS_gtest_death_test_style = "threadsafe";
	const auto writeNothing = [] {
		const std::string file =
			testing::TempDir() + "no-fonts-" + std::to_string(getpid()) + ".conf";
		std::ofstream(file) << "<?xml version=\"1.0\"?><fontconfig></fontconfig>";
		setenv("FONTCONFIG_FILE", file.c_str(), 1);
		setenv("G_DEBUG", "fatal-warnings", 1);
		const Size tile = { 640, 360 };
		const Label label(tile, { "p3 1" });
		const RangeGlyphs glyphs(tile, label.bottom());
		const bool isEmpty = label.view().size == Size{ 0, 0 } &&
		                     glyphs.view().height == 0 && label.bottom() > 0;
		unlink(file.c_str());
		std::exit(isEmpty ? 0 : 1);
	};
	EXPECT_EXIT(writeNothing(), testing::ExitedWithCode(0), "");
}
