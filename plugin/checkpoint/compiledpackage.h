/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fm {

class Storages;
class ZipArchive;

/**
 * \brief What a package of torch._inductor.aoti_compile_and_package (.pt2) says of itself
 *
 * Its code takes an image as it comes, and reads beyond its end if that is smaller than the one it
 * was compiled for: what it takes has to be known, and is found in the source that is packed with
 * it. Nothing is run to find it.
 */
struct CompiledPackage {
	/** \brief What one side of the input may be; that of batch, channels, height, width */
	struct Side {
		int64_t least = 1;
		int64_t most = INT64_MAX;
		int64_t divisor = 1;  /**< It has to be a multiple of this */
		int64_t stride = -1;  /**< In memory, in values; -1: as it follows from the sides */
		bool isKnown = false; /**< Else it has a way to follow from another side */

		bool takes(int64_t size) const
		{
			return size >= least && size <= most && size % divisor == 0;
		}
		bool isFixed() const { return least == most; }
	};

	std::string model;     /**< Its name within the package */
	std::string device;    /**< "cpu", "cuda" ... */
	std::string processor; /**< The vector instructions that it uses: "AVX512 AVX512_VNNI" */
	std::string type;      /**< Of the image, as LibTorch names it: "float32" ... */
	std::array<Side, 4> image;
	std::vector<std::string>
		outputs; /**< Names in the order of the results: a dict's keys, else indices */

	bool isChannelsLast() const { return image[1].stride == 1; }

	static bool isOne(const ZipArchive &archive);

	/** \throws FormatError where it does not say these things, or says what cannot be met */
	static CompiledPackage read(const ZipArchive &archive, Storages &unpacked);
};

} /* namespace fm */
