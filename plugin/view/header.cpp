/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "header.h"

namespace fm {

namespace {

/* Of the strip's width, where a range follows the text. */
constexpr int textShare(int width)
{
	return width * 3 / 5;
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
	HeaderContent header = { strip, titles, content != View::Pca };
	for (std::string &text : header.texts)
		text.append(" ").append(rest);
	header.texts.push_back(rest);
	return header;
}

/* Text and range are in one font, as large as both fit. */
Header::Header(const HeaderContent &content)
{
	const Size strip = content.strip;
	const int width = content.hasRange ? textShare(strip.width) : strip.width;
	const Size rest = { strip.width - width, strip.height };
	const int rangeSize = content.hasRange ? RangeGlyphs(rest, 0, maxFontSize).fontSize() : 0;
	const int most = rangeSize > 0 ? rangeSize : maxFontSize;
	for (const std::string &text : content.texts) {
		text_.emplace(Size{ width, strip.height }, std::vector<std::string>{ text },
		              uint8_t{ 0 }, most);
		if (text_->view().size.width > 0)
			break;
	}
	if (!text_)
		return;
	top_ = (strip.height - text_->view().size.height) / 2;
	if (rangeSize > 0)
		glyphs_.emplace(rest, text_->top(), text_->fontSize());
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
