/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "typesetter.h"

#include <algorithm>

namespace fm {

namespace {

std::mutex fontsMutex;

/* Kept for good: what it takes to find fonts is worth several pictures. */
PangoFontMap *fonts()
{
	static PangoFontMap *const map = pango_cairo_font_map_new();
	return map;
}

/* How much of each pixel is covered. */
class Mask
{
public:
	explicit Mask(Size size)
		: surface_(cairo_image_surface_create(CAIRO_FORMAT_A8, size.width, size.height)),
		  cairo_(cairo_create(surface_.get()))
	{
	}

	cairo_t *cairo() const { return cairo_.get(); }

	/* Whether all that was drawn is there. */
	bool isGood() const { return cairo_status(cairo()) == CAIRO_STATUS_SUCCESS; }

	const uint8_t *row(int y) const
	{
		return cairo_image_surface_get_data(surface_.get()) +
		       static_cast<std::ptrdiff_t>(y) *
		               cairo_image_surface_get_stride(surface_.get());
	}

	void finish() const { cairo_surface_flush(surface_.get()); }

private:
	struct Release {
		void operator()(cairo_surface_t *surface) const { cairo_surface_destroy(surface); }
		void operator()(cairo_t *cairo) const { cairo_destroy(cairo); }
	};

	std::unique_ptr<cairo_surface_t, Release> surface_;
	std::unique_ptr<cairo_t, Release> cairo_;
};

/* Gray levels, as the pixels below are anybody's; stems on whole pixels, so that small letters are
 * crisp, and whole pixels from one to the next. */
void setOptions(PangoContext *context)
{
	cairo_font_options_t *options = cairo_font_options_create();
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_FULL);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_ON);
	pango_cairo_context_set_font_options(context, options);
	cairo_font_options_destroy(options);
	pango_context_set_round_glyph_positions(context, TRUE);
}

/* Digits of one width, as numbers change while they are looked at; and each character where it
 * would be alone, so that a line looks the same when it is put together on a device. */
void setFeatures(PangoLayout *layout)
{
	PangoAttrList *attributes = pango_attr_list_new();
	pango_attr_list_insert(attributes, pango_attr_font_features_new("tnum=1, kern=0"));
	pango_layout_set_attributes(layout, attributes);
	pango_attr_list_unref(attributes);
}

} /* namespace */

Typesetter::Typesetter()
	: turn_(fontsMutex), context_(pango_font_map_create_context(fonts())),
	  layout_(pango_layout_new(context_.get())), font_(pango_font_description_new())
{
	setOptions(context_.get());
	setFeatures(layout_.get());
	pango_layout_set_single_paragraph_mode(layout_.get(), TRUE);
	pango_font_description_set_family_static(font_.get(), "sans-serif");
	if (PangoFont *font = pango_font_map_load_font(fonts(), context_.get(), font_.get())) {
		hasFont_ = true;
		g_object_unref(font);
	}
}

void Typesetter::set(const std::string &text, int fontSize)
{
	pango_font_description_set_absolute_size(font_.get(), fontSize * PANGO_SCALE);
	pango_layout_set_font_description(layout_.get(), font_.get());
	const std::unique_ptr<char, decltype(&g_free)> valid(
		g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())), g_free);
	pango_layout_set_text(layout_.get(), valid.get(), -1);
}

Size Typesetter::extent(const std::string &text, int fontSize)
{
	set(text, fontSize);
	Size extent;
	pango_layout_get_pixel_size(layout_.get(), &extent.width, &extent.height);
	return extent;
}

double Typesetter::outlineReach(int fontSize)
{
	return std::max(1.5, fontSize / 12.0);
}

std::vector<LabelPixel> Typesetter::draw(Size size, const std::vector<PlacedText> &texts,
                                         int fontSize)
{
	const Mask letters(size);
	const Mask outline(size);
	/* Half of the time that the best would take, and nobody looks at an outline for itself. */
	cairo_set_antialias(outline.cairo(), CAIRO_ANTIALIAS_FAST);
	cairo_set_tolerance(outline.cairo(), 0.25);
	cairo_set_line_join(outline.cairo(), CAIRO_LINE_JOIN_ROUND);
	cairo_set_line_width(outline.cairo(), 2.0 * outlineReach(fontSize));
	for (const PlacedText &placed : texts) {
		set(placed.text, fontSize);
		for (const Mask *mask : { &letters, &outline })
			cairo_move_to(mask->cairo(), placed.left, placed.top);
		pango_cairo_show_layout(letters.cairo(), layout_.get());
		pango_cairo_layout_path(outline.cairo(), layout_.get());
		cairo_stroke(outline.cairo());
	}
	if (!letters.isGood() || !outline.isGood())
		return {};

	letters.finish();
	outline.finish();
	std::vector<LabelPixel> pixels;
	pixels.reserve(static_cast<std::size_t>(size.width) * size.height);
	for (int y = 0; y < size.height; ++y)
		for (int x = 0; x < size.width; ++x)
			pixels.push_back({ outline.row(y)[x], letters.row(y)[x] });
	return pixels;
}

} /* namespace fm */
