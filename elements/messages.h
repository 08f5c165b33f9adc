/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "visualizer.h"

/** \brief Tells on the bus and in the log that \a model is ready, and warns of its weights */
void announceModel(GstElement *element, const fm::ModelInfo &model);
