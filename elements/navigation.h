/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <vector>

#include "featuremosaicpad.h"

/**
 * \brief Steers the view of \a pad by a key, the wheel or a click in the window that shows it
 *
 * Digits choose the level, [ and ] or the wheel the page of channels, v the view, n the
 * normalisation, c the colour map, f freezes, and h shows the keys. A click on a tile shows its
 * channel alone, another one what was there before.
 *
 * \return Whether the NAVIGATION \a event was meant for it
 */
bool steer(GstFeatureMosaicPad *pad, GstEvent *event);

/** \brief That, to be read in the window */
std::vector<std::string> steeringHelp();
