/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What GStreamer looks for as it loads the driver library, and nothing here calls. */
constexpr int notSupported = 801; /* CUDA_ERROR_NOT_SUPPORTED */

extern "C" {
#pragma GCC visibility push(default)
int cuGLGetDevices_v2()
{
	return notSupported;
}
int cuGraphicsGLRegisterBuffer()
{
	return notSupported;
}
int cuGraphicsGLRegisterImage()
{
	return notSupported;
}
int cuGraphicsMapResources()
{
	return notSupported;
}
int cuGraphicsResourceGetMappedPointer_v2()
{
	return notSupported;
}
int cuGraphicsResourceSetMapFlags_v2()
{
	return notSupported;
}
int cuGraphicsSubResourceGetMappedArray()
{
	return notSupported;
}
int cuGraphicsUnmapResources()
{
	return notSupported;
}
int cuGraphicsUnregisterResource()
{
	return notSupported;
}
int cuLaunchKernel()
{
	return notSupported;
}
int cuModuleGetFunction()
{
	return notSupported;
}
int cuModuleLoadData()
{
	return notSupported;
}
int cuModuleUnload()
{
	return notSupported;
}
int cuTexObjectCreate()
{
	return notSupported;
}
int cuTexObjectDestroy()
{
	return notSupported;
}
#pragma GCC visibility pop
}
