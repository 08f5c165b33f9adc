/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "architecture.h"
#include "checkpoint/checkpoint.h"
#include "frame/preprocess.h"
#include "network.h"
#include "settings.h"
#include "statenames.h"

namespace fm {

/** \brief A tensor of a weights file that has another shape than the network's */
struct Misshapen {
	std::string name; /**< As the Network calls it */
	std::vector<int64_t> found, expected;

	/** \brief "name: [64, 3, 3, 3] instead of [64, 3, 7, 7]" */
	std::string text() const;
};

/** \brief How the tensors of a weights file and the parameters of a network fit together */
struct LoadReport {
	std::vector<std::string> matched; /**< Parameters, as the Network calls them */
	std::vector<std::string> missing; /**< The same; the file has none for them */
	std::vector<Misshapen> misshapen;
	/** \brief Parts of a backbone, but not of this one, as the file calls them */
	std::vector<std::string> unexpected;

	std::size_t problems() const
	{
		return missing.size() + misshapen.size() + unexpected.size();
	}
	bool fits() const { return !matched.empty() && problems() == 0; }
	/** \brief The body is whole, of the FPN there is nothing: a classifier's weights */
	bool lacksJustTheFpn() const;

	/** \brief Misshapen::text() of each */
	std::vector<std::string> misshapenTexts() const;
	/** \brief Up to 5 of \a names, then how many more there are */
	static std::string summary(const std::vector<std::string> &names);
	/** \brief All that does not fit, for a person; empty where all does */
	std::string problemsText() const;
};

/** \brief A checkpoint as a backbone's parameters: which network they are for, and where each is */
class WeightsFile
{
public:
	/** \throws Error as Checkpoint */
	explicit WeightsFile(const std::string &file);

	const std::string &file() const { return file_; }
	const Checkpoint &checkpoint() const { return checkpoint_; }
	/** \brief What its tensors are called; none where no known backbone is among them */
	const std::optional<StateNames> &names() const { return names_; }

	/** \brief The tensor for the parameter that a Network calls \a name, or null */
	const TensorView *find(const std::string &name) const;

	/** \brief Its batch norms were frozen in training: they count no batches */
	bool hasFrozenNorms() const { return !countsBatches_; }
	bool hasFpn() const;

	/** \brief The images that its network was trained on: detectron2's are those of Caffe */
	Normalisation normalisation() const;
	bool takesBgr() const;

	LoadReport fit(const Network &network) const;

	/**
	 * \brief The network that the file fits best
	 *
	 * \a kind, or with Auto any, as the names and shapes of the file have it: where the FPN
	 * begins, whether it has norms, what follows it. What names and shapes do not tell is taken
	 * from the family: detectron2's ResNets, other than ResNeXts, have their strides in the 1x1
	 * convolutions, and mmdetection's P7 comes without a ReLU.
	 */
	Architecture architecture(BackboneKind kind) const;

private:
	std::vector<Architecture> candidates(BackboneKind kind) const;

	std::string file_;
	Checkpoint checkpoint_;
	std::optional<StateNames> names_;
	std::map<std::string, const NamedTensor *, std::less<>> tensors_; /* By parameter. */
	bool countsBatches_ = false;
};

/**
 * \brief The network to build for \a settings
 *
 * Told from \a file, which may be null, as WeightsFile::architecture() does; without it Auto is
 * resnet50-fpn.
 *
 * \throws Error BadSetting for TorchScript, which is no network that can be built
 */
Architecture chooseArchitecture(const BackboneSettings &settings, const WeightsFile *file);

} /* namespace fm */
