/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

struct State;
struct ElementSettings;

/* What the streaming thread does with frames, caps and events; all of it for that thread alone, but
 * for framesInFlight(). */

/** \brief How many frames may be at work at once, once there is a model */
unsigned framesInFlight(const State &state, const ElementSettings &settings);

/** \brief Forgets what was of a stream before */
void resetStream(State &state);

/** \brief Brings new \a caps of the sink pad into effect, and makes the model ready for them */
bool setInputCaps(State &state, GstCaps *caps);

/** \brief Draws \a input for all pads that take it; \throws fm::Error */
GstFlowReturn processFrame(State &state, GstBuffer *input);

/** \brief Waits for the frames that come before a serialized \a event
 *
 * What became of those nobody has told upstream yet, and after EOS nobody will.
 */
void drainFor(State &state, GstEvent *event);
