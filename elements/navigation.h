/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "featuremosaicpad.h"

/**
 * \brief Steers the view of \a pad by a key or the wheel in the window that shows it
 *
 * Digits choose the level, [ and ] or the wheel the page of channels, v the view, n the
 * normalisation, c the colour map, and f freezes.
 *
 * \return Whether the NAVIGATION \a event was meant for it
 */
bool steer(GstFeatureMosaicPad *pad, GstEvent *event);
