/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>

namespace fm::pickle {

/**
 * \brief The opcodes of pickle protocols 0 to 5, named as in Python's pickletools
 *
 * Left out are those that refer to what is not in the file: the extension registry (EXT1, EXT2,
 * EXT4) and out-of-band buffers (NEXT_BUFFER, READONLY_BUFFER).
 */
enum class Opcode : uint8_t {
	Mark = '(',
	Stop = '.',
	Pop = '0',
	PopMark = '1',
	Dup = '2',
	Float = 'F',
	Int = 'I',
	BinInt = 'J',
	BinInt1 = 'K',
	Long = 'L',
	BinInt2 = 'M',
	None = 'N',
	PersId = 'P',
	BinPersId = 'Q',
	Reduce = 'R',
	String = 'S',
	BinString = 'T',
	ShortBinString = 'U',
	Unicode = 'V',
	BinUnicode = 'X',
	Append = 'a',
	Build = 'b',
	Global = 'c',
	Dict = 'd',
	EmptyDict = '}',
	Appends = 'e',
	Get = 'g',
	BinGet = 'h',
	Inst = 'i',
	LongBinGet = 'j',
	List = 'l',
	EmptyList = ']',
	Obj = 'o',
	Put = 'p',
	BinPut = 'q',
	LongBinPut = 'r',
	SetItem = 's',
	Tuple = 't',
	EmptyTuple = ')',
	SetItems = 'u',
	BinFloat = 'G',

	/* Protocol 2 */
	Proto = 0x80,
	NewObj = 0x81,
	Tuple1 = 0x85,
	Tuple2 = 0x86,
	Tuple3 = 0x87,
	NewTrue = 0x88,
	NewFalse = 0x89,
	Long1 = 0x8a,
	Long4 = 0x8b,

	/* Protocol 3 */
	BinBytes = 'B',
	ShortBinBytes = 'C',

	/* Protocol 4 */
	ShortBinUnicode = 0x8c,
	BinUnicode8 = 0x8d,
	BinBytes8 = 0x8e,
	EmptySet = 0x8f,
	AddItems = 0x90,
	FrozenSet = 0x91,
	NewObjEx = 0x92,
	StackGlobal = 0x93,
	Memoize = 0x94,
	Frame = 0x95,

	/* Protocol 5 */
	ByteArray8 = 0x96,
};

} /* namespace fm::pickle */
