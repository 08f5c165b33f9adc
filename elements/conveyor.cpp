/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conveyor.h"

#include <utility>

unsigned Conveyor::waitForPlace(unsigned maxInFlight)
{
	std::unique_lock lock(mutex_);
	changed_.wait(lock, [&] { return inFlight_ < maxInFlight; });
	return inFlight_;
}

GstFlowReturn Conveyor::submit(std::unique_ptr<Job> job, unsigned maxInFlight, bool runHere)
{
	if (maxInFlight == 1) {
		drain();
		if (const GstFlowReturn before = takeFlow(); before != GST_FLOW_OK)
			return before;
		const GstFlowReturn result = job->run();
		return result == GST_FLOW_OK ? job->finish() : result;
	}

	if (!runner_.joinable())
		start();
	std::unique_lock lock(mutex_);
	if (flow_ == GST_FLOW_OK) {
		++inFlight_;
		if (runHere) {
			lock.unlock();
			runJob(std::move(job));
			lock.lock();
		} else {
			toRun_.push_back(std::move(job));
			changed_.notify_all();
		}
	}
	return std::exchange(flow_, GST_FLOW_OK);
}

void Conveyor::drain()
{
	std::unique_lock lock(mutex_);
	changed_.wait(lock, [&] { return inFlight_ == 0; });
}

GstFlowReturn Conveyor::takeFlow()
{
	std::lock_guard lock(mutex_);
	return std::exchange(flow_, GST_FLOW_OK);
}

void Conveyor::stop()
{
	drain();
	{
		std::lock_guard lock(mutex_);
		stopping_ = true;
		changed_.notify_all();
	}
	for (std::thread *thread : { &runner_, &finisher_ })
		if (thread->joinable())
			thread->join();
	stopping_ = false;
}

void Conveyor::start()
{
	runner_ = std::thread([this] { work(toRun_, &Conveyor::runJob); });
	finisher_ = std::thread([this] { work(toFinish_, &Conveyor::finishJob); });
}

void Conveyor::work(Queue &from, void (Conveyor::*handle)(std::unique_ptr<Job>))
{
	while (true) {
		std::unique_lock lock(mutex_);
		changed_.wait(lock, [&] { return stopping_ || !from.empty(); });
		if (from.empty())
			return;
		std::unique_ptr<Job> job = std::move(from.front());
		from.pop_front();
		lock.unlock();
		(this->*handle)(std::move(job));
	}
}

void Conveyor::runJob(std::unique_ptr<Job> job)
{
	GstFlowReturn result = flow();
	if (result == GST_FLOW_OK) {
		result = job->run();
		setFlow(result);
	}
	/* By the time that it would be finished, the flow may be well again: what did not run goes
	 * no further. */
	if (result != GST_FLOW_OK)
		job.reset();
	std::lock_guard lock(mutex_);
	if (job)
		toFinish_.push_back(std::move(job));
	else
		--inFlight_;
	changed_.notify_all();
}

void Conveyor::finishJob(std::unique_ptr<Job> job)
{
	if (flow() == GST_FLOW_OK)
		setFlow(job->finish());
	job.reset();
	std::lock_guard lock(mutex_);
	--inFlight_;
	changed_.notify_all();
}

GstFlowReturn Conveyor::flow()
{
	std::lock_guard lock(mutex_);
	return flow_;
}

void Conveyor::setFlow(GstFlowReturn flow)
{
	std::lock_guard lock(mutex_);
	if (flow_ == GST_FLOW_OK)
		flow_ = flow;
}
