/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cudaframe.h"

#include "frame/packed.h"
#include "torchscope.h"

namespace fm {

namespace {

void makeDeviceRoom(const CudaDevice &device, at::Tensor &memory, std::size_t bytes)
{
	if (!memory.defined() || memory.nbytes() < bytes)
		memory = deviceBytes(device, bytes);
}

/* One of the frames is on the device, the other one pinned. */
void copyFrame(CudaDevice &device, const Frame &from, const Frame &to, Lane lane)
{
	for (int plane = 0; plane < 3; ++plane)
		if (const PlaneShape shape = planeShape(from.format, from.size, plane);
		    shape.rows > 0)
			device.copy(to.planes[plane], from.planes[plane], shape, lane);
}

} /* namespace */

void makeHostRoom(const CudaDevice &device, at::Tensor &memory, std::size_t bytes)
{
	if (!memory.defined() || memory.nbytes() < bytes)
		memory = hostBytes(device, bytes);
}

void uploadFrame(CudaDevice &device, CudaPass &pass)
{
	/* The other lane may be recording: what is allocated for it then belongs to the graph. */
	const TorchScope scope(&device, Lane::Upload);
	Slot &slot = *pass.slot;
	const std::size_t bytes = packedBytes(pass.frame);
	makeDeviceRoom(device, slot.deviceInput, bytes);
	pass.onDevice = packedFrame(pass.frame, slot.deviceInput.mutable_data_ptr());
	if (pass.frame.isPinned) {
		copyFrame(device, pass.frame, pass.onDevice, Lane::Upload);
	} else {
		makeHostRoom(device, slot.hostInput, bytes);
		copyFrame(pass.frame, packedFrame(pass.frame, slot.hostInput.mutable_data_ptr()));
		device.copy(slot.deviceInput.mutable_data_ptr(), slot.hostInput.const_data_ptr(),
		            bytes, Lane::Upload);
	}
	slot.uploaded->record(Lane::Upload);
	slot.done->record(Lane::Upload); /* Until there is more to wait for. */
	pass.isUnderWay = true;
}

Frame addOutput(CudaDevice &device, CudaPass &pass, const Frame &output)
{
	const std::size_t index = pass.outputs.size();
	pass.outputs.push_back(output);
	if (output.isOnDevice)
		return output;
	Slot &slot = *pass.slot;
	if (slot.outputs.size() <= index)
		slot.outputs.resize(index + 1);
	const std::size_t bytes = packedBytes(output);
	if (!output.isPinned)
		makeHostRoom(device, slot.outputs[index].host, bytes);
	makeDeviceRoom(device, slot.outputs[index].device, bytes);
	return packedFrame(output, slot.outputs[index].device.mutable_data_ptr());
}

void downloadOutputs(CudaDevice &device, CudaPass &pass)
{
	Slot &slot = *pass.slot;
	slot.computed->record(Lane::Compute);
	slot.computed->holdUp(Lane::Download);
	for (std::size_t i = 0; i < pass.outputs.size(); ++i) {
		const Frame &output = pass.outputs[i];
		if (output.isOnDevice || pass.planar.contains(i))
			continue;
		void *drawn = slot.outputs[i].device.mutable_data_ptr();
		if (output.isPinned)
			copyFrame(device, packedFrame(output, drawn), output, Lane::Download);
		else
			device.copy(slot.outputs[i].host.mutable_data_ptr(), drawn,
			            packedBytes(output), Lane::Download);
	}
	for (const auto &[index, maps] : pass.planar)
		device.copy(maps.onHost.mutable_data_ptr(), maps.onDevice.const_data_ptr(),
		            maps.onDevice.nbytes(), Lane::Download);
	slot.done->record(Lane::Download);
}

void takeOutput(const CudaPass &pass, std::size_t index)
{
	const Frame &output = pass.outputs[index];
	if (!output.isOnDevice && !output.isPinned)
		copyFrame(packedFrame(output, pass.slot->outputs[index].host.mutable_data_ptr()),
		          output);
}

} /* namespace fm */
