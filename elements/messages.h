/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "visualizer.h"

/** \brief The element message "featuremosaic-model" on a model that is ready, (transfer full) */
GstMessage *modelMessage(GstObject *source, const fm::ModelInfo &model);
