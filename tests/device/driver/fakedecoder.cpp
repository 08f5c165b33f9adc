/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The driver's video decoder, without which GStreamer's plugin has no CUDA elements. It can decode
 * nothing. */
constexpr int notSupported = 801; /* CUDA_ERROR_NOT_SUPPORTED */

extern "C" {
#pragma GCC visibility push(default)
int cuvidCreateDecoder()
{
	return notSupported;
}
int cuvidCreateVideoParser()
{
	return notSupported;
}
int cuvidCtxLock()
{
	return notSupported;
}
int cuvidCtxLockCreate()
{
	return notSupported;
}
int cuvidCtxLockDestroy()
{
	return notSupported;
}
int cuvidCtxUnlock()
{
	return notSupported;
}
int cuvidDecodePicture()
{
	return notSupported;
}
int cuvidDestroyDecoder()
{
	return notSupported;
}
int cuvidDestroyVideoParser()
{
	return notSupported;
}
int cuvidGetDecoderCaps()
{
	return notSupported;
}
int cuvidMapVideoFrame64()
{
	return notSupported;
}
int cuvidParseVideoData()
{
	return notSupported;
}
int cuvidUnmapVideoFrame64()
{
	return notSupported;
}
#pragma GCC visibility pop
}
