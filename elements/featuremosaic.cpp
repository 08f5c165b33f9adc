/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-featuremosaic
 * @title: featuremosaic
 *
 * Runs a detection backbone on each video frame and draws its feature maps.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=street.mp4 ! decodebin ! videoconvert ! featuremosaic
 * backbone=resnet50-fpn weights=model.pth level=p3 ! videoconvert ! autovideosink
 * ]|
 */
#include "featuremosaic.h"

#include <string>
#include <string_view>

#include <gst/video/video.h>

#include "debug.h"
#include "elementproperties.h"
#include "featuremapsmeta.h"
#include "featuremosaicpad.h"
#include "guard.h"
#include "navigation.h"
#include "padcaps.h"
#include "padqueries.h"
#include "pictureoutput.h"
#include "state.h"
#include "streaming.h"
#include "tensorcaps.h"
#include "tensoroutput.h"
#include "viewproperties.h"
#include "visualizer.h"

GST_DEBUG_CATEGORY(featuremosaic_debug);

namespace {

constexpr guint firstModelId = 1;
constexpr guint firstPlayingId = firstModelId + std::size(modelProperties);
constexpr guint firstViewId = firstPlayingId + std::size(playingProperties);
constexpr guint firstPictureId = firstViewId + std::size(mapProperties);

const ElementProperty &elementProperty(guint id)
{
	return id < firstPlayingId ? modelProperties[id - firstModelId]
	                           : playingProperties[id - firstPlayingId];
}

} /* namespace */

struct _GstFeatureMosaic {
	GstElement parent;
	GstPad *sinkpad; /* Both are owned by the element's pad list. */
	GstPad *srcpad;
	State *state;
};

static GstStaticPadTemplate sink_template =
	GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(sinkCaps));
static GstStaticPadTemplate src_template =
	GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(sourceCaps));
static GstStaticPadTemplate more_template = GST_STATIC_PAD_TEMPLATE(
	"src_%u", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS(sourceCaps));

static GstStaticPadTemplate tensor_template = GST_STATIC_PAD_TEMPLATE(
	"tensor_%u", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS(FM_TENSOR_CAPS));

static void gst_feature_mosaic_child_proxy_init(gpointer iface, gpointer);

G_DEFINE_TYPE_WITH_CODE(GstFeatureMosaic, gst_feature_mosaic, GST_TYPE_ELEMENT,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_CHILD_PROXY,
                                              gst_feature_mosaic_child_proxy_init);
                        GST_DEBUG_CATEGORY_INIT(featuremosaic_debug, "featuremosaic", 0,
                                                "Feature maps of a backbone as video"))
GST_ELEMENT_REGISTER_DEFINE(featuremosaic, "featuremosaic", GST_RANK_NONE, GST_TYPE_FEATURE_MOSAIC)

/* The model's properties, while there is a model, cannot change: the element says so. */
static void gst_feature_mosaic_set_own_property(GstFeatureMosaic *self, guint id,
                                                const GValue *value)
{
	const ElementProperty &property = elementProperty(id);
	GST_OBJECT_LOCK(self);
	const bool hasModel = GST_STATE(self) > GST_STATE_READY;
	GST_OBJECT_UNLOCK(self);

	try {
		if (id < firstPlayingId && hasModel)
			throw fm::Error(
				fm::Error::Kind::BadSetting,
				std::string(property.name) +
					" can only be changed in the states NULL and READY");
		self->state->settings.set(property, value);
	} catch (const std::exception &) {
		postRefusal(GST_ELEMENT(self), currentError());
	}
}

static void gst_feature_mosaic_set_property(GObject *object, guint id, const GValue *value,
                                            GParamSpec *pspec)
{
	GstFeatureMosaic *self = GST_FEATURE_MOSAIC(object);

	/* The element's own view properties are those of its always pad. */
	if (id >= firstViewId)
		g_object_set_property(G_OBJECT(self->srcpad), pspec->name, value);
	else
		gst_feature_mosaic_set_own_property(self, id, value);
}

static void gst_feature_mosaic_get_property(GObject *object, guint id, GValue *value,
                                            GParamSpec *pspec)
{
	GstFeatureMosaic *self = GST_FEATURE_MOSAIC(object);

	if (id >= firstViewId)
		g_object_get_property(G_OBJECT(self->srcpad), pspec->name, value);
	else
		self->state->settings.get(elementProperty(id), value);
}

/* Loads the model; the pads are not active yet. */
static gboolean gst_feature_mosaic_start(GstFeatureMosaic *self)
{
	State *state = self->state;
	state->model.start(GST_ELEMENT(self));
	state->cuda.adopt(state->model->cudaContext(), state->settings.get().model.device);
	state->cuda.announce(GST_ELEMENT(self));
	state->pinned.adopt(state->model->hostMemory());
	state->isOnHost = !state->cuda.isUsable();
	return TRUE;
}

