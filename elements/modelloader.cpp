/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modelloader.h"

#include <utility>

#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>

#include "debug.h"
#include "guard.h"

namespace {

constexpr const char *threadName = "fm-model-loader"; /* 15 characters at most. */

/* Of Linux, where each thread has its own, and hands it on to those that it starts: frames come
 * first, and yet a load is never without some of the processor. */
constexpr int niceness = 10;

/* Looks at a file that is being written, before it is read as it is. */
constexpr int patience = 20;

/* Whether the view fits is for the thread of the frames to say: it may change until then. */
void warmUp(fm::Visualizer &visualizer, const FirstView &view)
{
	try {
		for (const FirstView::Part &part : view.parts)
			visualizer.check(part.settings);
	} catch (const fm::Error &) {
		return;
	}
	view.warmUp(visualizer);
}

} /* namespace */

void ModelLoader::start(const fm::ModelSettings &settings, const fm::FileVersion &file)
{
	const std::lock_guard lock(mutex_);
	isStarted_ = true;
	settings_ = settings;
	inEffect_ = file;
	known_ = file;
	if (watches_)
		wake();
}

void ModelLoader::stop()
{
	{
		const std::lock_guard lock(mutex_);
		isStarted_ = false;
		wanted_.reset();
		if (ready_)
			unwanted_.push_back(std::move(ready_));
		changed_.notify_all();
	}
	if (thread_.joinable())
		thread_.join();
	unwanted_.clear(); /* By now it is nobody else's. */
	view_.reset();
}

void ModelLoader::load(const std::string &weights)
{
	const std::lock_guard lock(mutex_);
	if (!isStarted_)
		return;
	wanted_ = weights;
	wake();
}

void ModelLoader::watch(bool on)
{
	const std::lock_guard lock(mutex_);
	watches_ = on;
	if (isStarted_)
		wake();
}

void ModelLoader::show(const FirstView &view)
{
	const std::lock_guard lock(mutex_);
	view_ = view;
}

std::unique_ptr<fm::Visualizer> ModelLoader::take()
{
	const std::lock_guard lock(mutex_);
	takenFile_ = readyFile_;
	return std::move(ready_);
}

void ModelLoader::replaced(std::unique_ptr<fm::Visualizer> old)
{
	const std::lock_guard lock(mutex_);
	inEffect_ = takenFile_;
	unwanted_.push_back(std::move(old));
	wake();
}

void ModelLoader::refuse(std::unique_ptr<fm::Visualizer> taken, const fm::Error &error)
{
	{
		const std::lock_guard lock(mutex_);
		/* Of the same file it is the version that is known not to do. */
		if (known_.name != inEffect_.name)
			known_ = inEffect_;
		unwanted_.push_back(std::move(taken));
		wake();
	}
	onRefused_(error);
}

std::optional<std::string> ModelLoader::settledWeights() const
{
	const std::lock_guard lock(mutex_);
	if (!isStarted_ || wanted_ || isLoading_ || ready_)
		return std::nullopt;
	return inEffect_.name;
}

/* With the mutex held: whether the thread should do something else. */
bool ModelLoader::isOutdated() const
{
	return !isStarted_ || wanted_;
}

/* With the mutex held. A thread that has said that it ends does not want the mutex any more. */
void ModelLoader::wake()
{
	changed_.notify_all();
	if (isRunning_)
		return;
	if (thread_.joinable())
		thread_.join();
	thread_ = std::thread([this] { work(); });
	pthread_setname_np(thread_.native_handle(), threadName);
	isRunning_ = true;
}

void ModelLoader::work()
{
	setpriority(PRIO_PROCESS, 0, niceness);
	Lock lock(mutex_);
	while (doNext(lock)) {
	}
	isRunning_ = false;
}

/* False where there is nothing to do, nor will be. */
bool ModelLoader::doNext(Lock &lock)
{
	if (!unwanted_.empty())
		freeUnwanted(lock);
	else if (isStarted_ && wanted_)
		loadNext(lock, *std::exchange(wanted_, std::nullopt));
	else if (isStarted_ && watches_)
		look(lock);
	else
		return false;
	return true;
}

void ModelLoader::freeUnwanted(Lock &lock)
{
	auto models = std::move(unwanted_);
	unwanted_.clear();
	lock.unlock();
	models.clear();
	malloc_trim(0); /* It would keep as much for the next ones, in places that do not fit. */
	lock.lock();
}

void ModelLoader::look(Lock &lock)
{
	const fm::FileVersion known = known_;
	lock.unlock();
	const bool hasChanged = watch_.look(known);
	lock.lock();
	if (isOutdated() || known != known_)
		return;
	if (hasChanged)
		wanted_ = known.name;
	else
		changed_.wait_for(lock, FileWatch::interval);
}

/* Who writes a file that was asked for may be about to close it. */
void ModelLoader::waitForWriter(Lock &lock, const std::string &weights)
{
	for (int i = 0; i < patience && !isOutdated(); ++i) {
		lock.unlock();
		const bool isWritten = fm::isBeingWritten(weights);
		lock.lock();
		if (!isWritten)
			return;
		changed_.wait_for(lock, FileWatch::interval, [this] { return isOutdated(); });
	}
}

void ModelLoader::loadNext(Lock &lock, const std::string &weights)
{
	isLoading_ = true;
	waitForWriter(lock, weights);
	fm::ModelSettings settings = settings_;
	settings.weights = weights;
	const std::optional<FirstView> view = view_;
	lock.unlock();

	const auto file = fm::FileVersion::of(weights);
	std::unique_ptr<fm::Visualizer> made;
	std::optional<fm::Error> error;
	try {
		made = std::make_unique<fm::Visualizer>(settings);
		if (view)
			warmUp(*made, *view);
	} catch (const std::exception &) {
		made.reset();
		error.emplace(currentError());
	}

	lock.lock();
	isLoading_ = false;
	if (!made && file.name == known_.name)
		known_ = file;
	if (isOutdated()) {
		unwanted_.push_back(std::move(made));
	} else if (made) {
		known_ = file;
		readyFile_ = file;
		unwanted_.push_back(std::exchange(ready_, std::move(made)));
	} else {
		lock.unlock();
		onRefused_(*error);
		lock.lock();
	}
}
