/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include <gst/gst.h>

/** \brief One frame's work, after it has been converted; its parts are called once, in order */
class Job
{
public:
	virtual ~Job() = default;
	/** \brief The network's part; of several jobs' one at a time */
	virtual GstFlowReturn run() = 0;
	/** \brief Draws and pushes; of several jobs' one at a time. Left out where run() failed */
	virtual GstFlowReturn finish() = 0;
};

/**
 * \brief Jobs in flight, in order: while one is finished, the next may run
 *
 * With one in flight all is done in submit(), with no thread of its own. submit(), drain(), stop()
 * and takeFlow() are for one thread at a time.
 */
class Conveyor
{
public:
	Conveyor() = default;
	~Conveyor() { stop(); }
	Conveyor(const Conveyor &) = delete;
	Conveyor &operator=(const Conveyor &) = delete;

	/** \brief Waits until another job may be begun where \a maxInFlight are allowed; returns
	 * how many are in flight before it
	 */
	unsigned waitForPlace(unsigned maxInFlight);

	/**
	 * \brief Takes on \a job; returns how it went, or, where it is not done yet, how one
	 * before it did
	 *
	 * With \a runHere its run() is over before this returns, for one that leaves its work to
	 * others: to change threads would take longer.
	 */
	GstFlowReturn submit(std::unique_ptr<Job> job, unsigned maxInFlight, bool runHere);

	/** \brief Waits until all jobs are finished */
	void drain();

	/** \brief How the first job went that failed and that submit() has not told of; forgets it
	 */
	GstFlowReturn takeFlow();

	/** \brief Drains, and ends the threads */
	void stop();

private:
	using Queue = std::deque<std::unique_ptr<Job>>;

	void start();
	void work(Queue &from, void (Conveyor::*handle)(std::unique_ptr<Job>));
	void runJob(std::unique_ptr<Job> job);
	void finishJob(std::unique_ptr<Job> job);
	GstFlowReturn flow();
	void setFlow(GstFlowReturn flow);

	std::mutex mutex_; /* Innermost; protects all below but the threads. */
	std::condition_variable changed_;
	Queue toRun_, toFinish_;
	unsigned inFlight_ = 0;
	bool stopping_ = false;
	GstFlowReturn flow_ = GST_FLOW_OK; /* The first that was not OK and is not told yet. */
	std::thread runner_, finisher_;
};
