/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include <ATen/ops/empty.h>

#include "cudagraphs.h"
#include "error.h"
#include "tensormaps.h"
#include "torchscope.h"
#include "view/channels.h"
#include "view/derivation.h"
#include "view/deviceview.h"
#include "view/planes.h"

namespace fm {

namespace {

struct CudaView : ViewState::Data {
	ShownChannels channels;
	LevelMaps maps; /* Last shown; memory of a graph, unless they are kept. */
	bool isKept = false;
	uint64_t model = 0;              /* Whose lanes the memory is for, by its id. */
	bool isOutdated = false;         /* The maps are of a model before that one. */
	Level level;                     /* Of the maps. */
	std::vector<std::string> titles; /* Of a header for them. */
	Size mapSize = {};
	Boxes boxes; /* Of the frame that the maps are of. */
	ViewSettings settings;
	int cells = 0;             /* Of the grid. */
	std::vector<int> shown;    /* Channels, in the order of the tiles. */
	bool knowsRunning = false; /* There are running ranges to go on with. */
	Derivation derivation;
	at::Tensor derived; /* What is drawn where that is not the maps themselves. */
	DeviceView device;

	/* Places of a tensor's channels among the maps. */
	struct Gather {
		std::vector<int64_t> places;
		at::Tensor onDevice;
	};
	Gather gather;

	bool ranks = false; /* The channels are to be ranked by this frame's maps. */
	/* A level's maps, of all its channels, in memory of their own. */
	struct Before {
		Level level;
		at::Tensor maps;
	};
	Before last;   /* For the next frame's change. */
	Before before; /* For this frame's. */

	/* Measures on their way to the host. */
	struct Ranking {
		Level level;
		ChannelSelection selection;
		at::Tensor means;
		std::unique_ptr<CudaEvent> done;
	};
	std::optional<Ranking> ranking;
};

class CudaPath : public FramePath
{
public:
	explicit CudaPath(Model &model);

	std::unique_ptr<FramePass::Data> begin(const Frame &frame, const Boxes &boxes) override
	{
		const TorchScope scope(&device_, Lane::Upload);
		return std::make_unique<CudaPass>(frame, boxes, slots_, device_);
	}
	void warmUp(Size frame, std::span<const ViewPass> views) override;
	void convert(FramePass::Data &pass) override;
	bool run(FramePass::Data &pass, std::span<const ViewPass> views, bool repeat) override;
	void draw(FramePass::Data &pass, std::size_t index) override;
	void write(FramePass::Data &pass, std::size_t index, ElementType type,
	           void *values) override;

private:
	const Level &level(const ViewPass &view) const;
	void takeOver(CudaPass &pass, const ViewPass &view) const;
	bool keepsMaps(const ViewPass &view, bool repeat) const;
	std::vector<bool> findFresh(std::span<const ViewPass> views, bool repeat) const;

	void takeRanking(const ViewPass &view) const;
	void measure(const ViewPass &view, CudaPass &pass) const;
	void askForRanking(CudaPass &pass, CudaView &state, const ChannelSelection &selection,
	                   const at::Tensor &before) const;
	bool rankFirst(CudaPass &pass, std::span<const ViewPass> views);
	void rank(CudaPass &pass, const std::vector<const ViewPass *> &views,
	          const Features &features);
	at::Tensor means(const ChannelSelection &selection, const at::Tensor &maps,
	                 const at::Tensor &before = {}) const;
	at::Tensor toHost(const at::Tensor &values) const;
	void writeInput(CudaPass &pass, std::size_t views) const;

	GraphKey::View keyOf(const ViewPass &view, int tiles) const;
	std::shared_ptr<Graph> chooseGraph(const CudaPass &pass, std::span<const ViewPass> views,
	                                   const std::vector<bool> &fresh, bool repeat);
	void takeMaps(const Graph &graph, const GraphKey::View &key, const ViewPass &view) const;

