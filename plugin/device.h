/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include <c10/core/Device.h>

namespace fm {

/**
 * \brief The device that a user's "auto", "cpu", "cuda" or "cuda:N" stands for
 *
 * CUDA lives in a module of its own beside the plugin, which is loaded here, the first time that
 * a CUDA device is asked for or found: a process that stays on the CPU never pays for it. "auto" is
 * the first CUDA device if there is one that works, else the CPU.
 *
 * \throws Error BadSetting for another text, NoDevice (with the reason) where CUDA cannot be used
 */
c10::Device selectDevice(const std::string &name);

/** \throws Error BadSetting where \a name is none of "auto", "cpu", "cuda", "cuda:N" */
void checkDeviceName(const std::string &name);

} /* namespace fm */
