/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <utility>

#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "error.h"
#include "frame/packed.h"
#include "framepath.h"
#include "model.h"
#include "torchscope.h"
#include "view/channels.h"
#include "view/derivation.h"
#include "view/deviceview.h"
#include "view/tensormaps.h"
#include "workerthread.h"

namespace fm {

namespace {

constexpr std::size_t mostViews = 64; /* Of one frame: panels of all its pictures. */
constexpr std::size_t graphsKept = 8;

/* What kernels read of a frame, on the device. A graph has its address for good. */
struct Parameters {
	Frame input;
	Boxes boxes;
	PictureParameters pictures[mostViews];

	static std::size_t bytes(std::size_t views)
	{
		return offsetof(Parameters, pictures) + views * sizeof(PictureParameters);
	}
};

/* Memory and events for a frame in flight, used again for another one when it is done. */
struct Slot {
	struct Output {
		at::Tensor host, device;
	};

	at::Tensor hostInput, deviceInput;
	at::Tensor parameters; /* On the host, a Parameters. */
	std::vector<Output> outputs;
	std::unique_ptr<CudaEvent> uploaded, computed, done;
};

/* Those that no frame uses. */
class Slots
{
public:
	std::unique_ptr<Slot> take(CudaDevice &device)
	{
		std::unique_lock lock(mutex_);
		if (!unused_.empty()) {
			std::unique_ptr<Slot> slot = std::move(unused_.back());
			unused_.pop_back();
			return slot;
		}
		lock.unlock();
		auto slot = std::make_unique<Slot>();
		slot->parameters = hostBytes(device, sizeof(Parameters));
		for (auto *event : { &slot->uploaded, &slot->computed, &slot->done })
			*event = device.makeEvent();
		return slot;
	}

	void give(std::unique_ptr<Slot> slot)
	{
		std::lock_guard lock(mutex_);
		unused_.push_back(std::move(slot));
	}

private:
	std::mutex mutex_; /* Innermost; protects unused_. */
	std::vector<std::unique_ptr<Slot>> unused_;
};

/* Sums of a level's maps on their way to the host. */
struct Measurement {
	std::string level;
	std::vector<int> places; /* Of the maps that are meant. */
	at::Tensor sums;         /* On the host, a MapSums for each map. */
};

struct CudaPass : FramePass::Data {
	CudaPass(const Frame &frame, const Boxes &boxes, std::shared_ptr<Slots> slots,
	         CudaDevice &device)
		: frame(frame), boxes(boxes), slots(std::move(slots)),
		  slot(this->slots->take(device))
	{
	}

	~CudaPass() override
	{
		try {
			if (isUnderWay)
				slot->done->wait();
			slots->give(std::move(slot));
		} catch (const std::exception &) {
			/* The device has failed, which others have told. */
		}
	}
	CudaPass(const CudaPass &) = delete;
	CudaPass &operator=(const CudaPass &) = delete;

	Frame frame;
	Boxes boxes;
	std::shared_ptr<Slots> slots;
	std::unique_ptr<Slot> slot;
	Frame onDevice = {}; /* The frame, once it is converted. */
	bool isConverted = false;
	bool isUnderWay = false; /* The device has work to do. */
	std::vector<Frame> outputs;
	std::vector<at::Tensor> kept; /* What copies may still read. */
	std::vector<Measurement> measurements;
};

struct CudaView : ViewState::Data {
	ShownChannels channels;
	LevelMaps maps; /* Last shown; memory of a graph, unless they are kept. */
	bool isKept = false;
	uint64_t model = 0;      /* Whose lanes the memory is for, by its id. */
	bool isOutdated = false; /* The maps are of a model before that one. */
	Level level;             /* Of the maps. */
	Size mapSize = {};
	Boxes boxes; /* Of the frame that the maps are of. */
	ViewSettings settings;
	int cells = 0;             /* Of the grid. */
	std::vector<int> shown;    /* Channels, in the order of the tiles. */
	bool knowsRunning = false; /* There are running ranges to go on with. */
	Derivation derivation;
	at::Tensor derived; /* What is drawn where that is not the maps themselves. */
	DeviceView device;

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

/* What a graph is recorded for. */
struct GraphKey {
	struct View {
		int level = -1; /* -1: not part of the graph. */
		bool isDrawn =
			true; /* In the graph; what is made of its maps is drawn behind it. */
		Size output = {};
		int tiles = 0;
		bool quantiles = false;

		bool operator==(const View &) const = default;
	};

	InputShape input;
	Demand demand;
	std::vector<View> views;