/* The pads are not active any more. */
static void gst_feature_mosaic_stop(GstFeatureMosaic *self)
{
	State *state = self->state;
	state->conveyor.stop();
	state->outputs.reset();
	state->model.stop();
	state->isOnHost = false;
	state->input.reset();
}

static GstStateChangeReturn gst_feature_mosaic_change_state(GstElement *element,
                                                            GstStateChange transition)
{
	GstFeatureMosaic *self = GST_FEATURE_MOSAIC(element);

	/* As GStreamer's elements do then; neighbours' contexts have to be ours. */
	if (transition == GST_STATE_CHANGE_NULL_TO_READY)
		guard(element, false, [&] {
			self->state->cuda.expect(self->state->settings.get().model.device);
			self->state->cuda.announce(element);
			return true;
		});

	const bool starts = transition == GST_STATE_CHANGE_READY_TO_PAUSED;
	auto result = GST_STATE_CHANGE_FAILURE;

	if (starts) {
		resetStream(*self->state);
		self->state->latency.reset();
	}
	if (!starts || guard(element, FALSE, [&] { return gst_feature_mosaic_start(self); }))
		result = GST_ELEMENT_CLASS(gst_feature_mosaic_parent_class)
		                 ->change_state(element, transition);

	if (transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
	    (starts && result == GST_STATE_CHANGE_FAILURE))
		gst_feature_mosaic_stop(self);
	return result;
}

static GstFlowReturn gst_feature_mosaic_chain(GstPad *, GstObject *parent, GstBuffer *buffer)
{
	GstFeatureMosaic *self = GST_FEATURE_MOSAIC(parent);
	g_autoptr(GstBuffer) input = buffer;
	return guard(GST_ELEMENT(self), GST_FLOW_ERROR,
	             [&] { return processFrame(*self->state, input); });
}

static bool isSerialized(GstEvent *event)
{
	return (gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_SERIALIZED) != 0;
}

static gboolean gst_feature_mosaic_sink_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
	GstFeatureMosaic *self = GST_FEATURE_MOSAIC(parent);
	if (isSerialized(event))
		drainFor(*self->state, event);

	switch (GST_EVENT_TYPE(event)) {
	case GST_EVENT_CAPS: {
		g_autoptr(GstEvent) owned = event;
		GstCaps *caps = nullptr;
		gst_event_parse_caps(owned, &caps);
		return setInputCaps(*self->state, caps);
	}
	case GST_EVENT_STREAM_START:
		self->state->outputs.resetFlow(); /* What has ended may take another stream. */
		break;
	case GST_EVENT_SEGMENT:
		gst_event_copy_segment(event, &self->state->segment);
		break;
	case GST_EVENT_FLUSH_STOP:
		resetStream(*self->state);
		break;
	default:
		break;
	}
	if (!isSerialized(event))
		return gst_pad_event_default(pad, parent, event);
	g_autoptr(GstEvent) owned = event;
	return self->state->outputs.pass(owned);
}

static gboolean gst_feature_mosaic_src_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
	State *state = GST_FEATURE_MOSAIC(parent)->state;
	if (GST_EVENT_TYPE(event) == GST_EVENT_QOS)
		state->qos.update(event);
	if (GST_EVENT_TYPE(event) == GST_EVENT_NAVIGATION &&
	    GST_IS_FEATURE_MOSAIC_PICTURE_PAD(pad) && state->settings.get().navigation &&
	    steer(GST_FEATURE_MOSAIC_PAD(pad), event)) {
		gst_event_unref(event);
		return TRUE;
	}
	return gst_pad_event_default(pad, parent, event);
}

/* What all pads are asked. */
static gboolean gst_feature_mosaic_query(GstFeatureMosaic *self, GstPad *pad, GstQuery *query)
{
	State *state = self->state;
	switch (GST_QUERY_TYPE(query)) {
	case GST_QUERY_CAPS:
		answerCapsQuery(pad, query, !state->isOnHost);
		return TRUE;
	case GST_QUERY_ACCEPT_CAPS:
		answerAcceptCapsQuery(pad, query, !state->isOnHost);
		return TRUE;
	case GST_QUERY_CONTEXT:
		return guard(GST_ELEMENT(self), false,
		             [&] {
				     return state->cuda.answer(
					     GST_ELEMENT(self), query,
					     self->state->settings.get().model.device);
			     }) ||
		       gst_pad_query_default(pad, GST_OBJECT(self), query);
	default:
		return gst_pad_query_default(pad, GST_OBJECT(self), query);
	}
}

