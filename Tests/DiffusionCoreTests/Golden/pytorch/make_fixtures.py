# SPDX-License-Identifier: Apache-2.0

"""Makes the PyTorch fixtures: python3 make_fixtures.py (needs torch and numpy).

Each file holds small tensors whose numbers are counted up from what their name's place says, so that the test can compute
them. hostile-*.pt are programs that PyTorch, too, refuses with weights_only=True.
"""
import collections
import io
import os
import pickle
import pickletools
import struct
import zipfile

import torch


def ramp(start, *shape, dtype=torch.float32):
    count = 1
    for n in shape:
        count *= n
    return (torch.arange(count, dtype=torch.float64) + start).reshape(shape).to(dtype)


def state():
    big = ramp(100, 40)
    return collections.OrderedDict(
        [
            ("a.weight", ramp(1, 3, 4)),
            ("a.bias", ramp(50, 3, dtype=torch.float16)),
            ("b.weight", ramp(20, 2, 5, dtype=torch.bfloat16)),
            ("c.double", ramp(7, 2, 2, dtype=torch.float64)),
            ("d.count", torch.tensor(12, dtype=torch.int64)),
            ("e.flags", torch.tensor([True, False, True])),
            # Views of one storage: a part, a transposed one, every second element.
            ("view.part", big[10:16].reshape(2, 3)),
            ("view.turned", big[:6].reshape(2, 3).t()),
            ("view.second", big[20:30:2]),
            ("view.last", ramp(3, 1, 2, 2, 3).contiguous(memory_format=torch.channels_last)),
            ("empty", torch.zeros(0, 4)),
            ("parameter", torch.nn.Parameter(ramp(9, 2))),
        ]
    )


torch.save(state(), "plain.pt")
torch.save(state(), "legacy.pth", _use_new_zipfile_serialization=False)
model = torch.nn.Linear(2, 2)
optimizer = torch.optim.Adam(model.parameters())
model(torch.ones(1, 2)).sum().backward()
optimizer.step()
everything = {
    "epoch": 3,
    "global_step": 12345678901,
    "pytorch-lightning_version": "1.9.0",
    "state_dict": state(),
    "optimizer_states": [optimizer.state_dict()],
    "lr_schedulers": [],
    "callbacks": {"ModelCheckpoint": {"best": None, "scores": {1: 2.5}}},
}
torch.save(everything, "training.ckpt")
torch.save(everything, "training-legacy.ckpt", _use_new_zipfile_serialization=False)
torch.save({"model": {"x": ramp(1, 2)}, "optimizer": optimizer.state_dict(), "step": 5}, "nested.pt")
# Attributes of a tensor are no weights; a view of other sign is no copy.
noted = ramp(1, 2, 3)
noted.note = {"made": "by hand"}
for name, zipped in (("attributes.pt", True), ("attributes-legacy.pth", False)):
    torch.save({"a.weight": noted, "a.bias": ramp(50, 3)}, name, _use_new_zipfile_serialization=zipped)
negated = torch.view_as_complex(ramp(1, 2, 2)).conj().imag
torch.save({"a.weight": negated}, "negated.pt")
torch.save({"a.weight": negated}, "negated-legacy.pth", _use_new_zipfile_serialization=False)


class Marked(torch.Tensor):
    """A class of its own, which a reader would have to run."""


torch.save({"weight": ramp(1, 2).as_subclass(Marked)}, "hostile-class.pt")


class Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


torch.save({"weight": ramp(1, 2), "more": Call(os.system, "touch /tmp/irodori-was-run")}, "hostile-system.pt")
torch.save({"weight": Call(eval, "1 + 1")}, "hostile-eval.pt", _use_new_zipfile_serialization=False)
torch.save(model, "hostile-module.pt")
open("hostile-pickle.pt", "wb").write(pickle.dumps({"weight": [1.0, 2.0]}, protocol=2))
torch.jit.save(torch.jit.script(model), "hostile-script.pt")


def repacked(name, change):
    """plain.pt with its list of tensors changed."""
    with zipfile.ZipFile("plain.pt") as source, zipfile.ZipFile(name, "w", zipfile.ZIP_STORED) as target:
        for item in source.infolist():
            data = source.read(item)
            target.writestr(item.filename, change(data) if item.filename.endswith("data.pkl") else data)


