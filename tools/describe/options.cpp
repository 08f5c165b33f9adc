/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "describe.h"

#include <cstdio>
#include <memory>

#include <glib.h>

#include "error.h"

namespace {

struct Free {
	void operator()(gchar *text) const { g_free(text); }
	void operator()(gchar **texts) const { g_strfreev(texts); }
	void operator()(GError *error) const { g_error_free(error); }
	void operator()(GOptionContext *context) const { g_option_context_free(context); }
};

fm::Error wrongUsage(const std::string &sentence)
{
	return { fm::Error::Kind::BadSetting, sentence };
}

std::string allBackbones()
{
	std::string names;
	for (const fm::BackboneInfo &row : fm::backbones)
		if (row.kind != fm::BackboneKind::TorchScript) /* Its layers are not known. */
			names += std::string(names.empty() ? "" : ", ") + row.name;
	return names;
}

fm::BackboneKind backboneOf(const std::string &name)
{
	for (const fm::BackboneInfo &row : fm::backbones)
		if (name == row.name)
			return row.kind;
	throw wrongUsage("backbone '" + name + "' is none of " + allBackbones());
}

fm::Size sizeOf(const std::string &text)
{
	fm::Size size = {};
	char rest = 0;
	if (std::sscanf(text.c_str(), "%5dx%5d%c", &size.width, &size.height, &rest) != 2 ||
	    size.width < 1 || size.height < 1)
		throw wrongUsage("size '" + text + "' is not of the form 640x360");
	return size;
}

} /* namespace */

Options parseOptions(int argc, char **argv)
{
	gchar *backbone = nullptr;
	gchar *weights = nullptr;
	gchar **levels = nullptr;
	gchar *channels = nullptr;
	gchar *size = nullptr;
	gboolean json = FALSE;
	const std::string backboneHelp =
		allBackbones() +
		" (auto, the default: the one that the weights are for, else resnet50-fpn)";
	const GOptionEntry entries[] = {
		{ "backbone", 0, 0, G_OPTION_ARG_STRING, &backbone, backboneHelp.c_str(), "NAME" },
		{ "weights", 0, 0, G_OPTION_ARG_FILENAME, &weights,
		  "Tell how this checkpoint fits; exit with 1 where it does not, with 2 where it "
		  "cannot "
		  "be read",
		  "FILE" },
		{ "size", 0, 0, G_OPTION_ARG_STRING, &size,
		  "Pixels of the network's input, for the sizes of maps and the multiply-adds",
		  "WxH" },
		{ "level", 0, 0, G_OPTION_ARG_STRING_ARRAY, &levels,
		  "Print the plan for showing this level (may be given several times); needs "
		  "--size",
		  "NAME" },
		{ "channels", 0, 0, G_OPTION_ARG_STRING, &channels,
		  "Channels shown, as for the element; 0-11 is the default", "LIST" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", nullptr },
		{},
	};
	const std::unique_ptr<GOptionContext, Free> context(
		g_option_context_new("- describe a backbone of featuremosaic"));
	g_option_context_add_main_entries(context.get(), entries, nullptr);
	GError *error = nullptr;
	const bool parsed = g_option_context_parse(context.get(), &argc, &argv, &error);

	const std::unique_ptr<GError, Free> ownedError(error);
	const std::unique_ptr<gchar, Free> ownedBackbone(backbone);
	const std::unique_ptr<gchar, Free> ownedWeights(weights);
	const std::unique_ptr<gchar *, Free> ownedLevels(levels);
	const std::unique_ptr<gchar, Free> ownedChannels(channels);
	const std::unique_ptr<gchar, Free> ownedSize(size);
	if (!parsed)
		throw wrongUsage(error->message);
	if (argc > 1)
		throw wrongUsage(std::string("'") + argv[1] + "' is not understood");

	Options options;
	options.json = json;
	if (backbone)
		options.backbone.backbone = backboneOf(backbone);
	if (weights)
		options.backbone.weights = weights;
	if (size)
		options.size = sizeOf(size);
	if (levels)
		for (gchar **level = levels; *level; ++level)
			options.levels.emplace_back(*level);
	if (channels)
		options.channels = channels;
	if (!options.levels.empty() && !options.size)
		throw wrongUsage("--level needs --size");
	return options;
}
