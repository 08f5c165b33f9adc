/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include <ATen/ops/zeros.h>

#include "frame/networkinput.h"
#include "framepath.h"
#include "model.h"
#include "tensormaps.h"
#include "tensormemory.h"
#include "torchscope.h"
#include "view/channels.h"
#include "view/derivation.h"
#include "view/draw.h"
#include "view/mosaic.h"
#include "view/planes.h"
#include "view/statistics.h"

namespace fm {

namespace {

/* Of what has to be copied, no more than is \a wanted. */
LevelMaps asFloat(const LevelMaps &maps, const ChannelSet &wanted)
{
	if (maps.maps.scalar_type() == at::kFloat)
		return maps;
	const TensorMemoryScope memory;
	LevelMaps selected = maps.select(wanted);
	selected.maps = selected.maps.to(at::kFloat);
	return selected;
}

struct HostView : ViewState::Data {
	ShownChannels channels;
	std::vector<int> shown;          /* Channels, in the order of the tiles. */
	LevelMaps maps;                  /* Of the level, float32. */
	uint64_t model = 0;              /* That gave the maps, by its id. */
	Level level;                     /* Of the maps. */
	std::vector<std::string> titles; /* Of a header for them. */
	Derivation derivation;
	DerivedMaps drawn; /* That the mosaic was last updated with. */
	Mosaic mosaic;
	LastHeader header;
	ViewSettings settings;
	int cells = 0; /* Of the grid. */
	Boxes boxes;   /* Of the frame that the maps are of. */
};

struct HostPass : FramePass::Data {
	HostPass(const Frame &frame, const Boxes &boxes) : frame(frame), boxes(boxes) {}

	struct Drawing {
		at::Tensor maps; /* Keeps alive what the picture refers to. */
		MosaicPicture picture;
		Frame output;
		std::vector<int> places = {}; /* Of a tensor's maps, which has no picture. */
	};

	Frame frame;
	Boxes boxes;
	at::Tensor input; /* Of the network; undefined before convert(). */
	std::vector<Drawing> drawings;
};

class HostPath : public FramePath
{
public:
	explicit HostPath(Model &model) : model_(model) {}

	std::unique_ptr<FramePass::Data> begin(const Frame &frame, const Boxes &boxes) override
	{
		return std::make_unique<HostPass>(frame, boxes);
	}
	void warmUp(Size frame, std::span<const ViewPass> views) override;
	void convert(FramePass::Data &pass) override;
	bool run(FramePass::Data &pass, std::span<const ViewPass> views, bool repeat) override;
	void draw(FramePass::Data &pass, std::size_t index) override;
	void write(FramePass::Data &pass, std::size_t index, ElementType type,
	           void *values) override;

private:
	const Level &level(const ViewPass &view) const;
	ChannelSet neededChannels(const ViewPass &view, bool mayRank, const Boxes &boxes) const;
	bool keepsMaps(const ViewPass &view, bool repeat) const;
	struct Arrived {
		bool isFresh = false;
		LevelMaps before; /* That the view showed of the same level until now. */
		LevelMaps others; /* Of the checkpoint that is compared with. */
	};
	void update(const ViewPass &view, const Arrived &arrived) const;
	void measure(HostPass &pass, const ViewPass &view) const;
	HostPass::Drawing drawing(const ViewPass &view, const Frame &video) const;
	static HostPass::Drawing tensor(HostPass &pass, const ViewPass &view);

