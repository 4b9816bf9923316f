# SPDX-License-Identifier: Apache-2.0

"""Writes the weights that the library brings along, norms folded into convolutions, matrices in f16.

    python export.py figure.pt ../data/figure.safetensors

Prints what PyTorch makes of a test picture with them: `FigureNetworkTests` has these numbers."""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file, save_file

from net import FigureNetwork


def folded(block):
    convolution, norm = block[0], block[1]
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return convolution.weight * scale.view(-1, 1, 1, 1), norm.bias - norm.running_mean * scale


def tensors(net):
    found = {}

    def put(name, weight, bias):
        found[f"{name}.weight"] = weight.detach().numpy().astype(np.float16)
        found[f"{name}.bias"] = bias.detach().numpy().astype(np.float32)

    put("stem", *folded(net.stem))
    for part, blocks in (("down", net.enc), ("up", list(net.dec)[::-1])):
        for level, pair in enumerate(blocks):
            for place in (0, 1):
                put(f"{part}.{level}.{place}", *folded(pair[place]))
    put("out", net.out.weight, net.out.bias)
    return found


def run(t, x):
    """The network, from the exported tensors alone."""

    def convolved(name, x, stride=1):
        weight = torch.from_numpy(t[f"{name}.weight"].astype(np.float32))
        bias = torch.from_numpy(t[f"{name}.bias"])
        padding = weight.shape[-1] // 2 if stride == 1 else 0
        return F.conv2d(x, weight, bias, stride, padding)

    def pair(name, x):
        return F.relu(convolved(f"{name}.1", F.relu(convolved(f"{name}.0", x))))

    x, levels = F.relu(convolved("stem", x, 4)), []
    for level in range(5):
        x = pair(f"down.{level}", F.max_pool2d(x, 2) if level else x)
        levels.append(x)
    for level in (3, 2, 1, 0):
        x = torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), levels[level]], 1)
        x = pair(f"up.{level}", x)
    return F.pixel_shuffle(convolved("out", x), 2)


def main():
    net = FigureNetwork()
    net.load_state_dict(torch.load(sys.argv[1])["mean"])
    save_file(tensors(net.eval()), sys.argv[2])
    # A picture of whole numbers, which any language makes alike.
    y, x = np.mgrid[0:256, 0:256]
    samples = np.stack([(x * 3 + y) % 256, (x * y) % 251, (x + 2 * y) // 3], -1)
    picture = torch.from_numpy(samples.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    for flag in (0.0, 1.0):
        logits = run(load_file(sys.argv[2]), F.pad(picture, (0, 0, 0, 0, 0, 1), value=flag))
        print([round(float(v), 4) for v in logits[0, 0, 5::40, 9::40].flatten()])


if __name__ == "__main__":
    main()
