# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes weights files into a folder, and beside each good one what PyTorch finds in it.

Those of torch.save are made here, the others by make_arrays.py; expected.py says what goes beside them.
"""

import argparse
import collections
import io
import os
import pathlib
import pickle
import struct
import sys
import warnings
import zipfile

import numpy
import torch
import torchvision
from torch.serialization import MAGIC_NUMBER, PROTOCOL_VERSION

import make_arrays
from expected import TYPES, Call, describe


def save(file, value, zipped, expected=None, **options):
    torch.save(value, file, _use_new_zipfile_serialization=zipped, **options)
    describe(file, value if expected is None else expected)


def saveBoth(folder, name, value, expected=None):
    save(folder / f"{name}.zip.pth", value, True, expected)
    save(folder / f"{name}.stream.pth", value, False, expected)


def stateDict():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    return model.state_dict()


def allTypes():
    numbers = torch.tensor([-3.5, 0.0, 1.0, 100.0, 2.0**-14, 1.0 / 3.0])
    tensors = {str(type): numbers.abs().to(type) for type in TYPES}
    signed = {f"signed.{type}": numbers.to(type) for type in TYPES if type.is_signed}
    special = torch.tensor([float("inf"), float("-inf"), float("nan"), 6e-8, -0.0])
    specials = {f"special.{type}": special.to(type) for type in TYPES if type.is_floating_point}
    large = {"large": torch.tensor([2**62 + 1, -(2**62)])}
    return {**tensors, **signed, **specials, **large}


def views():
    base = torch.arange(24.0)
    return {
        "offset": base[5:9], "strided": base[1:20:3], "grid": base.view(4, 6),
        "transposed": base.view(4, 6).t(), "permuted": base.view(2, 3, 4).permute(2, 0, 1),
        "last": base[23], "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 5),
        "scalar": torch.tensor(7.25), "empty": torch.empty(0), "hollow": torch.empty(3, 0, 2),
        "past": base[24:], "parameter": torch.nn.Parameter(torch.ones(2, 2)),
        "frozen": torch.nn.Parameter(torch.zeros(3), requires_grad=False),
        "channelsLast": torch.rand(1, 3, 2, 2).to(memory_format=torch.channels_last),
    }


def withAttributes():
    parameter = torch.nn.Parameter(torch.arange(3.0))
    parameter.note = "has a state"
    tensor = torch.arange(4.0)
    tensor.note = "has a state"
    return {"parameter": parameter, "tensor": tensor}


def trainingCheckpoint():
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    return {
        "model": model.state_dict(), "optimizer": optimizer.state_dict(),
        "lr_scheduler": scheduler.state_dict(), "epoch": 14, "loss": 0.25, "big": 2**100,
        "args": argparse.Namespace(lr=0.1, device="cuda", names=["a", "b"], hidden=torch.ones(1)),
        "scaler": torch.amp.GradScaler("cpu").state_dict(), "rng": torch.get_rng_state(),
        "history": [{"loss": torch.tensor(0.5)}, (torch.tensor(1), None)], "seen": {1, 2},
        "raw": b"bytes", "buffer": bytearray(b"more"), "done": False, (1, 2): torch.ones(1),
    }


def unreadableTypes():
    """Among them ordinary tensors, to see that the unreadable ones are stepped over."""
    complexes = torch.tensor([1 + 2j, 3 - 4j])
    tensors = {
        "complex": complexes, "a": torch.ones(3), "complexDouble": complexes.to(torch.complex128),
        "float8": torch.ones(3).to(torch.float8_e4m3fnuz), "b": torch.arange(5),
        "uint16": torch.ones(3).to(torch.uint16), "negated": torch.ones(3)._neg_view(),
        "sparse": torch.eye(3).to_sparse(), "meta": torch.ones(3, device="meta"), "c": torch.tensor([True, False]),
    }
    with warnings.catch_warnings(action="ignore"):
        tensors["quantised"] = torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)
    tensors["d"] = torch.ones(2).half()
    return tensors


class Stream:
    """The stream format by hand: what a tensor says about its storage need not be true."""

    def __init__(self, littleEndian=True):
        self.out = io.BytesIO()
        for value in (MAGIC_NUMBER, PROTOCOL_VERSION, {"little_endian": littleEndian}):
            pickle.dump(value, self.out, protocol=2)

    class Storage:
        def __init__(self, *fields):
            self.fields = fields

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return value.fields if isinstance(value, Stream.Storage) else None

    @staticmethod
    def tensor(offset=0, shape=(2, 3), stride=(3, 1), key="0", count=6, part=None,
               storage=torch.FloatStorage):
        storage = Stream.Storage("storage", storage, key, "cpu", count, part)
        return Call(torch._utils._rebuild_tensor_v2, storage, offset, shape, stride, False,
                    collections.OrderedDict())

    def write(self, file, value, count=6):
        self.Pickler(self.out, protocol=2).dump(value)
        return self.writeStorages(file, count)

    def writeStorages(self, file, count=6, keys=("0",)):
        pickle.dump(list(keys), self.out, protocol=2)
        self.out.write(struct.pack("<q", count) + struct.pack("<6f", *range(6)))
        file.write_bytes(self.out.getvalue())
        return file


def rewriteZip(source, target, compression, change=lambda name, data: data):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        for entry in old.infolist():
            with new.open(entry.filename, "w", force_zip64=True) as out:
                out.write(change(entry.filename, old.read(entry.filename)))


def writeOddContainers(folder):
    """What older writers, or unusual ones, make."""
    state = stateDict()
    rewriteZip(folder / "state.zip.pth", folder / "deflated.pth", zipfile.ZIP_DEFLATED)
    describe(folder / "deflated.pth", state)
    pairs = Call(collections.OrderedDict, [[name, tensor] for name, tensor in state.items()])
    saveBoth(folder, "python2", pairs, state)
    for protocol in (1, 3, 4, 5):
        save(folder / f"protocol{protocol}.pth", trainingCheckpoint(), protocol % 2, None,
             pickle_protocol=protocol)
    looped = {"weight": torch.ones(2)}
    looped["list"] = [looped, torch.zeros(1)]
    saveBoth(folder, "looped", looped)
    parts = {"whole": Stream.tensor(), "part": Stream.tensor(1, (2,), (1,), part=("1", 2, 4))}
    file = Stream().write(folder / "parts.pth", parts)
    describe(file, torch.load(file, weights_only=False))


def writeByteOrders(folder):
    """What a big-endian machine writes: in a zip its own numbers, in a stream little-endian ones."""
    types = {name: tensor.clone() for name, tensor in allTypes().items()}
    for tensor in types.values():
        tensor.untyped_storage().byteswap(tensor.dtype)
    torch.save(types, folder / "swapped.zip.pth")
    for name, compression in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        file = folder / f"bigEndian.{name}.pth"
        rewriteZip(folder / "swapped.zip.pth", file, compression,
                   lambda name, data: b"big" if name.endswith("byteorder") else data)
        describe(file, torch.load(file))
    file = Stream(littleEndian=False).write(folder / "bigEndian.stream.pth", {"a": Stream.tensor()})
    describe(file, torch.load(file, weights_only=False))


def writeTraining(folder):
    """What training scripts and frameworks leave behind."""
    torch.manual_seed(0)
    resnet = torchvision.models.resnet18()
    saveBoth(folder, "resnet18", resnet)
    saveBoth(folder, "parallel", torch.nn.DataParallel(torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1))))
    state = {f"model.{name}": tensor for name, tensor in stateDict().items()}
    callback = {"monitor": "val_loss", "best_model_score": torch.tensor(0.25), "best_model_path": "epoch=3.ckpt"}
    saveBoth(folder, "lightning", {
        "epoch": 3, "global_step": 1200, "pytorch-lightning_version": "2.5.1", "state_dict": state,
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 4}}}},
        "callbacks": {"ModelCheckpoint{'monitor': 'val_loss'}": callback}, "optimizer_states": [], "lr_schedulers": [],
        "hparams_name": "kwargs", "hyper_parameters": {"lr": 0.1, "args": argparse.Namespace(hidden=torch.ones(1)),
                                                       "steps": collections.deque([1, 2])},
    })
    saveBoth(folder, "arrays", {"state_dict": stateDict(), "best": numpy.float64(0.75), "arrays": make_arrays.arrays()})
    rewriteZip(folder / "arrays.zip.pth", folder / "deflatedArrays.pth", zipfile.ZIP_DEFLATED)
    describe(folder / "deflatedArrays.pth", torch.load(folder / "arrays.zip.pth", weights_only=False))


def writeLies(folder):
    lies = {
        "count": {"count": 7}, "offset": {"offset": 1}, "shape": {"shape": (2, 4)},
        "stride": {"stride": (4, 1)}, "negativeOffset": {"offset": -1},
        "negativeShape": {"shape": (-2, 3)}, "negativeStride": {"stride": (-3, 1)},
        "dimensions": {"stride": (1,)}, "missing": {"key": "1"}, "text": {"shape": ("2", "3")},
        "overflow": {"shape": (2**62, 2**62), "stride": (2**62, 2**62)},
        "elements": {"shape": (2**62, 2**62), "stride": (0, 0)},
        "part": {"part": ("1", 4, 3)}, "widerType": {"storage": torch.DoubleStorage},
        "manyDimensions": {"shape": (1,) * 65, "stride": (1,) * 65},
    }
    for name, lie in lies.items():
        Stream().write(folder / f"lie.{name}.pth", [Stream.tensor(), Stream.tensor(**lie)])
    Stream().write(folder / "lie.fileCount.pth", Stream.tensor(), count=2**62)
    Stream().write(folder / "lie.negativeFileCount.pth", Stream.tensor(), count=-1)


def writeHostile(folder):
    call = Call(os.system, f"touch '{folder / 'was-called'}'")
    saveBoth(folder, "call", {"model": call, "weight": torch.ones(2)}, {"weight": torch.ones(2)})
    torch.save(call, folder / "onlyCall.pth")

    memorized = b"X" + struct.pack("<I", 1 << 20) + bytes(1 << 20) + b"q\x00"
    raw = {
        "names": memorized + b"h\x00h\x00\x93" * 100000,
        "keys": memorized + b"}(" + b"h\x00N" * 100000 + b"u",
        "nested": b"]" * 100000 + b"a" * 99999,
        "marks": b"(" * 5000000,
        "duplicates": b"N" + b"2" * 5000000,
        "values": b"N" * 5000000,
        "unknownOpcode": b"\xff",
    }
    for name, opcodes in raw.items():
        stream = Stream()
        stream.out.write(b"\x80\x02" + opcodes + b".")
        stream.writeStorages(folder / f"hostile.{name}.pth", keys=())
    doubled = [Stream.tensor()]
    for _ in range(60):
        doubled = [doubled, doubled]
    Stream().write(folder / "hostile.doubled.pth", doubled)

    for name in ("data/0", "data.pkl"):
        rewriteZip(folder / "state.zip.pth", folder / f"hostile.bomb.{name.replace('/', '')}.pth", zipfile.ZIP_DEFLATED,
                   lambda entry, data, bomb=name: bytes(200 << 20) if entry.endswith(bomb) else data)
    writeSmallBombs(folder)


def writeSmallBombs(folder):
    """Deflated storages that unpack to more or less than they say, or to something else."""
    whole = (folder / "deflated.pth").read_bytes()
    with zipfile.ZipFile(folder / "deflated.pth") as archive:
        entry = next(entry for entry in archive.infolist() if entry.filename.endswith("data/0"))
    start = whole.index(b"PK\1\2")
    while entry.filename.encode() not in whole[start + 46:start + 46 + len(entry.filename)]:
        start = whole.index(b"PK\1\2", start + 1)
    for name, place, value in (("more", 24, entry.file_size + 4), ("less", 24, 24), ("checksum", 16, entry.CRC ^ 1),
                               ("claim", 24, 60 << 20)):
        changed = bytearray(whole)
        changed[start + place:start + place + 4] = struct.pack("<I", value)
        (folder / f"late.{name}.pth").write_bytes(changed)


def writeUnsupported(folder):
    rewriteZip(folder / "state.zip.pth", folder / "lie.byteOrder.pth", zipfile.ZIP_STORED,
               lambda name, data: b"middle" if name.endswith("byteorder") else data)
    rewriteZip(folder / "state.zip.pth", folder / "bzip2.pth", zipfile.ZIP_BZIP2)
    with warnings.catch_warnings(action="ignore"):
        torch.jit.script(torch.nn.Linear(2, 2)).save(folder / "script.pth")
    with zipfile.ZipFile(folder / "otherZip.pth", "w") as archive:
        archive.writestr("word/document.xml", "text")
    torch.save({"epoch": 3}, folder / "noTensors.pth")


def writeAll(folder):
    folder.mkdir(parents=True, exist_ok=True)
    shared = torch.arange(6.0)
    saveBoth(folder, "state", stateDict())
    saveBoth(folder, "plain", dict(stateDict()))
    saveBoth(folder, "types", allTypes())
    saveBoth(folder, "views", views())
    saveBoth(folder, "attributes", withAttributes())
    saveBoth(folder, "shared", {"a": shared, "b": shared, "c": shared[2:4], "d": [shared] * 2})
    saveBoth(folder, "training", trainingCheckpoint())
    saveBoth(folder, "tensor", torch.arange(3.0))
    saveBoth(folder, "unreadable", unreadableTypes())
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1, bias=False), torch.nn.BatchNorm2d(2))
    saveBoth(folder, "module", {"model": torch.nn.ModuleDict({"body": module})})
    writeOddContainers(folder)
    writeByteOrders(folder)
    writeTraining(folder)
    writeLies(folder)
    writeHostile(folder)
    writeUnsupported(folder)
    make_arrays.writeAll(folder, allTypes())


if __name__ == "__main__":
    writeAll(pathlib.Path(sys.argv[1]))
