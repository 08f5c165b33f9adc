/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

namespace fm {

/** \brief A thread that does one thing after the other, for who waits for it */
class WorkerThread
{
public:
	WorkerThread() : thread_([this] { work(); }) {}
	~WorkerThread()
	{
		{
			std::lock_guard lock(mutex_);
			isStopping_ = true;
		}
		changed_.notify_all();
		thread_.join();
	}
	WorkerThread(const WorkerThread &) = delete;
	WorkerThread &operator=(const WorkerThread &) = delete;

	/** \brief Calls \a body on the thread; gives what it gives, throws what it throws */
	template<typename Body>
	auto call(Body &&body)
	{
		std::packaged_task<decltype(body())()> task(std::forward<Body>(body));
		auto result = task.get_future();
		std::unique_lock lock(mutex_);
		changed_.wait(lock, [&] { return !next_; });
		next_ = [&task] { task(); };
		changed_.notify_all();
		lock.unlock();
		return result.get();
	}

private:
	void work()
	{
		std::unique_lock lock(mutex_);
		while (true) {
			changed_.wait(lock, [&] { return isStopping_ || next_; });
			if (!next_)
				return;
			const std::function<void()> task = *std::exchange(next_, std::nullopt);
			lock.unlock();
			changed_.notify_all();
			task();
			lock.lock();
		}
	}

	std::mutex mutex_; /* Protects the two below. */
	std::optional<std::function<void()>> next_;
	bool isStopping_ = false;
	std::condition_variable changed_;
	std::thread thread_; /* Last: it uses the others. */
};

} /* namespace fm */
