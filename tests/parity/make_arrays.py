# SPDX-License-Identifier: LGPL-2.1-or-later
"""Weights files that torch.save does not write: pickles of NumPy arrays, and safetensors; good and bad ones."""

import collections
import json
import os
import pickle
import struct
import warnings

import numpy
import safetensors.torch
import torch

from expected import Call, TYPES, describe


def arrays():
    numbers = numpy.array([-3.5, 0.0, 1.0, 100.0, 2.0**-14, 1.0 / 3.0])
    signed = {f"signed.{code}": numbers.astype(code) for code in ("f8", "f4", "f2", "i8", "i4", "i2", "i1")}
    others = {f"other.{code}": abs(numbers).astype(code) for code in ("u1", "?", "u2", "u8", "c8", "S3")}
    swapped = {f"swapped.{code}": numbers.astype(code) for code in (">f8", ">f4", ">f2", ">i8", ">i4", ">i2")}
    grid = numpy.arange(24, dtype="f4").reshape(2, 3, 4)
    orders = {
        "grid": grid, "fortran": numpy.asfortranarray(grid), "permuted": grid.transpose(2, 0, 1),
        "reversed": grid[::-1], "transposed": grid[0].T, "bytes": numpy.arange(256, dtype="u1"),
    }
    odd = {
        "scalar": numpy.float64(2.5), "swappedScalar": numpy.array(2.5, ">f4")[()], "flag": numpy.bool_(True),
        "noDimensions": numpy.array(7, "i4"), "empty": numpy.zeros(0, "f4"), "hollow": numpy.zeros((3, 0, 2)),
        "objects": numpy.array([None, 1]), "text": numpy.array(["a"]), "pair": numpy.zeros(2, "f4,i4"),
        "readOnly": numpy.arange(3.0), "quotes": numpy.frombuffer(b"\\'\"\n\r\t\0\x1a\xff\xc3\xa9", "u1"),
    }
    odd["readOnly"].setflags(write=False)
    return {**signed, **others, **swapped, **orders, **odd}


def detectron2():
    """As in detectron2's model zoo."""
    weights = {"backbone.bottom_up.stem.conv1.weight": numpy.ones((4, 3, 1, 1), "f4"),
               "backbone.fpn_lateral2.bias": numpy.arange(4, dtype="f4")}
    return {"model": weights, "__author__": "Detectron2 Model Zoo", "matching_heuristics": True}


class Numpy1:
    """While this is there, arrays are pickled under the names that NumPy 1 had."""

    functions = (numpy._core.multiarray._reconstruct, numpy._core.multiarray.scalar, numpy._core.numeric._frombuffer)

    def __enter__(self):
        self.warnings = warnings.catch_warnings(action="ignore")
        self.warnings.__enter__()
        for function in self.functions:
            function.__module__ = function.__module__.replace("_core", "core")

    def __exit__(self, *error):
        for function in self.functions:
            function.__module__ = function.__module__.replace(".core", "._core")
        self.warnings.__exit__(*error)


class Python2Pickler(pickle._Pickler):
    """Python 2 has one type for text and bytes."""

    dispatch = dict(pickle._Pickler.dispatch)

    def saveText(self, text):
        content = text.encode("latin1") if isinstance(text, str) else text
        if self.proto == 0:
            self.write(b"S" + repr(content)[1:].encode() + b"\n")
        elif len(content) < 256:
            self.write(b"U" + bytes([len(content)]) + content)
        else:
            self.write(b"T" + struct.pack("<i", len(content)) + content)
        self.memoize(text)

    dispatch[str] = dispatch[bytes] = saveText


def writePickle(file, value, protocol, Pickler=pickle.Pickler):
    with open(file, "wb") as out:
        Pickler(out, protocol).dump(value)
    with open(file, "rb") as saved:
        describe(file, pickle.load(saved, encoding="latin1"))


def writePickles(folder):
    for protocol in range(6):
        writePickle(folder / f"arrays{protocol}.pkl", arrays(), protocol)
        with Numpy1():
            writePickle(folder / f"numpy1.{protocol}.pkl", arrays(), protocol)
        writePickle(folder / f"detectron{protocol}.pkl", detectron2(), protocol)
    for protocol in range(3):
        with Numpy1():
            writePickle(folder / f"python2.{protocol}.pkl", arrays(), protocol, Python2Pickler)
    shared = numpy.arange(6, dtype=">f4")
    writePickle(folder / "shared.pkl", {"a": shared, "b": [shared]}, 2)
    writePickle(folder / "array.pkl", numpy.arange(3.0), 0)
    writePickle(folder / "ordered.pkl", collections.OrderedDict(detectron2()["model"]), 0)
    (folder / "large.pkl").write_bytes(pickle.dumps({"a": numpy.zeros(100 << 20, "u1")}, 4))


class Array:
    """Pickles as an array whose description need not be true."""

    def __init__(self, data=bytes(24), shape=(2, 3), code="f4", order="<", fields=None):
        self.type = Call(numpy.dtype, code, False, True)
        self.type.reduced += ((3, order, None, None, fields, -1, -1, 0),)
        self.state = (1, shape, self.type, False, data)

    def __reduce__(self):
        return numpy._core.multiarray._reconstruct, (numpy.ndarray, (0,), b"b"), self.state