# The first tensor: 3 x 4 of strides 4, 1 in a storage of 12. BININT1 is K.
shape = b"K\x03K\x04\x86"
assert pickletools is not None


def replaced(old, new):
    def change(data):
        assert data.count(old) >= 1, old
        return data.replace(old, new, 1)

    return change


repacked("hostile-shape.pt", replaced(shape, b"K\x03K\x05\x86"))
repacked("hostile-large.pt", replaced(shape, b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86"))
repacked("hostile-strides.pt", replaced(shape, b"K\x03K\xff\x86"))
# Allowed, if odd: a dimension of one element with a stride beyond all memory, and no elements of impossible extents.
strides = b"K\x04K\x01\x86"
most = b"\x8a\x08" + b"\xff" * 7 + b"\x7f"
tera = b"\x8a\x06" + b"\x00" * 5 + b"\x01"
repacked("odd-strides.pt", lambda data: replaced(strides, b"K\x05" + most + b"K\x03\x87")(
    replaced(shape, b"K\x02K\x01K\x02\x87")(data)))
repacked("odd-empty.pt", lambda data: replaced(strides, b"K\x00" + tera + b"K\x01\x87")(
    replaced(shape, b"K\x00" + tera + tera + b"\x87")(data)))
with zipfile.ZipFile("plain.pt") as source, zipfile.ZipFile("hostile-compressed.pt", "w", zipfile.ZIP_DEFLATED) as target:
    for item in source.infolist():
        target.writestr(item.filename, source.read(item))
data = open("plain.pt", "rb").read()
open("hostile-cut.pt", "wb").write(data[: len(data) // 2])
data = open("legacy.pth", "rb").read()
open("hostile-cut.pth", "wb").write(data[:-20])
# What older programs wrote: the first protocols, in which numbers and texts are lines. PyTorch cannot read its own files of
# protocol 0, whose references to storages are texts.
named = collections.OrderedDict([("a.weight", ramp(1, 2, 3)), ("b.\u00e9\u4e00\\n", ramp(7, 2, dtype=torch.float16))])
for protocol in (0, 1):
    for name, zipped in ((f"protocol{protocol}.pth", False), (f"protocol{protocol}.pt", True)):
        torch.save({"state_dict": named, "epoch": 1 << 70, "done": True}, name,
                   _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
# Views that repeat elements: one number, a row, a column of two.
expanded = {"one": torch.tensor(5.0).expand(2, 3), "rows": ramp(1, 3).expand(2, 3),
            "columns": ramp(1, 2, 1).expand(2, 3), "window": ramp(1, 4).unfold(0, 2, 1)}
torch.save(expanded, "expanded.pt")
torch.save(expanded, "expanded-legacy.pth", _use_new_zipfile_serialization=False)
torch.save({"a": torch.tensor(5.0).expand(1000000, 1000000), "b": ramp(1, 2)}, "hostile-expanded.pt")
torch.save({str(i): torch.tensor(5.0).expand(1 << 20, 32) for i in range(3)}, "hostile-expanded-many.pt")
# The state of an optimiser: its parameters are numbered.
torch.save(optimizer.state_dict(), "optimizer.pt")
torch.save({"net": {"x": ramp(1, 2)}, "adam": optimizer.state_dict(), 7: ramp(3, 2)}, "numbered.pt")
quantized = torch.quantize_per_tensor(ramp(0, 2, 2), 0.5, 1, torch.quint8)
channels = torch.quantize_per_channel(ramp(0, 2, 2), torch.ones(2), torch.zeros(2, dtype=torch.long), 0, torch.qint8)
for name, tensor in {
    "quantized": quantized, "channels": channels, "sparse": torch.eye(3).to_sparse(), "csr": torch.eye(3).to_sparse_csr(),
    "nested": torch.nested.nested_tensor([torch.ones(1), torch.ones(2)]), "meta": torch.ones(2, device="meta"),
}.items():
    torch.save({"a.weight": tensor, "b": ramp(1, 2)}, f"other-{name}.pt")
torch.save({"state_dict": {"b": ramp(1, 2)}, "more": quantized}, "other-apart.pth", _use_new_zipfile_serialization=False)
# Not executed while they were made.
assert not os.path.exists("/tmp/irodori-was-run")