	bool operator==(const GraphKey &) const = default;
};

struct Graph {
	GraphKey key;
	std::shared_ptr<const Backbone::Prepared> prepared;
	/* What was computed last. Its memory stays the same. */
	at::Tensor input;
	Features features;
	std::unique_ptr<CudaGraph> recorded; /* Null where it is given anew for each frame. */
};

/* LibTorch's settings of how to convolve belong to the whole process. */
class ConvolutionScope
{
public:
	explicit ConvolutionScope(bool allowTf32)
		: lock_(mutex), benchmark_(at::globalContext().benchmarkCuDNN()),
		  tf32_(at::globalContext().allowTF32CuDNN()),
		  matrixTf32_(at::globalContext().allowTF32CuBLAS())
	{
		set(true, allowTf32, allowTf32);
	}
	~ConvolutionScope() { set(benchmark_, tf32_, matrixTf32_); }
	ConvolutionScope(const ConvolutionScope &) = delete;
	ConvolutionScope &operator=(const ConvolutionScope &) = delete;

private:
	static void set(bool benchmark, bool tf32, bool matrixTf32)
	{
		at::globalContext().setBenchmarkCuDNN(benchmark);
		at::globalContext().setAllowTF32CuDNN(tf32);
		at::globalContext().setAllowTF32CuBLAS(matrixTf32);
	}

	static inline std::mutex mutex;
	std::lock_guard<std::mutex> lock_;
	bool benchmark_, tf32_, matrixTf32_;
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
	void rank(CudaPass &pass, const std::vector<const ViewPass *> &views, const Demand &demand);
	at::Tensor input(const InputShape &shape);
	at::Tensor means(const ChannelSelection &selection, const at::Tensor &maps,
	                 const at::Tensor &before = {}) const;
	at::Tensor toHost(const at::Tensor &values) const;
	void writeInput(CudaPass &pass, std::size_t views) const;

	GraphKey::View keyOf(const ViewPass &view, int tiles) const;
	std::shared_ptr<Graph> graphFor(GraphKey key);
	std::shared_ptr<Graph> record(const GraphKey &key);
	void give(Graph &graph);
	std::shared_ptr<Graph> chooseGraph(const CudaPass &pass, std::span<const ViewPass> views,
	                                   const std::vector<bool> &fresh, bool repeat);
	void takeMaps(const Graph &graph, const GraphKey::View &key, const ViewPass &view) const;

	bool setRanges(const ViewPass &view, bool fresh) const;
	PictureParameters parameters(const ViewPass &view, const Frame &output,
	                             const Frame &video) const;
	Frame outputOnDevice(CudaPass &pass, const ViewPass &view) const;
	void launch(Graph &graph);
	void give(Graph *graph, CudaPass &pass, std::span<const ViewPass> views,
	          const std::vector<bool> &fresh, const std::vector<bool> &ranged);
	void askForSums(CudaPass &pass, const ViewPass &view) const;
	void download(CudaPass &pass);

	Parameters *onDevice() const
	{
		return reinterpret_cast<Parameters *>(parameters_.mutable_data_ptr<uint8_t>());
	}
	const PictureParameters *pictureOnDevice(std::size_t index) const
	{
		return &onDevice()->pictures[index];
	}