def writeBadPickles(folder):
    lies = {
        "longer": Array(shape=(2, 4)), "shorter": Array(shape=(2, 2)), "negative": Array(shape=(-2, -3)),
        "overflow": Array(shape=(2**62, 2**62)), "bytes": Array(shape=(2**61,), code="f8"), "noBytes": Array(data=3),
        "text": Array(data=Call(pickle.codecs.encode, "\u20ac" * 24, "latin1")),
        "swapped": Array(data=bytes(23), order=">"), "textShape": Array(shape=("2", "3")),
        "axes": Call(numpy._core.numeric._frombuffer, bytes(24), numpy.dtype("f4"), (2, 3), "K", (0, 0)),
        "fewAxes": Call(numpy._core.numeric._frombuffer, bytes(24), numpy.dtype("f4"), (2, 3), "K", (0,)),
        "scalar": Call(numpy._core.multiarray.scalar, numpy.dtype("f8"), bytes(7)),
    }
    for name, lie in lies.items():
        for protocol in (0, 2, 4):
            file = folder / f"lie.{name}.{protocol}.pkl"
            file.write_bytes(pickle.dumps({"good": numpy.ones(2), "lie": lie}, protocol))
    call = Call(os.system, f"touch '{folder / 'was-called'}'")
    for protocol in (0, 2, 4):
        file = folder / f"call{protocol}.pkl"
        file.write_bytes(pickle.dumps({"call": call, "weight": numpy.ones(2)}, protocol))
        describe(file, {"weight": numpy.ones(2)})
    (folder / "alone.pkl").write_bytes(pickle.dumps({"weight": torch.ones(2)}))


def writeSafetensors(folder, types):
    tensors = {**types, "grid": torch.arange(24.0).view(2, 3, 4), "scalar": torch.tensor(7.25),
               "empty": torch.empty(0), "hollow": torch.empty(3, 0, 2), "unknown": torch.ones(3).to(torch.uint16),
               "f\u00fcnf \U0001f600": torch.ones(5), "": torch.zeros(1)}
    file = folder / "types.safetensors"
    safetensors.torch.save_file(tensors, file, metadata={"format": "pt", "note": '{"not": ["for us"]}'})
    found = safetensors.torch.load_file(file)
    describe(file, {name: found[name] for name in headerOf(file) if name in found})
    small = folder / "small.safetensors"
    safetensors.torch.save_file({"weight": torch.arange(6.0).view(2, 3)}, small)
    describe(small, safetensors.torch.load_file(small))


def headerOf(file):
    content = file.read_bytes()
    return json.loads(content[8:8 + struct.unpack("<Q", content[:8])[0]])


def writeHeader(file, header, data=bytes(24), size=None):
    content = header if isinstance(header, bytes) else header.encode()
    file.write_bytes(struct.pack("<Q", len(content) if size is None else size) + content + data)


def tensor(dtype="F32", shape="[2,3]", offsets="[0,24]", more=""):
    return f'{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}{more}}}'


def writeBadSafetensors(folder):
    def write(name, header, **options):
        writeHeader(folder / f"bad.{name}.safetensors", header, **options)

    good = tensor()
    oddities = {
        "laterOffsets": tensor(offsets="[24,0]"), "beyond": tensor(offsets="[1,25]"), "shape": tensor(shape="[2,4]"),
        "type": tensor(dtype="F64"), "negative": tensor(shape="[-2,-3]"), "fraction": tensor(shape="[2.0,3]"),
        "overflow": tensor(shape="[4294967296,4294967296,0.5]"), "huge": tensor(shape="[9223372036854775808,2]"),
        "product": tensor(shape="[4294967296,4294967296,4294967296]"), "bytes": tensor(shape="[4611686018427387904]"),
        "wrapped": tensor(shape="[4611686018427387910]"), "text": tensor(shape='["2","3"]'),
        "nested": tensor(shape="[[2,3]]"), "oneOffset": tensor(offsets="[24]"), "offsets": tensor(offsets="[0,24,24]"),
        "dimensions": tensor(shape="[" + "1," * 64 + "6]"), "noType": '{"shape":[2,3],"data_offsets":[0,24]}',
        "noShape": '{"dtype":"F32","data_offsets":[0,24]}', "noOffsets": '{"dtype":"F32","shape":[2,3]}',
        "twice": tensor(more=',"shape":[2,3]'), "number": "3", "list": "[]", "unknownBeyond": tensor("U16", "[12]", "[0,25]"),
    }
    for name, entry in oddities.items():
        write(name, f'{{"good":{good},"bad":{entry}}}')
    write("duplicate", f'{{"a":{good},"a":{good}}}')
    write("notJson", f'{{"a":{good}')
    write("trailing", f'{{"a":{good}}}x')
    write("notUtf8", f'{{"a\xff":{good}}}'.encode("latin1"))
    write("surrogate", f'{{"a\\ud800":{good}}}')
    write("zero", f'{{"a":{good}}}\0')
    write("deep", '{"a":' + "[" * 200000 + "]" * 200000 + "}")
    write("deepAside", '{"__metadata__":' + '{"a":' * 200000 + "0" + "}" * 200001)
    write("longHeader", "{}", size=2**40)
    write("longerThanAllowed", "{}", size=100_000_001)
    write("beyondFile", f'{{"a":{good}}}', size=2000)
    writeHeader(folder / "none.safetensors", "{}")
    aside = '{"__metadata__":{"a":"b","deep":' + "[" * 60 + "]" * 60 + '},"a":' + tensor(more=',"x":{"y":[1,-1,0.5,null]}') + "}"
    writeHeader(folder / "aside.safetensors", aside)
    describe(folder / "aside.safetensors", {"a": torch.zeros(2, 3)})


def writeAll(folder, types):
    writePickles(folder)
    writeBadPickles(folder)
    writeSafetensors(folder, types)
    writeBadSafetensors(folder)
