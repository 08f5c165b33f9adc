/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basisfile.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/where.h>

#include "backbone/tensorof.h"
#include "backbone/weightsfile.h"
#include "componentbasis.h"

namespace fm {

namespace {

constexpr int64_t axes = 3;

/* Bytes. All components of all levels of a ResNet-50 are less, and it is read while frames wait. */
constexpr off_t mostBytes = 64 << 20;

constexpr const char *meanName = ".mean";
constexpr const char *componentsName = ".components";
constexpr const char *varianceName = ".explained_variance";

/* A file, and the level that it is read for. */
class Reader
{
public:
	Reader(const std::string &file, const Level &level)
		: file_(file), level_(level), checkpoint_(file)
	{
	}

	ComponentBasis basis() const
	{
		const int64_t channels = level_.channels;
		const at::Tensor components = values(componentsName, { axes, channels });
		const at::Tensor mean = values(meanName, { channels });
		const at::Tensor variance = values(varianceName, { axes });
		if ((variance < 0.0).any().item<bool>())
			throwMismatch(quotedName(varianceName) + " has values below 0");
		/* Along what has none all is 0. */
		const at::Tensor scale = at::where(variance > 0.0, variance.rsqrt(), 0.0);
		return { file_, level_.name, mean.unsqueeze(1).to(at::kFloat),
			 checked(componentsName, (components.t() * scale).to(at::kFloat)) };
	}

private:
	[[noreturn]] void throwMismatch(const std::string &what) const
	{
		throw Error(Error::Kind::Mismatch, "'" + file_ + "': " + what);
	}

	std::string quotedName(const char *name) const { return "'" + level_.name + name + "'"; }

	const TensorView &find(const char *name) const
	{
		const auto &tensors = checkpoint_.tensors();
		const auto found =
			std::ranges::find(tensors, level_.name + name, &NamedTensor::name);
		if (found == tensors.end())
			throwMismatch(missing(name));
		return found->tensor;
	}

	/* What there is in the place of a tensor that is not. */
	std::string missing(const char *name) const
	{
		const auto &unread = checkpoint_.unread();
		const auto found =
			std::ranges::find(unread, level_.name + name, &UnreadTensor::name);
		if (found != unread.end())
			return "the type of " + found->text() + " cannot be read";
		std::vector<std::string> levels;
		for (const NamedTensor &each : checkpoint_.tensors())
			if (std::string_view(each.name).ends_with(componentsName))
				levels.push_back(each.name.substr(
					0, each.name.size() -
						   std::string_view(componentsName).size()));
		if (levels.empty())
			return "it holds no basis of principal components";
		if (std::ranges::find(levels, level_.name) != levels.end())
			return "there is no " + quotedName(name);
		return "it holds no basis for level " + level_.name + ", but for " +
		       LoadReport::summary(levels);
	}

	/* float64, memory of its own; of a longer first dimension the beginning. */
	at::Tensor values(const char *name, const std::vector<int64_t> &shape) const
	{
		TensorView view = find(name);
		if (view.shape.size() == shape.size() && shape[0] == axes && view.shape[0] > axes)
			view.shape[0] = axes;
		if (view.shape != shape)
			throwMismatch(quotedName(name) + " is " + shapeText(find(name).shape) +
			              ", and level " + level_.name + " with its " +
			              std::to_string(level_.channels) + " channels needs " +
			              shapeText(shape));
		return checked(name, tensorOf(checkpoint_, view)).to(at::kDouble);
	}

	at::Tensor checked(const char *name, const at::Tensor &values) const
	{
		if (!values.isfinite().all().item<bool>())
			throwMismatch(quotedName(name) + " has values that are not finite");
		return values;
	}

	const std::string &file_;
	const Level &level_;
	Checkpoint checkpoint_;
};

ComponentBasis readBasis(const FileVersion &version, const Level &level)
{
	if (version.size > mostBytes)
		throw Error(Error::Kind::Unreadable,
		            "'" + version.name +
		                    "' is too large for a basis of principal components: "
		                    "64 MiB at most are read",
		            std::to_string(version.size) + " bytes");
	return Reader(version.name, level).basis();
}

} /* namespace */

bool BasisFile::knows(const FileVersion &version, const Level &level) const
{
	if (!last_ || last_->level != level.name || last_->channels != level.channels)
		return false;
	const bool isGone = !version.exists() && version.name == last_->version.name;
	return last_->version == version || (isGone && last_->basis);
}

std::shared_ptr<const ComponentBasis> BasisFile::basisOf(const Level &level,
                                                         const std::string &file)
{
	const auto version = FileVersion::of(file);
	if (!knows(version, level)) {
		Reading reading = { version, level.name, level.channels, nullptr, std::nullopt };
		try {
			reading.basis =
				std::make_shared<const ComponentBasis>(readBasis(version, level));
		} catch (const Error &error) {
			reading.error.emplace(error);
		}
		last_.emplace(std::move(reading));
	}
	if (last_->error)
		throw Error(*last_->error);
	return last_->basis;
}

} /* namespace fm */
