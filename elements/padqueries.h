/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "cudamemory.h"
#include "pinnedmemory.h"

/** \brief Answers a CAPS \a query on \a pad: what the peers on the element's other side can do, as
 * far as it matters here
 */
void answerCapsQuery(GstPad *pad, GstQuery *query, bool mayUseCudaMemory);

/** \brief Answers an ACCEPT_CAPS \a query on \a pad, whatever the peers on the other side can do */
void answerAcceptCapsQuery(GstPad *pad, GstQuery *query, bool mayUseCudaMemory);

/**
 * \brief Answers an ALLOCATION \a query on the sink \a pad, which holds \a framesInFlight buffers
 *
 * Any stride will do; downstream's pools are for pictures of another size.
 */
void answerAllocationQuery(GstPad *pad, GstQuery *query, const CudaMemory &cuda,
                           const PinnedMemory &pinned, unsigned framesInFlight);
