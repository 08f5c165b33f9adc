/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard.h"

#include <new>

namespace {

struct Code {
	GQuark domain;
	int code;
};

Code codeOf(fm::Error::Kind kind)
{
	using Kind = fm::Error::Kind;
	switch (kind) {
	case Kind::NotFound:
		return { GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND };
	case Kind::Unreadable:
		return { GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ };
	case Kind::Mismatch:
		return { GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS };
	case Kind::BadSetting:
		return { GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS };
	case Kind::Unsupported:
		return { GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE };
	case Kind::NoDevice:
		return { GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE };
	case Kind::OutOfMemory:
		return { GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT };
	case Kind::Internal:
		break;
	}
	return { GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED };
}

} /* namespace */

void postError(GstElement *element, const fm::Error &error, GstMessageType type)
{
	const auto [domain, code] = codeOf(error.kind);
	gst_element_message_full(element, type, domain, code, g_strdup(error.what()),
	                         g_strdup(error.detail.c_str()), error.where.file_name(),
	                         error.where.function_name(),
	                         static_cast<gint>(error.where.line()));
}

fm::Error currentError()
{
	using Kind = fm::Error::Kind;
	try {
		throw;
	} catch (const fm::Error &error) {
		return error;
	} catch (const std::bad_alloc &) {
		return { Kind::OutOfMemory, "There is not enough memory" };
	} catch (const std::exception &error) {
		return { Kind::Internal, "The plugin hit an internal error", error.what() };
	}
}

void postRefusal(GstElement *element, const fm::Error &error)
{
	g_autoptr(GstBus) bus = element ? gst_element_get_bus(element) : nullptr;
	if (bus)
		postError(element, error, GST_MESSAGE_WARNING);
	else
		g_warning("%s", error.what());
}
