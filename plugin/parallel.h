/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <exception>

#include <omp.h>

namespace fm {

/** \brief While one lives that is \a on, its thread shares no work out */
class SerialScope
{
public:
	explicit SerialScope(bool on) : outer_(isSerial) { isSerial = isSerial || on; }
	~SerialScope() { isSerial = outer_; }
	SerialScope(const SerialScope &) = delete;
	SerialScope &operator=(const SerialScope &) = delete;

	static bool holds() { return isSerial; }

private:
	static inline thread_local bool isSerial = false;
	bool outer_;
};

/**
 * \brief Calls \a body(begin, end) for parts of 0..count, on the threads that LibTorch uses
 *
 * A part has at least \a grain elements. What \a body throws is thrown here.
 */
template<typename Body>
void parallelFor(int count, int grain, Body &&body)
{
	const int threads = SerialScope::holds() ? 1 : omp_get_max_threads();
	const int parts = std::clamp(count / grain, 1, threads);
	if (parts == 1)
		return body(0, count);

	std::exception_ptr error;
#pragma omp parallel for schedule(static)
	for (int part = 0; part < parts; ++part) {
		const auto edge = [&](int p) {
			return static_cast<int>(static_cast<long long>(count) * p / parts);
		};
		try {
			body(edge(part), edge(part + 1));
		} catch (...) {
#pragma omp critical
			error = std::current_exception();
		}
	}
	if (error)
		std::rethrow_exception(error);
}

} /* namespace fm */