	Model &model_;
	CudaDevice &device_;
	std::shared_ptr<Slots> slots_ = std::make_shared<Slots>();
	at::Tensor parameters_;
	struct {
		at::Tensor onHost, onDevice; /* A SampleTable. */
	} samples_;
	WorkerThread &recorder_;
	std::list<std::shared_ptr<Graph>> graphs_; /* The last used first. */
	int graphsMade_ = 0;
};

Parameters &hostParameters(const CudaPass &pass)
{
	return *reinterpret_cast<Parameters *>(pass.slot->parameters.mutable_data_ptr<uint8_t>());
}

/* Room for \a bytes in \a tensor. */
template<typename Make>
void grow(at::Tensor &tensor, std::size_t bytes, Make &&make)
{
	if (!tensor.defined() || tensor.nbytes() < bytes)
		tensor = make(bytes);
}

/* cuDNN keeps what it has compiled with the thread that it did so for, and graphs need it: so one
 * thread for each device records all of them, as long as the process lives. */
WorkerThread &recorderOf(int device)
{
	static std::mutex mutex;
	static auto &recorders = *new std::map<int, WorkerThread>; /* Never ended. */
	std::lock_guard lock(mutex);
	return recorders[device];
}

CudaPath::CudaPath(Model &model)
	: model_(model), device_(*model.device.cuda), recorder_(recorderOf(model.device.index))
{
	const TorchScope scope(&device_);
	parameters_ = deviceBytes(device_, sizeof(Parameters));
	const auto samples = SampleTable::of(model.preprocess);
	samples_ = { hostBytes(device_, sizeof(samples)), deviceBytes(device_, sizeof(samples)) };
	std::memcpy(samples_.onHost.mutable_data_ptr(), &samples, sizeof(samples));
	device_.copy(samples_.onDevice.mutable_data_ptr(), samples_.onHost.const_data_ptr(),
	             sizeof(samples), Lane::Compute);
}

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
	/* The other lane may be recording: what is allocated for it then belongs to the graph. */
	const TorchScope scope(&device_, Lane::Upload);
	Slot &slot = *pass.slot;
	const std::size_t bytes = packedBytes(pass.frame);
	grow(slot.hostInput, bytes, [&](std::size_t size) { return hostBytes(device_, size); });
	grow(slot.deviceInput, bytes, [&](std::size_t size) { return deviceBytes(device_, size); });
	copyFrame(pass.frame, packedFrame(pass.frame, slot.hostInput.mutable_data_ptr()));
	pass.onDevice = packedFrame(pass.frame, slot.deviceInput.mutable_data_ptr());
	device_.copy(slot.deviceInput.mutable_data_ptr(), slot.hostInput.const_data_ptr(), bytes,
	             Lane::Upload);
	slot.uploaded->record(Lane::Upload);
	slot.done->record(Lane::Upload); /* Until there is more to wait for. */
	pass.isUnderWay = true;
}

/* Where the frame is, and what else \a views read, comes to the device behind the frame. */
void CudaPath::writeInput(CudaPass &pass, std::size_t views) const
{
	if (!pass.onDevice.isOnDevice && pass.isConverted)
		pass.slot->uploaded->holdUp(Lane::Compute);
	hostParameters(pass).input = pass.onDevice;
	hostParameters(pass).boxes = pass.boxes;
	device_.copy(onDevice(), &hostParameters(pass), Parameters::bytes(views), Lane::Compute);
	pass.isUnderWay = true;
	pass.slot->done->record(Lane::Compute);
}

void CudaPath::takeRanking(const ViewPass &view) const
{
	auto &state = stateOf<CudaView>(view);
	if (!state.ranking || !state.ranking->done->isDone())
		return;
	const CudaView::Ranking ranking = *std::exchange(state.ranking, std::nullopt);
	const auto selection = ChannelSelection::of(view.settings);
	if (selection.isRanked() && selection.rankedBy() == ranking.selection.rankedBy() &&
	    ranking.level == level(view))
		state.channels.rank(level(view), ranking.selection,
		                    { ranking.means.const_data_ptr<float>(),
		                      static_cast<std::size_t>(ranking.means.numel()) });
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
	recorder_.call([&] { rank(pass, lacking, demand); });
	return true;
}

void CudaPath::rank(CudaPass &pass, const std::vector<const ViewPass *> &views,
                    const Demand &demand)
{
	const TorchScope scope(&device_);
	const ConvolutionScope convolution(model_.allowsTf32);
	Backbone &backbone = *model_.backbone;
	const InputShape shape = InputShape::of(pass.frame.size, model_.preprocess);
	const at::Tensor input = this->input(shape);
	const Features features = backbone.forward(input, demand);
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

/* The network's input of the frame that onDevice() tells of. */
at::Tensor CudaPath::input(const InputShape &shape)
{
	const Backbone &backbone = *model_.backbone;
	at::Tensor input =
		at::empty(backbone.imageShape(shape.padded),
	                  backbone.options().memory_format(at::MemoryFormat::ChannelsLast));
	device_.networkInput(
		&onDevice()->input, shape,
		reinterpret_cast<const SampleTable *>(samples_.onDevice.const_data_ptr<uint8_t>()),
		elementType(model_.type), static_cast<int>(input.size(1)),
		input.mutable_data_ptr());
	return input;
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
	                   selection.ranksInBoxes() ? &onDevice()->boxes : nullptr,
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
	if (Derivation::isNeededFor(view.settings.view))
		return { level, false };
	return { level, true, view.layout.size, tiles,
		 view.settings.normalize == Normalize::Robust };
}

/* What the graph gives to the device, now or as it is recorded. */
void CudaPath::give(Graph &graph)
{
	graph.input = input(graph.key.input);
	graph.features = model_.backbone->forward(graph.input, graph.key.demand);
	for (LevelMaps &level : graph.features)
		if (level.maps.defined())
			level.maps = level.maps.contiguous(at::MemoryFormat::ChannelsLast);

	for (std::size_t i = 0; i < graph.key.views.size(); ++i) {
		const GraphKey::View &view = graph.key.views[i];
		if (view.level < 0 || !view.isDrawn)
			continue;
		const DeviceMaps maps = deviceMaps(graph.features[view.level].maps);
		device_.ranges(maps, pictureOnDevice(i), view.tiles, view.quantiles);
		device_.picture(maps, pictureOnDevice(i), view.output);
	}
}

std::shared_ptr<Graph> CudaPath::graphFor(GraphKey key)
{
	/* Tensor cores take channels of 16 bits by eights; other numbers are slower, or refused. */
	if (model_.type != at::kFloat)
		for (std::size_t i = 0; i < key.demand.size(); ++i)
			key.demand[i] =
				key.demand[i].filledUp(8, model_.backbone->levels()[i].channels);
	const auto found = std::ranges::find_if(
		graphs_, [&](const auto &candidate) { return candidate->key == key; });
	if (found != graphs_.end()) {
		graphs_.splice(graphs_.begin(), graphs_, found);
		return graphs_.front();
	}

	++graphsMade_;
	graphs_.push_front(recorder_.call([&] { return record(key); }));
	if (graphs_.size() > graphsKept)
		graphs_.pop_back();
	return graphs_.front();
}

std::shared_ptr<Graph> CudaPath::record(const GraphKey &key)
{
	const TorchScope scope(&device_);
	const ConvolutionScope convolution(model_.allowsTf32);
	Backbone &backbone = *model_.backbone;
	auto graph = std::make_shared<Graph>();
	graph->key = key;
	graph->prepared = backbone.prepare(key.demand, key.input.padded);
	if (model_.device.tensors().is_cuda()) {
		/* cuDNN tries its ways of convolving, which cannot be recorded. */
		const at::Tensor image =
			at::zeros(backbone.imageShape(key.input.padded), backbone.options())
				.contiguous(at::MemoryFormat::ChannelsLast);
		backbone.forward(image, key.demand);
		/* What it tried them with. */
		device_.releaseUnusedMemory();
	}
	if (backbone.canBeRecorded())
		graph->recorded = device_.capture([this, made = graph.get()] { give(*made); });
	return graph;
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
		key.demand[model_.levelIndex(views[i].settings)] |=
			state.channels.needed(level(views[i]), selection, cells, state.ranks);
		state.shown = state.channels.next(level(views[i]), selection, cells);
		key.views[i] = keyOf(views[i], static_cast<int>(state.shown.size()));
	}
	return graphFor(key);
}

/* The maps that \a graph is going to compute. */
void CudaPath::takeMaps(const Graph &graph, const GraphKey::View &key, const ViewPass &view) const
{
	auto &state = stateOf<CudaView>(view);
	const Level &level = model_.backbone->levels()[key.level];
	if (state.level != level)
		state.knowsRunning = false;
	state.level = level;
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
		state.shown = state.channels.next(state.level, ChannelSelection::of(view.settings),
		                                  cells);
	state.settings = view.settings;
	state.cells = cells;
	return true;
}

PictureParameters CudaPath::parameters(const ViewPass &view, const Frame &output,
                                       const Frame &video) const
{
	auto &state = stateOf<CudaView>(view);
	if (view.settings.view == View::Video) {
		state.device.prepare(device_, { .layout = view.layout, .content = View::Video });
		return state.device.parameters(view.settings, output, video);
	}
	int mostChannels = state.level.channels;
	for (const Level &each : model_.backbone->levels())
		mostChannels = std::max(mostChannels, each.channels);
	state.device.makeRoom(device_, mostChannels, static_cast<int>(state.shown.size()));
	const bool isRunning = state.settings.normalize == Normalize::Running;
	if (isRunning && !state.knowsRunning)
		state.device.forget(device_);
	state.knowsRunning = isRunning;

	const View content = state.settings.view;
	std::vector<int> channels = Derivation::drawn(content, state.shown);
	if (content != View::Pca && static_cast<int>(channels.size()) > view.layout.grid.cells())
		channels.resize(view.layout.grid.cells());
	state.device.prepare(
		device_,
		{ Derivation::named(state.settings, state.level),
	          Derivation::sizeOf(content, state.mapSize),
	          Derivation::heldOf(state.settings, state.level, state.shown, state.maps.channels),
	          channels, view.layout, state.settings.colormap, state.settings.labels, content });
	return state.device.parameters(state.settings, output, video, state.boxes);
}

/* Where the picture is made: the output itself, or memory that is copied to it. */
Frame CudaPath::outputOnDevice(CudaPass &pass, const ViewPass &view) const
{
	const std::size_t index = pass.outputs.size();
	pass.outputs.push_back(view.output);
	if (view.output.isOnDevice)
		return view.output;
	Slot &slot = *pass.slot;
	if (slot.outputs.size() <= index)
		slot.outputs.resize(index + 1);
	const std::size_t bytes = packedBytes(view.output);
	grow(slot.outputs[index].host, bytes,
	     [&](std::size_t size) { return hostBytes(device_, size); });
	grow(slot.outputs[index].device, bytes,
	     [&](std::size_t size) { return deviceBytes(device_, size); });
	return packedFrame(view.output, slot.outputs[index].device.mutable_data_ptr());
}

bool CudaPath::run(FramePass::Data &data, std::span<const ViewPass> views, bool repeat)
{
	auto &pass = static_cast<CudaPass &>(data);
	if (views.size() > mostViews)
		throw Error(Error::Kind::Unsupported, "On a CUDA device a frame has at most " +
		                                              std::to_string(mostViews) + " views");
	const TorchScope scope(&device_);
	const int graphsBefore = graphsMade_;

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
		hostParameters(pass).pictures[i] =
			parameters(views[i], outputOnDevice(pass, views[i]), pass.onDevice);
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
	return waited || graphsMade_ != graphsBefore;
}

void CudaPath::launch(Graph &graph)
{
	if (graph.recorded) {
		graph.recorded->launch();
		return;
	}
	recorder_.call([&] {
		const TorchScope scope(&device_);
		const ConvolutionScope convolution(model_.allowsTf32);
		give(graph);
	});
}

/* The frame's work, which the device then does on its own. */
void CudaPath::give(Graph *graph, CudaPass &pass, std::span<const ViewPass> views,
                    const std::vector<bool> &fresh, const std::vector<bool> &ranged)
{
	if (graph)
		launch(*graph);
	for (std::size_t i = 0; i < views.size(); ++i) {
		auto &state = stateOf<CudaView>(views[i]);
		if (views[i].settings.view == View::Video) {
			device_.picture({}, pictureOnDevice(i), views[i].layout.size);
			continue;
		}
		const bool isDerived = Derivation::isNeededFor(state.settings.view);
		if (fresh[i]) {
			state.maps = graph->features[graph->key.views[i].level];
			if (state.ranks)
				measure(views[i], pass);
			if (!isDerived)
				continue;
			state.derived =
				state.derivation
					.next(state.maps, state.level, state.shown, state.settings)
					.maps.maps;
		}
		const DeviceMaps maps = deviceMaps(isDerived ? state.derived : state.maps.maps);
		if (ranged[i])
			device_.ranges(
				maps, pictureOnDevice(i),
				static_cast<int>(
					Derivation::drawn(state.settings.view, state.shown).size()),
				state.settings.normalize == Normalize::Robust);
		device_.picture(maps, pictureOnDevice(i), views[i].layout.size);
	}
	if (pass.isMeasured)
		for (const ViewPass &view : views)
			askForSums(pass, view);
	download(pass);
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

void CudaPath::download(CudaPass &pass)
{
	Slot &slot = *pass.slot;
	slot.computed->record(Lane::Compute);
	slot.computed->holdUp(Lane::Download);
	for (std::size_t i = 0; i < pass.outputs.size(); ++i)
		if (!pass.outputs[i].isOnDevice)
			device_.copy(slot.outputs[i].host.mutable_data_ptr(),
			             slot.outputs[i].device.const_data_ptr(),
			             packedBytes(pass.outputs[i]), Lane::Download);
	slot.done->record(Lane::Download);
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

void CudaPath::draw(FramePass::Data &data, std::size_t index)
{
	auto &pass = static_cast<CudaPass &>(data);
	pass.slot->done->wait();
	pass.isUnderWay = false;
	for (const Measurement &measurement : std::exchange(pass.measurements, {}))
		takeIn(measurement, pass.statistics);
	const Frame &output = pass.outputs[index];
	if (!output.isOnDevice)
		copyFrame(packedFrame(output, pass.slot->outputs[index].host.mutable_data_ptr()),
		          output);
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
		key.demand[model_.levelIndex(views[i].settings)] |=
			ShownChannels().needed(level(views[i]), selection, cells, false);
		key.views[i] =
			keyOf(views[i], selection.page(selection.count(available), cells).count);
	}
	graphFor(key);
}

} /* namespace */

std::unique_ptr<FramePath> makeCudaPath(Model &model)
{
	return std::make_unique<CudaPath>(model);
}

} /* namespace fm */
