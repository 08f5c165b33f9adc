/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "visualizer.h"

/** \brief That of a picture of one panel, \a width pixels wide, as \a visualizer makes it of \a
 * video
 */
inline fm::Panel panelOfWidth(const fm::Visualizer &visualizer, int width, fm::Size video,
                              const fm::ViewSettings &settings)
{
	const fm::Composition composition = visualizer.composition(settings, video);
	return composition.inside(composition.ofWidth(width)).front();
}

inline fm::MosaicLayout layoutOfWidth(const fm::Visualizer &visualizer, int width, fm::Size video,
                                      const fm::ViewSettings &settings)
{
	return panelOfWidth(visualizer, width, video, settings).layout;
}
