/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "featuremosaic.h"

static gboolean plugin_init(GstPlugin *plugin)
{
	return GST_ELEMENT_REGISTER(featuremosaic, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, featuremosaic,
                  "Feature maps of a detection backbone as video", plugin_init, VERSION, "LGPL",
                  PACKAGE, "featuremosaic")