	Model &model_;
	Size warm_ = {}; /* Size of the network's input that it is ready for. */
};

const Level &HostPath::level(const ViewPass &view) const
{
	return model_.backbone->levels()[model_.levelIndex(view.settings)];
}

/* What the view shows next. */
ChannelSet HostPath::neededChannels(const ViewPass &view, bool mayRank, const Boxes &boxes) const
{
	return stateOf<HostView>(view).channels.needed(
		level(view), ChannelSelection::of(view.settings, !boxes.empty()),
		channelsShown(view.settings, view.layout, level(view)), mayRank);
}

/* Whether the view goes on with the maps that it has. */
bool HostPath::keepsMaps(const ViewPass &view, bool repeat) const
{
	const HostView &state = stateOf<HostView>(view);
	if (view.settings.view == View::Video)
		return true;
	if (!state.maps.maps.defined())
		return false;
	if (view.settings.freeze)
		return true;
	return repeat && state.model == model_.id && level(view) == state.level &&
	       Derivation::mayRepeat(state.settings, view.settings) &&
	       state.maps.channels.contains(neededChannels(view, false, state.boxes));
}

/* A ranked selection goes on with other channels than its first frame needs, but as many. */
void HostPath::warmUp(Size frame, std::span<const ViewPass> views)
{
	const Size size = InputShape::of(frame, model_.preprocess).padded;
	if (size == warm_)
		return;
	const TorchScope scope(nullptr);
	Backbone &backbone = *model_.backbone;
	const at::Tensor image = at::zeros(backbone.imageShape(size), backbone.options())
	                                 .contiguous(at::MemoryFormat::ChannelsLast);

	Demand first(backbone.levels().size());
	Demand later(backbone.levels().size());
	for (const ViewPass &view : views) {
		if (view.settings.view == View::Video)
			continue;
		const int available = level(view).channels;
		const auto selection = ChannelSelection::of(view.settings);
		const ChannelSet needed = neededChannels(view, true, {});
		model_.demandFor(view.settings, needed, first);
		if (selection.isRanked()) {
			const int cells = channelsShown(view.settings, view.layout, level(view));
			std::vector<int> some(
				selection.page(selection.count(available), cells).count);
			std::iota(some.begin(), some.end(), 0);
			model_.demandFor(view.settings, ChannelSet(some).of(available), later);
		} else {
			model_.demandFor(view.settings, needed, later);
		}
	}
	if (later != first)
		backbone.forward(image, later);
	backbone.forward(image, first);
	warm_ = size;
}

void HostPath::convert(FramePass::Data &data)
{
	auto &pass = static_cast<HostPass &>(data);
	const TorchScope scope(nullptr);
	const TensorMemoryScope memory;
	pass.input = networkInput(pass.frame, model_.preprocess, model_.type).to(model_.type);
}

bool HostPath::run(FramePass::Data &data, std::span<const ViewPass> views, bool repeat)
{
	auto &pass = static_cast<HostPass &>(data);
	const TorchScope scope(nullptr);
	Backbone &backbone = *model_.backbone;
	const int preparationsBefore = backbone.preparations();
	Demand demand(backbone.levels().size());
	std::vector<bool> fresh;
	for (const ViewPass &view : views) {
		fresh.push_back(!keepsMaps(view, repeat));
		if (fresh.back())
			model_.demandFor(view.settings, neededChannels(view, !repeat, pass.boxes),
			                 demand);
	}

	Features features(demand.size());
	if (std::ranges::find(fresh, true) != fresh.end()) {
		if (!pass.input.defined())
			convert(pass);
		features = backbone.forward(pass.input, demand);
		for (std::size_t level = 0; level < demand.size(); ++level)
			if (features[level].maps.defined())
				features[level] = asFloat(features[level], demand[level]);
	}
	pass.input.reset();

	for (std::size_t i = 0; i < views.size(); ++i) {
		Arrived arrived{ fresh[i], {}, {} };
		if (fresh[i]) {
			auto &state = stateOf<HostView>(views[i]);
			state.model = model_.id;
			state.boxes = pass.boxes;
			arrived.before = std::exchange(
				state.maps, features[model_.levelIndex(views[i].settings)]);
			if (state.level != level(views[i]))
				arrived.before = {};
			state.level = level(views[i]);
			state.titles = views[i].titles;
			if (const auto other = model_.comparedIndex(views[i].settings))
				arrived.others = features[*other];
		}
		ShownMaps &shown = pass.shown.emplace_back();
		if (views[i].settings.view != View::Video) {
			update(views[i], arrived);
			const auto &state = stateOf<HostView>(views[i]);
			shown = ShownMaps::of(state.settings, state.level, state.shown);
			if (pass.isMeasured)
				measure(pass, views[i]);
		}
		pass.drawings.push_back(views[i].settings.view == View::Tensor
		                                ? tensor(pass, views[i])
		                                : drawing(views[i], pass.frame));
	}
	return backbone.preparations() != preparationsBefore;
}

/* A frozen view is drawn as it was, but for its size. */
void HostPath::update(const ViewPass &view, const Arrived &arrived) const
{
	auto &state = stateOf<HostView>(view);
	const int cells = view.layout.grid.cells();
	const bool held =
		view.settings.freeze || (state.settings == view.settings && state.cells == cells);
	if (!arrived.isFresh && held)
		return;

	state.settings = view.settings;
	state.cells = cells;
	const Level &level = state.level;
	const auto selection = ChannelSelection::of(state.settings, !state.boxes.empty());
	std::optional<FeatureMaps> allBefore;
	const LevelMaps &before = arrived.before;
	if (before.channels.isAll() && before.maps.sizes() == state.maps.maps.sizes())
		allBefore = hostMaps(before.maps);
	state.channels.look(level, selection, hostMaps(state.maps.maps), state.maps.channels,
	                    allBefore ? &*allBefore : nullptr, state.boxes);
	if (arrived.isFresh || !Derivation::isNeededFor(view.settings.view)) {
		state.shown = state.channels.next(
			level, selection, channelsShown(state.settings, view.layout, level));
		const TensorMemoryScope memory;
		state.drawn = state.derivation.next(state.maps, level, state.shown, state.settings,
		                                    arrived.others);
	}
	if (view.settings.view == View::Tensor)
		return;
	state.mosaic.update(state.drawn.level, hostMaps(state.drawn.maps.maps),
	                    state.drawn.maps.channels,
	                    Derivation::drawn(state.settings, state.shown), state.settings);
}

/* The next of the pass's views. */
HostPass::Drawing HostPath::tensor(HostPass &pass, const ViewPass &view)
{
	const auto &state = stateOf<HostView>(view);
	const FeatureMaps maps = hostMaps(state.maps.maps);
	pass.tensors[pass.drawings.size()] = { state.level,
		                               state.shown,
		                               { maps.width, maps.height } };
	HostPass::Drawing drawing = { state.maps.maps, {}, {} };
	for (const int channel : state.shown)
		drawing.places.push_back(state.maps.channels.position(channel));
	return drawing;
}

/* What the view shows now. */
void HostPath::measure(HostPass &pass, const ViewPass &view) const
{
	const auto &state = stateOf<HostView>(view);
	const std::string &level = state.level.name;
	std::vector<int> places;
	for (const int channel : pass.statistics.claim(level, state.shown))
		places.push_back(state.maps.channels.position(channel));
	pass.statistics.add(level, sumUp(hostMaps(state.maps.maps), places));
}

HostPass::Drawing HostPath::drawing(const ViewPass &view, const Frame &video) const
{
	auto &state = stateOf<HostView>(view);
	if (view.settings.view == View::Video) {
		MosaicPicture picture = videoPicture(view.layout, video, view.caption);
		picture.header =
			state.header.of(HeaderContent::of(View::Video, view.layout, view.titles));
		return { {}, std::move(picture), view.output };
	}
	const FeatureMaps maps = hostMaps(state.drawn.maps.maps);
	MosaicPicture picture = state.mosaic.picture(maps, state.settings, view.layout, video,
	                                             state.boxes, view.caption);
	picture.header =
		state.header.of(HeaderContent::of(state.settings.view, view.layout, state.titles,
	                                          state.drawn.level, { maps.width, maps.height }));
	return { state.drawn.maps.maps, std::move(picture), view.output };
}

void HostPath::draw(FramePass::Data &data, std::size_t index)
{
	const auto &drawing = static_cast<HostPass &>(data).drawings[index];
	drawMosaic(drawing.picture, drawing.output);
}

void HostPath::write(FramePass::Data &data, std::size_t index, ElementType type, void *values)
{
	const auto &drawing = static_cast<HostPass &>(data).drawings[index];
	writePlanes(drawing.maps, drawing.places, type, values);
}

} /* namespace */

std::unique_ptr<FramePath> makeHostPath(Model &model)
{
	return std::make_unique<HostPath>(model);
}

} /* namespace fm */
