/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "header.h"

#include <algorithm>
#include <ranges>

namespace fm {

namespace {

/* Of the strip's width, where a range follows the text. */
constexpr int textShare(int width)
{
	return width * 3 / 5;
}

/* Labels grow with their tiles: as wide as \a strip, the highest whose label of \a text is no
 * higher than that. */
Size largestTile(Size strip, const std::string &text)
{
	constexpr int most = 32;
	const auto tile = [&](int times) { return Size{ strip.width, times * strip.height }; };
	const auto fits = [&](int times) {
		return Label(tile(times), { text }).view().size.height <= strip.height;
	};
	const auto larger = std::views::iota(2, most);
	return tile(1 +
	            static_cast<int>(std::ranges::partition_point(larger, fits) - larger.begin()));
}

} /* namespace */

std::string sizeText(const Level &level, Size maps)
{
	return std::to_string(maps.width) + "x" + std::to_string(maps.height) + " /" +
	       std::to_string(level.stride);
}

HeaderContent HeaderContent::of(View content, const MosaicLayout &layout,
                                const std::vector<std::string> &titles, const DrawnLevel &level,
                                Size maps)
{
	if (layout.header == 0 || titles.empty())
		return {};
	const Size strip = { layout.size.width, layout.header };
	if (content == View::Video)
		return { strip, titles, false };
	const std::string rest = level.name + " " + sizeText(level, maps);
	HeaderContent header = { strip, {}, content != View::Pca };
	for (const std::string &title : titles)
		header.texts.push_back(title + " " + rest);
	header.texts.push_back(rest);
	return header;
}

Header::Header(const HeaderContent &content)
{
	const Size strip = content.strip;
	const int width = content.hasRange ? textShare(strip.width) : strip.width;
	Size tile = {};
	for (const std::string &text : content.texts) {
		tile = largestTile({ width, strip.height }, text);
		text_ = std::make_unique<const Label>(tile, std::vector<std::string>{ text });
		if (text_->view().size.width > 0)
			break;
	}
	if (!text_)
		return;
	const Size covered = text_->view().size;
	top_ = (strip.height - covered.height) / 2;
	if (!content.hasRange)
		return;
	const int top = Label(tile, {}).bottom(); /* Of a first line. */
	glyphs_.emplace(Size{ strip.width - covered.width, tile.height }, top);
}

HeaderView Header::view() const
{
	if (!text_)
		return {};
	HeaderView view = { text_->view(), top_, glyphs_ ? glyphs_->view() : GlyphsView{} };
	view.glyphs.left += view.text.size.width;
	view.glyphs.top += top_;
	return view;
}

std::shared_ptr<const Header> LastHeader::of(const HeaderContent &content)
{
	if (content.strip.height == 0)
		return nullptr;
	if (!header_ || content_ != content)
		header_ = std::make_shared<const Header>(content);
	content_ = content;
	return header_;
}

} /* namespace fm */
