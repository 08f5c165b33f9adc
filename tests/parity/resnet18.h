/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "references.h"
#include "visualizer.h"

/** \brief make_references.py's resnet18-fpn on the CPU; one for the whole test program */
inline fm::Visualizer &resNet18()
{
	static fm::Visualizer visualizer([] {
		fm::ModelSettings settings;
		settings.backbone = fm::BackboneKind::ResNet18Fpn;
		settings.weights = References::get().path("resnet18-fpn.pth");
		settings.device = "cpu";
		return settings;
	}());
	return visualizer;
}
