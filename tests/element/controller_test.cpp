/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties bound to curves over time. */
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>

#include "branch.h"
#include "views.h"

namespace {

struct Point {
	GstClockTime time;
	double value;
};

constexpr GstClockTime frameTime = 40 * GST_MSECOND;

/* Values between the points are linear, or, with isStepped, that of the point before. */
void setCurve(gpointer object, const char *property, const std::vector<Point> &curve,
              bool isStepped)
{
	GstControlSource *source = gst_interpolation_control_source_new();
	g_object_set(source, "mode",
	             isStepped ? GST_INTERPOLATION_MODE_NONE : GST_INTERPOLATION_MODE_LINEAR,
	             nullptr);
	for (const Point &point : curve)
		gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(source),
		                                   point.time, point.value);
	EXPECT_TRUE(gst_object_add_control_binding(
		GST_OBJECT(object),
		gst_direct_control_binding_new_absolute(GST_OBJECT(object), property, source)));
	gst_object_unref(source);
}

/* What a view shows with a property that is bound, and the values that the curve has by frame. */
struct Curve {
	const char *name;
	const char *properties, *property;
	std::vector<Point> points;
	bool isStepped;
	std::vector<const char *> values;
};

const Curve curves[] = {
	{ "gamma",
	  "level=c2",
	  "gamma",
	  { { 0, 1.0 }, { 4 * frameTime, 3.0 } },
	  false,
	  { "1.0", "1.5", "2.0", "2.5", "3.0", "3.0" } },
	{ "alpha",
	  "level=c3 view=overlay",
	  "alpha",
	  { { 0, 0.0 }, { 2 * frameTime, 1.0 }, { 4 * frameTime, 0.0 } },
	  false,
	  { "0.0", "0.5", "1.0", "0.5", "0.0" } },
	{ "range",
	  "level=c2 normalize=fixed",
	  "range-max",
	  { { 0, 0.5 }, { 3 * frameTime, 2.0 } },
	  false,
	  { "0.5", "1.0", "1.5", "2.0" } },
	{ "page",
	  "level=c2 channels=all columns=2 rows=2",
	  "page",
	  { { 0, 0 }, { 2 * frameTime, 1 }, { 3 * frameTime, 3 } },
	  true,
	  { "0", "0", "1", "3", "3" } },
	{ "columns",
	  "level=c2",
	  "columns",
	  { { 0, 4 }, { 2 * frameTime, 2 } },
	  true,
	  { "4", "4", "2", "2" } },
};

/* Pictures of the frames, whose property is set by hand before each. */
std::vector<Bytes> byHand(const Curve &curve)
{
	Mosaic mosaic(curve.properties);
	mosaic.setInput(Views::width, Views::height);
	std::vector<Bytes> pictures;
	for (unsigned i = 0; i < curve.values.size(); ++i) {
		mosaic.set(curve.property, curve.values[i]);
		pictures.push_back(mosaic.picture(i));
	}
	return pictures;
}

class Controller : public testing::TestWithParam<std::tuple<Curve, const char *>>
{
protected:
	const Curve &curve() const { return std::get<0>(GetParam()); }
	std::string properties() const
	{
		return std::string(curve().properties) + " " + std::get<1>(GetParam());
	}
};

TEST_P(Controller, SetsThePropertyOfEachFrame)
{
	const std::vector<Bytes> expected = byHand(curve());
	EXPECT_GT(std::set<Bytes>(expected.begin(), expected.end()).size(), 1u);

	Views views(properties());
	setCurve(views.element(), curve().property, curve().points, curve().isStepped);
	for (std::size_t i = 0; i < expected.size(); ++i)
		ASSERT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	for (std::size_t i = 0; i < expected.size(); ++i) {
		const Owned<GstBuffer> out = views.pull();
		ASSERT_TRUE(out);
		EXPECT_TRUE(bytesOf(out.get()) == expected[i]) << "frame " << i;
	}
	EXPECT_TRUE(views.messages(GST_MESSAGE_WARNING | GST_MESSAGE_ERROR).size() <= 1)
		<< "but for the random weights";
}

TEST_P(Controller, SetsThePropertyOfAPadAlone)
{
	const std::vector<Bytes> expected = byHand(curve());

	Views views(properties());
	Branch branch(views.element());
	setAll(views.element(), "src_0", curve().properties);
	setCurve(branch.pad(), curve().property, curve().points, curve().isStepped);
	for (std::size_t i = 0; i < expected.size(); ++i)
		ASSERT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	const std::vector<Branch::Frame> frames = branch.frames();
	ASSERT_EQ(frames.size(), expected.size());
	for (std::size_t i = 0; i < expected.size(); ++i)
		EXPECT_TRUE(frames[i].bytes == expected[i]) << "frame " << i;

	Mosaic untouched(curve().properties);
	untouched.setInput(Views::width, Views::height);
	for (std::size_t i = 0; i < expected.size(); ++i) {
		const Owned<GstBuffer> out = views.pull();
		ASSERT_TRUE(out);
		EXPECT_TRUE(bytesOf(out.get()) == untouched.picture(static_cast<unsigned>(i)))
			<< "the element's own, frame " << i;
	}
}

