/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "input.h"

#include "debug.h"
#include "negotiation.h"

bool Input::setCaps(const GstCaps *caps)
{
	hasCaps_ = gst_video_info_from_caps(&info_, caps);
	isChecked_ = !isOfCudaMemory(caps);
	return hasCaps_;
}

void Input::checkMemory(GstElement *element, GstBuffer *buffer, const CudaMemory &cuda)
{
	if (isChecked_ || cuda.holds(buffer))
		return;
	isChecked_ = true;
	GST_WARNING_OBJECT(element, "frames are in CUDA memory of another context, and are copied "
	                            "through system memory");
}
