/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rangeline.h"

namespace fm {

namespace {

/* Just above the bar. */
RangeLineView overBar(Size size, const ColorBar &bar, const RangeGlyphs &glyphs)
{
	RangeLineView view = { glyphs.view(), bar.tiles, 0 };
	view.right = size.width - view.glyphs.left;
	view.glyphs.top = size.height - bar.height - view.glyphs.height + view.glyphs.overlap;
	return view;
}

} /* namespace */

RangeLine::RangeLine(Size size, const ColorBar &bar, std::optional<int> top)
{
	if (bar.tiles > 0) {
		const RangeGlyphs glyphs(size, 0);
		const RangeLineView view = overBar(size, bar, glyphs);
		if (view.glyphs.height > 0 && view.glyphs.top >= top.value_or(0)) {
			glyphs_ = glyphs;
			view_ = view;
			return;
		}
	}
	if (!top)
		return;
	glyphs_.emplace(size, *top);
	view_ = { glyphs_->view(), 1, 0 };
}

RangeLineView RangeLine::view() const
{
	RangeLineView view = view_;
	if (glyphs_)
		view.glyphs.pixels = glyphs_->view().pixels;
	return view;
}

} /* namespace fm */