static gboolean gst_feature_mosaic_sink_query(GstPad *pad, GstObject *parent, GstQuery *query)
{
	GstFeatureMosaic *self = GST_FEATURE_MOSAIC(parent);
	if ((gst_query_type_get_flags(GST_QUERY_TYPE(query)) & GST_QUERY_TYPE_SERIALIZED) != 0)
		self->state->conveyor.drain();

	if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION)
		return gst_feature_mosaic_query(self, pad, query);
	if (!GST_PAD_IS_ACTIVE(pad))
		return FALSE; /* There may be no model. */
	answerAllocationQuery(pad, query, self->state->cuda, self->state->pinned,
	                      framesInFlight(*self->state, self->state->settings.get()));
	return TRUE;
}

static gboolean gst_feature_mosaic_src_query(GstPad *pad, GstObject *parent, GstQuery *query)
{
	GstFeatureMosaic *self = GST_FEATURE_MOSAIC(parent);

	if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
		return gst_feature_mosaic_query(self, pad, query);
	if (!gst_pad_peer_query(self->sinkpad, query))
		return FALSE;
	self->state->latency.addTo(query);
	return TRUE;
}

/* What is linked next has not ended. The pad's lock, which keeps its flow, is held. */
static void gst_feature_mosaic_unlink(GstPad *pad, GstObject *)
{
	GST_PAD_LAST_FLOW_RETURN(pad) = GST_FLOW_OK;
}

static GstPad *gst_feature_mosaic_make_pad(GstFeatureMosaic *self, const char *templateName,
                                           const char *name)
{
	GstPadTemplate *templ = gst_element_get_pad_template(GST_ELEMENT(self), templateName);
	const GType type = GST_PAD_TEMPLATE_GTYPE(templ);
	return GST_PAD(g_object_new(type == G_TYPE_NONE ? GST_TYPE_PAD : type, "name", name,
	                            "direction", GST_PAD_TEMPLATE_DIRECTION(templ), "template",
	                            templ, nullptr));
}

static std::shared_ptr<Output> gst_feature_mosaic_make_output(GstFeatureMosaic *self, GstPad *pad)
{
	GstElement *element = GST_ELEMENT(self);
	GstFeatureMosaicPad *ours = GST_FEATURE_MOSAIC_PAD(pad);
	const CudaMemory &cuda = self->state->cuda;
	const PinnedMemory &pinned = self->state->pinned;
	if (GST_IS_FEATURE_MOSAIC_TENSOR_PAD(pad))
		return std::make_shared<TensorOutput>(element, ours, cuda);
	return std::make_shared<PictureOutput>(element, ours, cuda, pinned);
}

static GstPad *gst_feature_mosaic_add_source(GstFeatureMosaic *self, const char *templateName,
                                             const char *name)
{
	GstPad *pad = gst_feature_mosaic_make_pad(self, templateName, name);
	gst_pad_set_event_function(pad, gst_feature_mosaic_src_event);
	gst_pad_set_query_function(pad, gst_feature_mosaic_src_query);
	gst_pad_set_unlink_function(pad, gst_feature_mosaic_unlink);
	gst_object_ref(pad);
	if (!gst_element_add_pad(GST_ELEMENT(self), pad)) {
		gst_object_unref(pad);
		return nullptr;
	}
	self->state->outputs.add(gst_feature_mosaic_make_output(self, pad));
	gst_object_unref(pad);
	return pad;
}

/* The name that is asked for, or the next that is free. */
static GstPad *gst_feature_mosaic_request_new_pad(GstElement *element, GstPadTemplate *templ,
                                                  const gchar *name, const GstCaps *)
{
	GstFeatureMosaic *self = GST_FEATURE_MOSAIC(element);
	const char *templateName = GST_PAD_TEMPLATE_NAME_TEMPLATE(templ);
	const bool isTensor = std::string_view(templateName) == tensor_template.name_template;
	std::atomic<unsigned> &next = isTensor ? self->state->nextTensor : self->state->nextSource;
	GstPad *pad = nullptr;
	const bool isNamed = name && std::string_view(name) != templateName;
	for (int tries = 0; !pad && tries < (isNamed ? 1 : 1 << 16); ++tries) {
		const std::string wanted = isNamed ? name
		                                   : (isTensor ? "tensor_" : "src_") +
		                                             std::to_string(next.fetch_add(1));
		g_autoptr(GstPad) taken = gst_element_get_static_pad(element, wanted.c_str());
		if (!taken)
			pad = gst_feature_mosaic_add_source(self, templateName, wanted.c_str());
	}
	if (pad)
		gst_child_proxy_child_added(GST_CHILD_PROXY(element), G_OBJECT(pad),
		                            GST_OBJECT_NAME(pad));
	return pad;
}

static void gst_feature_mosaic_release_pad(GstElement *element, GstPad *pad)
{
	GstFeatureMosaic *self = GST_FEATURE_MOSAIC(element);
	self->state->outputs.remove(GST_FEATURE_MOSAIC_PAD(pad));
	gst_child_proxy_child_removed(GST_CHILD_PROXY(element), G_OBJECT(pad),
	                              GST_OBJECT_NAME(pad));
	gst_pad_set_active(pad, FALSE);
	gst_element_remove_pad(element, pad);
}

