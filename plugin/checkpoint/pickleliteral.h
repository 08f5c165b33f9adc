/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/pickle.h"
#include "checkpoint/pickleopcodes.h"

namespace fm::pickle {

/** \brief The value of an opcode that needs nothing but the bytes after it; none for the others */
std::optional<Value> readLiteral(Opcode opcode, ByteReader &reader);

/** \brief A class or function as two lines of text */
Global readGlobal(ByteReader &reader);

} /* namespace fm::pickle */
