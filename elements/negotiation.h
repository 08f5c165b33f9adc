/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "view/composition.h"

/* What caps and sizes follow from what the neighbours can do; nothing here knows the element. */

/**
 * \brief \a templ, restricted to the frame rates and pixel aspect ratios of \a peer
 *
 * Those two are the same on both sides of the element, the latter where both are of video; all else
 * may differ. (transfer full)
 */
GstCaps *capsOfSameRate(GstCaps *templ, GstCaps *peer);

/** \brief Those of the template of \a pad, CUDA memory first or left out; (transfer full) */
GstCaps *ownCaps(GstPad *pad, bool mayUseCudaMemory);

/**
 * \brief What \a own and \a peer have in common, in the order of \a own; (transfer full)
 *
 * CUDA memory only where the peer names it: one that takes any memory may know nothing of it.
 */
GstCaps *capsInCommon(GstCaps *own, GstCaps *peer);

bool isOfCudaMemory(const GstCaps *caps);

/**
 * \brief Chooses from what a source pad and its peer allow
 *
 * The size is the one that \a composition prefers, or, where \a allowed does not leave it free,
 * what is nearest to it.
 *
 * \return Fixed, (transfer full); null where \a allowed is empty
 * \throws fm::Error BadSetting where the picture does not fit
 */
GstCaps *fixateComposition(GstCaps *allowed, const fm::Composition &composition);
