# SPDX-License-Identifier: Apache-2.0

"""Records what PyTorch makes of the operations of small convolutional networks.

    python make_fixtures.py

Needs torch and safetensors. Writes operations.safetensors (NAME.x, NAME.weight, ..., NAME.out, in PyTorch's order of
axes) and cases.json ([{"name", "op", parameters}]). All is computed in float64 and stored in float32.
"""

import json
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(11)
tensors, cases = {}, []


def draw(*shape):
    # As they are stored, so that the recorded result is that of the recorded operands.
    return torch.randn(*shape, dtype=torch.float64).float().double()


def record(name, op, out, operands, **parameters):
    for key, value in {**operands, "out": out}.items():
        tensors[f"{name}.{key}"] = value.float().contiguous()
    cases.append({"name": name, "op": op, **parameters})


def convolution(name, inputs, outputs, kernel, size=(7, 9), **geometry):
    x, w, b = draw(2, inputs, *size), draw(outputs, inputs // geometry.get("groups", 1), *kernel), draw(outputs)
    record(name, "convolution", F.conv2d(x, w, b, **geometry), {"x": x, "weight": w, "bias": b}, **geometry)


convolution("dilated", 3, 4, (3, 3), padding=2, dilation=2)
convolution("dilated_strided", 4, 2, (3, 2), padding=1, dilation=3, stride=2)
convolution("grouped", 6, 4, (3, 3), padding=1, groups=2)
convolution("depthwise", 5, 5, (3, 3), padding=2, dilation=2, groups=5)
convolution("depthwise_multiplied", 3, 6, (3, 3), padding=1, groups=3, stride=2)


def transposed(name, inputs, outputs, kernel, size=(4, 5), **geometry):
    x, w, b = draw(2, inputs, *size), draw(inputs, outputs // geometry.get("groups", 1), *kernel), draw(outputs)
    record(
        name, "transposed", F.conv_transpose2d(x, w, b, **geometry), {"x": x, "weight": w, "bias": b}, **geometry)


transposed("transposed_4", 3, 5, (4, 4), stride=2, padding=1)
transposed("transposed_3", 4, 2, (3, 3), stride=2, padding=1, output_padding=1)
transposed("transposed_2", 3, 3, (2, 2), stride=2)
transposed("transposed_1", 2, 3, (1, 1), stride=3)
transposed("transposed_dilated", 3, 2, (3, 3), stride=2, padding=1, dilation=2)
transposed("transposed_grouped", 4, 6, (3, 4), stride=2, padding=1, groups=2)

for ceil in (False, True):
    for kernel, stride, padding in [(2, 2, 0), (3, 2, 1), (3, 3, 0), (2, 1, 1), (2, 3, 1)]:
        x = draw(2, 3, 8, 7)
        window = {"kernel": kernel, "stride": stride, "padding": padding, "ceil": ceil}
        name = f"{kernel}_{stride}_{padding}_{'ceil' if ceil else 'floor'}"
        record(f"max_{name}", "max_pool", F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil), {"x": x}, **window)
        for counts in (False, True):
            out = F.avg_pool2d(x, kernel, stride, padding, ceil_mode=ceil, count_include_pad=counts)
            record(f"average_{name}_{counts}", "average_pool", out, {"x": x}, counts=counts, **window)

x = draw(1, 2, 5, 4)
for mode in ("reflect", "replicate", "constant"):
    left, right, top, bottom = 3, 1, 2, 4
    record(
        f"pad_{mode}", "pad", F.pad(x, (left, right, top, bottom), mode=mode), {"x": x}, mode=mode, left=left,
        right=right, top=top, bottom=bottom)

x = draw(2, 3, 4, 5)
slopes = draw(3)
record("relu", "relu", F.relu(x), {"x": x})
record("leaky_relu", "leaky_relu", F.leaky_relu(x, 0.2), {"x": x}, slope=0.2)
record("prelu", "prelu", F.prelu(x, slopes), {"x": x, "slopes": slopes})
record("prelu_shared", "prelu", F.prelu(x, slopes[:1]), {"x": x, "slopes": slopes[:1]})
record("sigmoid", "sigmoid", torch.sigmoid(x), {"x": x})
record("tanh", "tanh", torch.tanh(3 * x), {"x": (3 * x)})

x, gamma, beta, mean, variance = 3 * draw(2, 4, 6, 5) + 1, draw(4), draw(4), draw(4), draw(4).abs() + 0.1
record(
    "instance_norm", "instance_norm", F.instance_norm(x, weight=gamma, bias=beta, eps=1e-5),
    {"x": x, "gamma": gamma, "beta": beta})
record("instance_norm_plain", "instance_norm", F.instance_norm(x, eps=1e-5), {"x": x})
record(
    "batch_norm", "batch_norm", F.batch_norm(x, mean, variance, gamma, beta, eps=1e-3),
    {"x": x, "weight": gamma, "bias": beta, "running_mean": mean, "running_var": variance}, epsilon=1e-3)

x = draw(1, 2, 7, 6)
for size in [(13, 9), (3, 4), (7, 6), (1, 1), (14, 12)]:
    for mode, corners in [
        ("nearest", None), ("area", None), ("bilinear", False), ("bilinear", True), ("bicubic", False), ("bicubic", True)
    ]:
        out = F.interpolate(x, size=size, mode=mode, align_corners=corners)
        record(
            f"{mode}_{corners}_{size[0]}x{size[1]}", "interpolate", out, {"x": x}, mode=mode, corners=bool(corners),
            height=size[0], width=size[1])

save_file(tensors, os.path.join(HERE, "operations.safetensors"))
with open(os.path.join(HERE, "cases.json"), "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
