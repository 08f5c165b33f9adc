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

/** \brief "[64, 3, 7, 7]" */
std::string shapeText(const std::vector<int64_t> &shape);

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
	/** \brief Parameters that the file has in a type that is not read, as it calls them */
	std::vector<UnreadTensor> unread;

	std::size_t problems() const
	{
		return missing.size() + misshapen.size() + unexpected.size() + unread.size();
	}
	/** \brief What does not fit of all that there is, from 0 to 1 */
	double shareOfProblems() const;
	bool fits() const { return !matched.empty() && problems() == 0; }
	/** \brief The body is whole, of the FPN there is nothing: a classifier's weights */
	bool lacksJustTheFpn() const;
	/** \brief A backbone can be made of the file: where the user \a asked for one with an FPN,
	 * of a classifier's weights too
	 */
	bool suffices(BackboneKind asked) const;

	/** \brief Misshapen::text() of each */
	std::vector<std::string> misshapenTexts() const;
	/** \brief UnreadTensor::text() of each */
	std::vector<std::string> unreadTexts() const;
	/** \brief Up to 5 of \a names, then how many more there are */
	static std::string summary(const std::vector<std::string> &names);
	/** \brief All that does not fit, for a person; empty where all does */
	std::string problemsText() const;
};

/**
 * \brief A checkpoint as a backbone's parameters: which network they are for, and where each is
 *
 * Of several backbones in it the one counts that fits best; of several that fit as well, the first.
 */
class WeightsFile
{
public:
	/**
	 * \param kind The network that is wanted; with Auto any
	 * \throws Error as Checkpoint
	 */
	explicit WeightsFile(const std::string &file, BackboneKind kind = BackboneKind::Auto);

	const std::string &file() const { return file_; }
	const Checkpoint &checkpoint() const { return checkpoint_; }
	/** \brief What its tensors are called; none where no known backbone is among them */
	const std::optional<StateNames> &names() const { return names_; }

	/** \brief The tensor for the parameter that a Network calls \a name, or null */
	const TensorView *find(const std::string &name) const;

	/** \brief Its batch norms were frozen in training: they count no batches */
	bool hasFrozenNorms() const { return !countsBatches_; }
	bool hasFpn() const;

	/**
	 * \brief The images that its network was trained on
	 *
	 * detectron2's are those of Caffe, where the file does not have them as pixel_mean and
	 * pixel_std.
	 *
	 * \param bgr The order of channels that the network is given, in which those are
	 */
	Normalisation normalisation(bool bgr) const;
	bool takesBgr() const;
	/** \brief Of torchvision's DeepLab: the strides of its last layers are dilations instead */
	bool isDilated() const;
	/** \brief A sentence for each way in which the maps are not those of training; or empty */
	std::string warning(const LoadReport &report) const;

	LoadReport fit(const Network &network) const;

	/**
	 * \brief The network that the file fits best
	 *
	 * The kind that is wanted, or with Auto any, as the names and shapes of the file have it:
	 * where the FPN begins, whether it has norms, what follows it. What names and shapes do not
	 * tell is taken from the family: detectron2's ResNets, other than ResNeXts, have their
	 * strides in the 1x1 convolutions, and mmdetection's P7 comes without a ReLU.
	 */
	const Architecture &architecture() const { return best_.architecture; }

private:
	struct Candidate {
		Architecture architecture;
		double problems; /* LoadReport::shareOfProblems() */
	};

	void use(const StateNames &names);
	int fpnChannels() const;
	std::vector<Architecture> candidates(BackboneKind kind) const;
	Candidate choose(BackboneKind kind) const;

	std::string file_;
	Checkpoint checkpoint_;
	std::optional<StateNames> names_;
	std::map<std::string, const NamedTensor *, std::less<>> tensors_; /* By parameter. */
	std::map<std::string, const UnreadTensor *, std::less<>> unread_; /* The same. */
	bool countsBatches_ = false;
	Candidate best_;
};

/**
 * \brief The network to build for \a settings
 *
 * That of \a file, which may be null, and was opened for the backbone in \a settings; without it
 * Auto is resnet50-fpn.
 *
 * \throws Error BadSetting for TorchScript, which is no network that can be built
 */
Architecture chooseArchitecture(const BackboneSettings &settings, const WeightsFile *file);

} /* namespace fm */
