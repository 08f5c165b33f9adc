/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

/** \brief A tensor of float32 for a file */
struct WrittenTensor {
	std::string name;
	std::vector<int64_t> shape;
	std::vector<float> values;
};

/** \brief Writes a file as safetensors' own library does: length of the header, header, values */
inline void writeSafetensors(const std::string &path, const std::vector<WrittenTensor> &tensors)
{
	std::string header;
	std::size_t offset = 0;
	for (const WrittenTensor &tensor : tensors) {
		std::string shape;
		for (const int64_t size : tensor.shape)
			shape += (shape.empty() ? "" : ",") + std::to_string(size);
		const std::size_t end = offset + tensor.values.size() * sizeof(float);
		header += (header.empty() ? "{\"" : ",\"") + tensor.name +
		          R"(":{"dtype":"F32","shape":[)" + shape + R"(],"data_offsets":[)" +
		          std::to_string(offset) + "," + std::to_string(end) + "]}";
		offset = end;
	}
	header += "}";
	header.resize((header.size() + 7) / 8 * 8, ' ');
	const uint64_t length = header.size();

	std::ofstream file(path, std::ios::binary | std::ios::trunc);
	file.write(reinterpret_cast<const char *>(&length), sizeof(length));
	file << header;
	for (const WrittenTensor &tensor : tensors)
		file.write(reinterpret_cast<const char *>(tensor.values.data()),
		           static_cast<std::streamsize>(tensor.values.size() * sizeof(float)));
	if (!file.flush())
		throw std::runtime_error("cannot write " + path);
}

/** \brief Some basis for a level of \a channels, as BasisFile reads it; another for each \a seed */
inline std::vector<WrittenTensor> someBasis(const std::string &level, int channels, int seed = 0)
{
	const auto values = [&](std::size_t count, float from, float step) {
		std::vector<float> made(count);
		for (std::size_t i = 0; i < count; ++i)
			made[i] = from + step * static_cast<float>((i * 37 + seed * 11) % 19);
		return made;
	};
	return { { level + ".mean", { channels }, values(channels, -0.5f, 0.05f) },
		 { level + ".components",
		   { 3, channels },
		   values(std::size_t{ 3 } * channels, -0.9f, 0.1f) },
		 { level + ".explained_variance", { 3 }, { 16.0f, 9.0f, 4.0f } } };
}
