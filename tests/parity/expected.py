# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes down what PyTorch or NumPy finds in a weights file, for a test to compare with.

<file>.txt has a line for each tensor, in the order of the file:
name, type, shape "2,3" and the first values in row-major order, with tabs between them.
"""

import numpy
import torch

MOST_VALUES = 1000  # of a tensor

TYPES = {
    torch.float64: "Float64", torch.float32: "Float32", torch.float16: "Float16",
    torch.bfloat16: "BFloat16", torch.int64: "Int64", torch.int32: "Int32",
    torch.int16: "Int16", torch.int8: "Int8", torch.uint8: "UInt8", torch.bool: "Bool",
    torch.float8_e5m2: "Float8E5M2", torch.float8_e4m3fn: "Float8E4M3",
}


def isReadable(tensor):
    """Whether strides and one of the types above describe a tensor that has elements."""
    return tensor.dtype in TYPES and tensor.layout == torch.strided and not tensor.is_neg() and not tensor.is_meta


def asTensor(value):
    """A NumPy array or scalar as a tensor, where PyTorch and this project have its type."""
    array = numpy.asarray(value)
    array = array.astype(array.dtype.newbyteorder("="))
    try:
        return torch.from_numpy(array.copy(order="C"))
    except TypeError:
        return None


def namedTensors(value, prefix="", ancestors=()):
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        value = asTensor(value)
    if isinstance(value, torch.Tensor):
        if isReadable(value):
            yield prefix.rstrip("."), value
        return
    if isinstance(value, torch.nn.Module):
        value = value.state_dict()
    if isinstance(value, dict):
        items = [(key, item) for key, item in value.items() if isinstance(key, (str, int))]
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    else:
        return
    if id(value) in ancestors:
        return
    for key, item in items:
        yield from namedTensors(item, f"{prefix}{key}.", (*ancestors, id(value)))


def describe(file, value):
    with open(f"{file}.txt", "w") as out:
        for name, tensor in namedTensors(value):
            shape = ",".join(str(size) for size in tensor.shape)
            values = tensor.detach().to(torch.float64).contiguous().flatten()[:MOST_VALUES].tolist()
            text = " ".join(repr(number) for number in values)
            print(name, TYPES[tensor.dtype], shape, text, sep="\t", file=out)


class Call:
    """Pickles as a call, whatever that does when PyTorch unpickles it."""

    def __init__(self, function, *args):
        self.reduced = (function, args)

    def __reduce__(self):
        return self.reduced