INSTANTIATE_TEST_SUITE_P(Curves, Controller,
                         testing::Combine(testing::ValuesIn(curves), AnyInFlight::counts()),
                         [](const auto &info) {
				 const std::string flight = std::get<1>(info.param);
				 return std::get<0>(info.param).name +
	                                std::string(flight.ends_with("1") ? "One" : "Three");
			 });

/* The element's and the pad's, one for one. */
TEST(Controllable, AreTheNumbersOfAView)
{
	const Views views;
	const Owned<GstPad> src(gst_element_get_static_pad(views.element(), "src"));
	std::set<std::string> controllable;
	guint count = 0;
	GParamSpec **specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(src.get()), &count);
	for (guint i = 0; i < count; ++i) {
		const bool isControllable = (specs[i]->flags & GST_PARAM_CONTROLLABLE) != 0;
		if (isControllable)
			controllable.insert(specs[i]->name);
		const GParamSpec *own = g_object_class_find_property(
			G_OBJECT_GET_CLASS(views.element()), specs[i]->name);
		if (own && specs[i]->owner_type == G_OBJECT_TYPE(src.get())) {
			EXPECT_EQ((own->flags & GST_PARAM_CONTROLLABLE) != 0, isControllable)
				<< specs[i]->name;
		}
	}
	g_free(specs);
	EXPECT_EQ(controllable, (std::set<std::string>{ "alpha", "columns", "gamma", "gap", "page",
	                                                "range-max", "range-min", "rows" }));
	EXPECT_FALSE(g_object_class_find_property(G_OBJECT_GET_CLASS(views.element()), "interval")
	                     ->flags &
	             GST_PARAM_CONTROLLABLE)
		<< "a setting of the element, which nothing brings up to date";
}

/* Stream time: a clip's own, wherever in the file or the programme it lies. */
TEST(ControllerTime, IsThatOfTheStream)
{
	const Curve &alpha = curves[1];
	const std::vector<Bytes> expected = byHand(alpha);

	Views views(alpha.properties);
	setCurve(views.element(), alpha.property, alpha.points, alpha.isStepped);
	GstSegment segment;
	gst_segment_init(&segment, GST_FORMAT_TIME);
	segment.start = 10 * GST_SECOND;
	segment.time = 2 * frameTime;
	gst_harness_push_event(views.harness(), gst_event_new_segment(&segment));
	for (unsigned i = 2; i < expected.size(); ++i) {
		Owned<GstBuffer> buffer = views.frame(i - 2, i);
		GST_BUFFER_PTS(buffer.get()) += segment.start;
		ASSERT_EQ(views.push(std::move(buffer)), GST_FLOW_OK);
		const Owned<GstBuffer> out = views.pull();
		ASSERT_TRUE(out);
		EXPECT_TRUE(bytesOf(out.get()) == expected[i]) << "frame " << i;
	}
}

TEST(ControllerTime, IsNoneOfAFrameWithoutATimestamp)
{
	Views views("level=c3 view=overlay alpha=0.25");
	setCurve(views.element(), "alpha", { { 0, 1.0 } }, true);
	Owned<GstBuffer> buffer = views.frame(0, 1);
	GST_BUFFER_PTS(buffer.get()) = GST_CLOCK_TIME_NONE;
	EXPECT_EQ(views.push(std::move(buffer)), GST_FLOW_OK);
	gdouble value = 0;
	g_object_get(views.element(), "alpha", &value, nullptr);
	EXPECT_EQ(value, 0.25);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	g_object_get(views.element(), "alpha", &value, nullptr);
	EXPECT_EQ(value, 1.0);
}

TEST(ControllerTime, ValuesThatDoNotFitAreAWarningAndTheStreamGoesOn)
{
	Views views("level=c2");
	setCurve(views.element(), "gap",
	         { { 0, 0 }, { 2 * frameTime, 1000 }, { 4 * frameTime, 0 } }, true);
	views.next();
	views.messages(GST_MESSAGE_ANY);
	for (int i = 1; i < 6; ++i)
		EXPECT_EQ(views.next(), GST_FLOW_OK);
	EXPECT_EQ(views.reports(GST_MESSAGE_WARNING).size(), 1u);
	EXPECT_EQ(gst_harness_buffers_received(views.harness()), 6u);
}

} /* namespace */