	bool setRanges(const ViewPass &view, bool fresh) const;
	PictureParameters parameters(const ViewPass &view, const Frame &output,
	                             const Frame &video) const;
	void give(Graph *graph, CudaPass &pass, std::span<const ViewPass> views,
	          const std::vector<bool> &fresh, const std::vector<bool> &ranged);
	void askForSums(CudaPass &pass, const ViewPass &view) const;
	void prepareGather(CudaPass &pass, CudaView &state) const;
	void askForTensor(CudaPass &pass, const ViewPass &view, std::size_t index) const;
	static void await(CudaPass &pass);

	Model &model_;
	CudaDevice &device_;
	std::shared_ptr<Slots> slots_ = std::make_shared<Slots>();
	CudaGraphs graphs_;
};

CudaPath::CudaPath(Model &model) : model_(model), device_(*model.device.cuda), graphs_(model) {}

const Level &CudaPath::level(const ViewPass &view) const
{
	return model_.backbone->levels()[model_.levelIndex(view.settings)];
}

/* What the view has of a model before is in the order of that one's lanes, which are done. It is
 * copied, for these lanes' order; what is frozen is, too, as it must not be written over. */
void CudaPath::takeOver(CudaPass &pass, const ViewPass &view) const
{
	auto &state = stateOf<CudaView>(view);
	if (state.model != model_.id) {
		state.model = model_.id;
		state.isKept = false;
		state.isOutdated = true;
		pass.kept.push_back(state.maps.maps);
		pass.kept.push_back(state.device.move(device_));
		pass.kept.push_back(std::exchange(state.gather, {}).onDevice);
		if (!view.settings.freeze)
			state.maps.maps.reset();
	}
	if (view.settings.freeze && state.maps.maps.defined() && !state.isKept) {
		state.maps.maps = state.maps.maps.clone(at::MemoryFormat::ChannelsLast);
		state.isKept = true;
	}
}

/* Whether the view goes on with the maps that it has. */
bool CudaPath::keepsMaps(const ViewPass &view, bool repeat) const
{
	const auto &state = stateOf<CudaView>(view);
	if (view.settings.view == View::Video)
		return true;
	if (!state.maps.maps.defined())
		return false;
	if (view.settings.freeze)
		return true;
	if (!Derivation::mayRepeat(state.settings, view.settings))
		return false;
	const auto selection = ChannelSelection::of(view.settings, !state.boxes.empty());
	if (!repeat || state.isOutdated || level(view) != state.level ||
	    state.channels.lacksRanking(level(view), selection))
		return false;
	return state.maps.channels.contains(state.channels.needed(
		level(view), selection, channelsShown(view.settings, view.layout, level(view)),
		false));
}

/* Where the network runs, it writes over the maps of all views that are not frozen. */
std::vector<bool> CudaPath::findFresh(std::span<const ViewPass> views, bool repeat) const
{
	bool runs = false;
	for (const ViewPass &view : views)
		runs = runs || !keepsMaps(view, repeat);
	std::vector<bool> fresh;
	for (const ViewPass &view : views)
		fresh.push_back(runs && !keepsMaps(view, false));
	return fresh;
}

void CudaPath::convert(FramePass::Data &data)
{
	auto &pass = static_cast<CudaPass &>(data);
	pass.isConverted = true;
	if (pass.frame.isOnDevice) {
		pass.onDevice = pass.frame;
		return;
	}
	uploadFrame(device_, pass);
}

/* Where the frame is, and what else \a views read, comes to the device behind the frame. */
void CudaPath::writeInput(CudaPass &pass, std::size_t views) const
{
	if (!pass.onDevice.isOnDevice && pass.isConverted)
		pass.slot->uploaded->holdUp(Lane::Compute);
	hostParameters(pass).input = pass.onDevice;
	hostParameters(pass).boxes = pass.boxes;
	device_.copy(graphs_.onDevice(), &hostParameters(pass), Parameters::bytes(views),
	             Lane::Compute);
	pass.isUnderWay = true;
	pass.slot->done->record(Lane::Compute);
}

void CudaPath::takeRanking(const ViewPass &view) const
{
	auto &state = stateOf<CudaView>(view);
	if (!state.ranking)
		return;
	/* Not with a later frame, should it not be done yet: the same video is to give the same
	 * pictures however far behind the device is. */
	state.ranking->done->wait();
	const CudaView::Ranking ranking = *std::exchange(state.ranking, std::nullopt);
	constexpr int framesAgo = 1;
	const auto selection = ChannelSelection::of(view.settings);
	if (selection.isRanked() && selection.rankedBy() == ranking.selection.rankedBy() &&
	    ranking.level == level(view))
		state.channels.rank(level(view), ranking.selection,
		                    { ranking.means.const_data_ptr<float>(),
		                      static_cast<std::size_t>(ranking.means.numel()) },
		                    framesAgo);
}

/* A change is measured on the second of two frames, the first of which is kept until then. */
void CudaPath::measure(const ViewPass &view, CudaPass &pass) const
{
	auto &state = stateOf<CudaView>(view);
	const auto selection = ChannelSelection::of(view.settings, !pass.boxes.empty());
	const CudaView::Before before = std::exchange(state.before, {});
	const at::Tensor &maps = state.maps.maps;
	if (selection.rankedBy() != RankedBy::Change)
		askForRanking(pass, state, selection, {});
	else if (before.level == state.level && before.maps.sizes() == maps.sizes())
		askForRanking(pass, state, selection, before.maps);
	else
		state.last = { state.level, maps.clone(at::MemoryFormat::ChannelsLast) };
}

void CudaPath::askForRanking(CudaPass &pass, CudaView &state, const ChannelSelection &selection,
                             const at::Tensor &before) const
{
	state.ranking = CudaView::Ranking{ state.level, selection,
		                           toHost(means(selection, state.maps.maps, before)),
		                           device_.makeEvent() };
	state.ranking->done->record(Lane::Compute);
	state.channels.rankingIsUnderWay();
	pass.kept.push_back(state.ranking->means);
}

/* The first frame of a ranked view waits until it is known what to show. */
bool CudaPath::rankFirst(CudaPass &pass, std::span<const ViewPass> views)
{
	std::vector<const ViewPass *> lacking;
	Demand demand(model_.backbone->levels().size());
	for (const ViewPass &view : views) {
		const bool isHeld = keepsMaps(view, false);
		const auto selection = ChannelSelection::of(view.settings, !pass.boxes.empty());
		if (isHeld ||
		    !stateOf<CudaView>(view).channels.lacksRanking(level(view), selection))
			continue;
		lacking.push_back(&view);
		demand[model_.levelIndex(view.settings)] = ChannelSet::all();
	}
	if (lacking.empty())
		return false;

	writeInput(pass, 0);
	graphs_.withFeatures(InputShape::of(pass.frame.size, model_.preprocess), demand,
	                     [&](const Features &features) { rank(pass, lacking, features); });
	return true;
}

void CudaPath::rank(CudaPass &pass, const std::vector<const ViewPass *> &views,
                    const Features &features)
{
	for (const ViewPass *view : views) {
		auto &state = stateOf<CudaView>(*view);
		const int index = model_.levelIndex(view->settings);
		const at::Tensor maps =
			features[index].maps.contiguous(at::MemoryFormat::ChannelsLast);
		const auto selection = ChannelSelection::of(view->settings, !pass.boxes.empty());
		const at::Tensor host = toHost(means(selection, maps));
		pass.slot->computed->record(Lane::Compute);
		pass.slot->computed->wait();
		state.ranking.reset(); /* Of another selection or level. */
		state.channels.rank(
			level(*view), selection,
			{ host.const_data_ptr<float>(), static_cast<std::size_t>(host.numel()) });
		if (selection.rankedBy() == RankedBy::Change)
			state.last = { level(*view), maps };
	}
}

/* Measures of \a maps, channels last, for a ranking; of their change where there are maps \a
 * before. */
at::Tensor CudaPath::means(const ChannelSelection &selection, const at::Tensor &maps,
                           const at::Tensor &before) const
{
	const DeviceMaps view = deviceMaps(maps);
	at::Tensor means =
		at::empty({ view.channels }, at::TensorOptions(maps.device()).dtype(at::kFloat));
	const at::Tensor scratch = deviceBytes(device_, device_.magnitudesScratch(view));
	device_.magnitudes(view, before.defined() ? before.const_data_ptr() : nullptr,
	                   selection.ranksInBoxes() ? &graphs_.onDevice()->boxes : nullptr,
	                   scratch.mutable_data_ptr(), means.mutable_data_ptr<float>());
	return means;
}

at::Tensor CudaPath::toHost(const at::Tensor &values) const
{
	at::Tensor host = hostBytes(device_, values.nbytes()).view(values.scalar_type());
	device_.copy(host.mutable_data_ptr(), values.const_data_ptr(), values.nbytes(),
	             Lane::Compute);
	return host;
}

GraphKey::View CudaPath::keyOf(const ViewPass &view, int tiles) const
{
	const int level = model_.levelIndex(view.settings);
	if (Derivation::isNeededFor(view.settings.view) || view.settings.view == View::Tensor)
		return { level, false };
	return { level, true, view.layout.size, tiles,
		 view.settings.normalize == Normalize::Robust };
}

std::shared_ptr<Graph> CudaPath::chooseGraph(const CudaPass &pass, std::span<const ViewPass> views,
                                             const std::vector<bool> &fresh, bool repeat)
{
	GraphKey key = { InputShape::of(pass.frame.size, model_.preprocess),
		         Demand(model_.backbone->levels().size()),
		         std::vector<GraphKey::View>(views.size()) };
	for (std::size_t i = 0; i < views.size(); ++i) {
		if (!fresh[i])
			continue;
		auto &state = stateOf<CudaView>(views[i]);
		const auto selection = ChannelSelection::of(views[i].settings, !pass.boxes.empty());
		const int cells =
			channelsShown(views[i].settings, views[i].layout, level(views[i]));
		state.ranks = !repeat && !state.ranking && state.channels.isDue(selection);
		model_.demandFor(
			views[i].settings,
			state.channels.needed(level(views[i]), selection, cells, state.ranks),
			key.demand);
		state.shown = state.channels.next(level(views[i]), selection, cells);
		key.views[i] = keyOf(views[i], static_cast<int>(state.shown.size()));
	}
	return graphs_.get(key);
}

/* The maps that \a graph is going to compute. */
void CudaPath::takeMaps(const Graph &graph, const GraphKey::View &key, const ViewPass &view) const
{
	auto &state = stateOf<CudaView>(view);
	const Level &level = model_.backbone->levels()[key.level];
	if (state.level != level)
		state.knowsRunning = false;
	state.level = level;
	state.titles = view.titles;
	state.isKept = false;
	state.isOutdated = false;
	const Backbone::Prepared::Maps &maps = graph.prepared->levels[key.level];
	state.maps.channels = maps.channels;
	state.mapSize = maps.size;
}

/* Whether the ranges are found anew. A frozen view is drawn as it was, but for its size. */
bool CudaPath::setRanges(const ViewPass &view, bool fresh) const
{
	auto &state = stateOf<CudaView>(view);
	if (view.settings.view == View::Video)
		return false; /* It has none. */
	const int cells = view.layout.grid.cells();
	const bool isHeld =
		view.settings.freeze || (state.settings == view.settings && state.cells == cells);
	if (!fresh && isHeld)
		return false;
	if (!fresh && !Derivation::isNeededFor(view.settings.view))
		state.shown =
			state.channels.next(state.level, ChannelSelection::of(view.settings),
		                            channelsShown(view.settings, view.layout, state.level));
	state.settings = view.settings;
	state.cells = cells;
	return true;
}

PictureParameters CudaPath::parameters(const ViewPass &view, const Frame &output,
                                       const Frame &video) const
{
	auto &state = stateOf<CudaView>(view);
	if (view.settings.view == View::Video) {
		state.device.prepare(device_, { .layout = view.layout,
		                                .content = View::Video,
		                                .caption = view.caption,
		                                .header = HeaderContent::of(
							View::Video, view.layout, view.titles) });
		return state.device.parameters(view.settings, output, video);
	}
	int mostChannels = state.level.channels;
	for (const Level &each : model_.backbone->levels())
		mostChannels = std::max(mostChannels, each.channels);
	const int tiles = tilesOfChannel(state.settings);
	state.device.makeRoom(device_, mostChannels * tiles,
	                      static_cast<int>(state.shown.size()) * tiles);
	const bool isRunning = state.settings.normalize == Normalize::Running;
	if (isRunning && !state.knowsRunning)
		state.device.forget(device_);
	state.knowsRunning = isRunning;

	const View content = state.settings.view;
	std::vector<int> channels = Derivation::drawn(state.settings, state.shown);
	if (content != View::Pca && static_cast<int>(channels.size()) > view.layout.grid.cells())
		channels.resize(view.layout.grid.cells());
	const DrawnLevel named = Derivation::named(state.settings, state.level);
	const Size mapSize = Derivation::sizeOf(content, state.mapSize);
	state.device.prepare(
		device_,
		{ named, mapSize,
	          Derivation::heldOf(state.settings, state.level, state.shown, state.maps.channels),
	          channels, view.layout, state.settings.colormap, state.settings.labels, content,
	          view.caption,
	          ColorBar::of(state.settings, view.layout.tile, static_cast<int>(channels.size())),
	          HeaderContent::of(content, view.layout, state.titles, named, mapSize) });
	return state.device.parameters(state.settings, output, video, state.boxes);
}

bool CudaPath::run(FramePass::Data &data, std::span<const ViewPass> views, bool repeat)
{
	auto &pass = static_cast<CudaPass &>(data);
	if (views.size() > mostViews)
		throw Error(Error::Kind::Unsupported, "On a CUDA device a frame has at most " +
		                                              std::to_string(mostViews) + " views");
	const TorchScope scope(&device_);
	const int graphsBefore = graphs_.made();

	for (const ViewPass &view : views) {
		takeOver(pass, view);
		takeRanking(view);
	}
	const std::vector<bool> fresh = findFresh(views, repeat);
	const bool runs = std::ranges::find(fresh, true) != fresh.end();
	/* What is frozen is drawn as it was. */
	const bool showsVideo = std::ranges::any_of(views, [](const ViewPass &view) {
		return view.settings.view == View::Video || view.settings.view == View::Overlay ||
		       stateOf<CudaView>(view).settings.view == View::Overlay;
	});
	if ((runs || showsVideo) && !pass.isConverted)
		convert(pass);
	for (std::size_t i = 0; i < views.size(); ++i) {
		auto &state = stateOf<CudaView>(views[i]);
		if (fresh[i])
			state.before = std::exchange(state.last, {});
	}
	const bool waited = runs && rankFirst(pass, views);
	const std::shared_ptr<Graph> graph =
		runs ? chooseGraph(pass, views, fresh, repeat) : nullptr;
	std::vector<bool> ranged;
	for (std::size_t i = 0; i < views.size(); ++i) {
		if (fresh[i]) {
			takeMaps(*graph, graph->key.views[i], views[i]);
			stateOf<CudaView>(views[i]).boxes = pass.boxes;
		}
		ranged.push_back(setRanges(views[i], fresh[i]));
		const auto &state = stateOf<CudaView>(views[i]);
		pass.shown.push_back(
			views[i].settings.view == View::Video
				? ShownMaps()
				: ShownMaps::of(state.settings, state.level, state.shown));
		if (views[i].settings.view == View::Tensor) {
			pass.outputs.emplace_back();
			continue;
		}
		hostParameters(pass).pictures[i] = parameters(
			views[i], addOutput(device_, pass, views[i].output), pass.onDevice);
		pass.kept.push_back(stateOf<CudaView>(views[i]).device.staging());
	}
	writeInput(pass, views.size());
	try {
		give(graph.get(), pass, views, fresh, ranged);
	} catch (...) {
		/* The device may have been given some of it, which uses what the pass holds. */
		pass.slot->done->record(Lane::Compute);
		throw;
	}
	return waited || graphs_.made() != graphsBefore;
}

/* The frame's work, which the device then does on its own. */
void CudaPath::give(Graph *graph, CudaPass &pass, std::span<const ViewPass> views,
                    const std::vector<bool> &fresh, const std::vector<bool> &ranged)
{
	if (graph)
		graphs_.launch(*graph);
	for (std::size_t i = 0; i < views.size(); ++i) {
		auto &state = stateOf<CudaView>(views[i]);
		if (views[i].settings.view == View::Video) {
			device_.picture({}, graphs_.pictureOnDevice(i), views[i].layout.size);
			continue;
		}
		if (fresh[i]) {
			state.maps = graph->features[graph->key.views[i].level];
			if (state.ranks)
				measure(views[i], pass);
		}
		if (views[i].settings.view == View::Tensor) {
			askForTensor(pass, views[i], i);
			continue;
		}
		const bool isDerived = Derivation::isNeededFor(state.settings.view);
		if (fresh[i]) {
			if (!isDerived)
				continue;
			const auto other = model_.comparedIndex(state.settings);
			state.derived =
				state.derivation
					.next(state.maps, state.level, state.shown, state.settings,
			                      other ? graph->features[*other] : LevelMaps())
					.maps.maps;
		}
		const DeviceMaps maps = deviceMaps(isDerived ? state.derived : state.maps.maps);
		if (ranged[i])
			device_.ranges(
				maps, graphs_.pictureOnDevice(i),
				static_cast<int>(
					Derivation::drawn(state.settings, state.shown).size()),
				state.settings.normalize == Normalize::Robust);
		device_.picture(maps, graphs_.pictureOnDevice(i), views[i].layout.size);
	}
	if (pass.isMeasured)
		for (const ViewPass &view : views)
			askForSums(pass, view);
	downloadOutputs(device_, pass);
}

/* What the view shows now. The sums are on the host when the picture is. */
void CudaPath::askForSums(CudaPass &pass, const ViewPass &view) const
{
	const auto &state = stateOf<CudaView>(view);
	if (view.settings.view == View::Video)
		return;
	const std::string &level = state.level.name;
	std::vector<int> places;
	for (const int channel : pass.statistics.claim(level, state.shown))
		places.push_back(state.maps.channels.position(channel));
	if (places.empty())
		return;

	const DeviceMaps maps = deviceMaps(state.maps.maps);
	const at::Tensor scratch = deviceBytes(device_, device_.mapSumsScratch(maps));
	const at::Tensor sums = deviceBytes(device_, maps.channels * sizeof(MapSums));
	device_.mapSums(maps, scratch.mutable_data_ptr(),
	                reinterpret_cast<MapSums *>(sums.mutable_data_ptr<uint8_t>()));
	pass.measurements.push_back({ level, std::move(places), toHost(sums) });
}

/* The places that the tensor's channels have now, for the device to read. */
void CudaPath::prepareGather(CudaPass &pass, CudaView &state) const
{
	std::vector<int64_t> places;
	places.reserve(state.shown.size());
	for (const int channel : state.shown)
		places.push_back(state.maps.channels.position(channel));
	if (places == state.gather.places)
		return;
	const std::size_t bytes = places.size() * sizeof(int64_t);
	const at::Tensor staging = hostBytes(device_, bytes);
	std::memcpy(staging.mutable_data_ptr(), places.data(), bytes);
	const at::Tensor onDevice = deviceBytes(device_, bytes);
	device_.copy(onDevice.mutable_data_ptr(), staging.const_data_ptr(), bytes, Lane::Compute);
	pass.kept.push_back(staging);
	state.gather = { std::move(places), onDevice.view(at::kLong) };
}

/* Behind the frame's graph, to memory that the next one leaves alone. */
void CudaPath::askForTensor(CudaPass &pass, const ViewPass &view, std::size_t index) const
{
	auto &state = stateOf<CudaView>(view);
	prepareGather(pass, state);
	const at::Tensor planar =
		state.maps.maps.index_select(1, state.gather.onDevice).contiguous();
	Slot &slot = *pass.slot;
	if (slot.outputs.size() <= index)
		slot.outputs.resize(index + 1);
	makeHostRoom(device_, slot.outputs[index].host, planar.nbytes());
	const at::Tensor onHost = slot.outputs[index]
	                                  .host.slice(0, 0, static_cast<int64_t>(planar.nbytes()))
	                                  .view(planar.scalar_type())
	                                  .view(planar.sizes());
	pass.planar[index] = { planar, onHost };
	pass.tensors[index] = { state.level, state.shown, state.mapSize };
}

/* Once its sums have come. */
void takeIn(const Measurement &measurement, ShownStatistics &statistics)
{
	const auto *sums =
		reinterpret_cast<const MapSums *>(measurement.sums.const_data_ptr<uint8_t>());
	std::vector<MapSums> maps;
	maps.reserve(measurement.places.size());
	for (const int place : measurement.places)
		maps.push_back(sums[place]);
	statistics.add(measurement.level, maps);
}

/* Until all that the frame gives is on the host. */
void CudaPath::await(CudaPass &pass)
{
	pass.slot->done->wait();
	pass.isUnderWay = false;
	for (const Measurement &measurement : std::exchange(pass.measurements, {}))
		takeIn(measurement, pass.statistics);
}

void CudaPath::draw(FramePass::Data &data, std::size_t index)
{
	auto &pass = static_cast<CudaPass &>(data);
	await(pass);
	takeOutput(pass, index);
}

void CudaPath::write(FramePass::Data &data, std::size_t index, ElementType type, void *values)
{
	auto &pass = static_cast<CudaPass &>(data);
	await(pass);
	const at::Tensor &maps = pass.planar.at(index).onHost;
	std::vector<int> places(maps.size(1));
	std::iota(places.begin(), places.end(), 0);
	writePlanes(maps, places, type, values);
}

/* Records the graph of the first frame. A ranked view's first frame needs more, and which channels
 * it shows is not known yet: its graph is the one that ranks them. */
void CudaPath::warmUp(Size frame, std::span<const ViewPass> views)
{
	const TorchScope scope(&device_);
	GraphKey key = { InputShape::of(frame, model_.preprocess),
		         Demand(model_.backbone->levels().size()),
		         std::vector<GraphKey::View>(views.size()) };
	for (std::size_t i = 0; i < views.size(); ++i) {
		if (views[i].settings.view == View::Video)
			continue;
		const auto selection = ChannelSelection::of(views[i].settings);
		const int available = level(views[i]).channels;
		const int cells =
			channelsShown(views[i].settings, views[i].layout, level(views[i]));
		model_.demandFor(views[i].settings,
		                 ShownChannels().needed(level(views[i]), selection, cells, false),
		                 key.demand);
		key.views[i] =
			keyOf(views[i], selection.page(selection.count(available), cells).count);
	}
	graphs_.get(key);
}

} /* namespace */

std::unique_ptr<FramePath> makeCudaPath(Model &model)
{
	return std::make_unique<CudaPath>(model);
}

} /* namespace fm */