static guint gst_feature_mosaic_get_children_count(GstChildProxy *proxy)
{
	return GST_FEATURE_MOSAIC(proxy)->state->outputs.all().size();
}

static GObject *gst_feature_mosaic_get_child_by_index(GstChildProxy *proxy, guint index)
{
	const Outputs::List outputs = GST_FEATURE_MOSAIC(proxy)->state->outputs.all();
	return index < outputs.size() ? G_OBJECT(gst_object_ref(outputs[index]->pad())) : nullptr;
}

/* Not by index, as others may come and go meanwhile. */
static GObject *gst_feature_mosaic_get_child_by_name(GstChildProxy *proxy, const gchar *name)
{
	for (const auto &output : GST_FEATURE_MOSAIC(proxy)->state->outputs.all())
		if (std::string_view(GST_OBJECT_NAME(output->pad())) == name)
			return G_OBJECT(gst_object_ref(output->pad()));
	return nullptr;
}

static void gst_feature_mosaic_child_proxy_init(gpointer iface, gpointer)
{
	auto *proxy = static_cast<GstChildProxyInterface *>(iface);
	proxy->get_children_count = gst_feature_mosaic_get_children_count;
	proxy->get_child_by_index = gst_feature_mosaic_get_child_by_index;
	proxy->get_child_by_name = gst_feature_mosaic_get_child_by_name;
}

static void gst_feature_mosaic_init(GstFeatureMosaic *self)
{
	self->state = new State(GST_ELEMENT(self));

	self->sinkpad = gst_feature_mosaic_make_pad(self, "sink", "sink");
	gst_pad_set_chain_function(self->sinkpad, gst_feature_mosaic_chain);
	gst_pad_set_event_function(self->sinkpad, gst_feature_mosaic_sink_event);
	gst_pad_set_query_function(self->sinkpad, gst_feature_mosaic_sink_query);
	gst_element_add_pad(GST_ELEMENT(self), self->sinkpad);
	self->srcpad = gst_feature_mosaic_add_source(self, "src", "src");
}

static void gst_feature_mosaic_finalize(GObject *object)
{
	delete GST_FEATURE_MOSAIC(object)->state;
	G_OBJECT_CLASS(gst_feature_mosaic_parent_class)->finalize(object);
}

static void gst_feature_mosaic_class_init(GstFeatureMosaicClass *klass)
{
	GObjectClass *object_class = G_OBJECT_CLASS(klass);
	GstElementClass *element_class = GST_ELEMENT_CLASS(klass);

	object_class->set_property = gst_feature_mosaic_set_property;
	object_class->get_property = gst_feature_mosaic_get_property;
	object_class->finalize = gst_feature_mosaic_finalize;
	installProperties<ElementSettings>(object_class, modelProperties, firstModelId,
	                                   GST_PARAM_MUTABLE_READY);
	installProperties<ElementSettings>(object_class, playingProperties, firstPlayingId,
	                                   GST_PARAM_MUTABLE_PLAYING);
	installProperties<fm::ViewSettings>(object_class, mapProperties, firstViewId,
	                                    GST_PARAM_MUTABLE_PLAYING, GST_PARAM_CONTROLLABLE);
	installProperties<fm::ViewSettings>(object_class, pictureProperties, firstPictureId,
	                                    GST_PARAM_MUTABLE_PLAYING, GST_PARAM_CONTROLLABLE);

	element_class->change_state = gst_feature_mosaic_change_state;
	element_class->request_new_pad = gst_feature_mosaic_request_new_pad;
	element_class->release_pad = gst_feature_mosaic_release_pad;
	gst_element_class_add_static_pad_template(element_class, &sink_template);
	gst_element_class_add_static_pad_template_with_gtype(element_class, &src_template,
	                                                     GST_TYPE_FEATURE_MOSAIC_PICTURE_PAD);
	gst_element_class_add_static_pad_template_with_gtype(element_class, &more_template,
	                                                     GST_TYPE_FEATURE_MOSAIC_PICTURE_PAD);
	gst_element_class_add_static_pad_template_with_gtype(element_class, &tensor_template,
	                                                     GST_TYPE_FEATURE_MOSAIC_TENSOR_PAD);
	registerFeatureMapsMeta();
	gst_element_class_set_static_metadata(
		element_class, "Feature-map mosaic", "Filter/Analyzer/Video",
		"Runs a detection backbone on each frame and draws its feature maps",
		"featuremosaic contributors");

	fm::setWarningHandler(
		[](const std::string &warning) { GST_WARNING("%s", warning.c_str()); });
}
