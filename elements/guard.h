/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <exception>
#include <utility>

#include <gst/gst.h>

#include "error.h"

/** \brief Posts \a error on the bus, as an ERROR or a WARNING; call it with no lock held */
void postError(GstElement *element, const fm::Error &error,
               GstMessageType type = GST_MESSAGE_ERROR);

/**
 * \brief Tells of a property's value that was refused
 *
 * As a WARNING on the bus, or, where there is none yet (gst-launch parsing its line), through
 * GLib's log.
 */
void postRefusal(GstElement *element, const fm::Error &error);

/** \brief What is being caught, as an Error; in the handler of a std::exception */
fm::Error currentError();

/** \brief The barrier of the plugin: runs \a body, posts what it throws; call it with no lock held
 */
template<typename Result, typename Body>
Result guard(GstElement *element, Result onError, Body &&body) noexcept
{
	try {
		return std::forward<Body>(body)();
	} catch (const std::exception &) {
		postError(element, currentError());
	}
	return onError;
}
