/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "error.h"
#include "filewatch.h"
#include "firstview.h"
#include "visualizer.h"

/**
 * \brief Loads models with other weights while frames go on, and watches the file of the weights
 *
 * It has a thread as long as there is something to do. Between start() and stop() all functions may
 * be called from any thread, but take(), replaced() and refuse() from that of the frames alone.
 */
class ModelLoader
{
public:
	/** \brief Hears, on any thread and with no lock held, why weights do not come into effect
	 */
	using OnRefused = std::function<void(const fm::Error &error)>;

	explicit ModelLoader(OnRefused onRefused) : onRefused_(std::move(onRefused)) {}
	~ModelLoader() { stop(); }
	ModelLoader(const ModelLoader &) = delete;
	ModelLoader &operator=(const ModelLoader &) = delete;

	/**
	 * \brief There is a model from now on
	 *
	 * \a settings are what the others are made from, but for the weights; \a file was the file
	 * of its weights before it was read.
	 */
	void start(const fm::ModelSettings &settings, const fm::FileVersion &file);
	/** \brief Waits for what is being loaded, and forgets it; before start() there is nothing
	 */
	void stop();

	/** \brief Loads \a weights; what was asked for before and is not loaded yet is dropped */
	void load(const std::string &weights);
	/** \brief Whether to load the weights again as their file changes; also before start() */
	void watch(bool on);
	/** \brief What is shown: models are made ready for it */
	void show(const FirstView &view);

	/** \brief The model that has been loaded, if there is another */
	std::unique_ptr<fm::Visualizer> take();
	/** \brief What was taken is in effect in the place of \a old, which is freed elsewhere */
	void replaced(std::unique_ptr<fm::Visualizer> old);
	/** \brief What was taken does not come into effect, because of \a error */
	void refuse(std::unique_ptr<fm::Visualizer> taken, const fm::Error &error);

	/** \brief The weights in effect, once nothing is on its way; none before start() */
	std::optional<std::string> settledWeights() const;

private:
	using Lock = std::unique_lock<std::mutex>;

	bool isOutdated() const;
	void wake();
	void work();
	bool doNext(Lock &lock);
	void freeUnwanted(Lock &lock);
	void waitForWriter(Lock &lock, const std::string &weights);
	void loadNext(Lock &lock, const std::string &weights);
	void look(Lock &lock);

	const OnRefused onRefused_;

	mutable std::mutex mutex_; /* Innermost; protects all below. */
	std::condition_variable changed_;
	std::thread thread_;     /* Joined without the mutex, while isStarted_ is false. */
	bool isRunning_ = false; /* The thread has not said that it ends. */
	bool isStarted_ = false;
	bool watches_ = false;
	fm::ModelSettings settings_; /* But for the weights. */
	fm::FileVersion inEffect_;   /* Weights. */
	fm::FileVersion known_;      /* What was loaded, or tried to be, last: no news. */
	std::optional<FirstView> view_;
	std::optional<std::string> wanted_; /* Not begun with. */
	bool isLoading_ = false;
	std::unique_ptr<fm::Visualizer> ready_; /* To be taken. */
	fm::FileVersion readyFile_, takenFile_; /* Of it, and of what was taken last. */
	std::vector<std::unique_ptr<fm::Visualizer>> unwanted_; /* To be freed by the thread. */

	FileWatch watch_; /* Of the thread. */
};
