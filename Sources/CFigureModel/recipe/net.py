# SPDX-License-Identifier: Apache-2.0

"""The network that tells figures from their ground: a U-Net of half a million numbers.

A picture of 256 x 256 (red, green, blue in -1 to 1; 1 for a drawing, 0 for a coloured picture) becomes
logits of 128 x 128."""

import torch
import torch.nn as nn
import torch.nn.functional as F

WIDTHS = (16, 32, 48, 64, 96)


class Block(nn.Sequential):
    """A convolution, its norm and what it lets through."""

    def __init__(self, inputs, outputs, kernel=3, stride=1):
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class FigureNetwork(nn.Module):
    def __init__(self, widths=WIDTHS):
        super().__init__()
        self.stem = Block(4, widths[0], 4, 4)
        self.enc = nn.ModuleList(
            nn.Sequential(Block(widths[max(level - 1, 0)], width), Block(width, width))
            for level, width in enumerate(widths)
        )
        self.dec = nn.ModuleList(
            nn.Sequential(
                Block(widths[level + 1] + widths[level], widths[level]),
                Block(widths[level], widths[level]),
            )
            for level in reversed(range(len(widths) - 1))
        )
        self.out = nn.Conv2d(widths[0], 4, 3, 1, 1)

    def forward(self, x):
        x, levels = self.stem(x), []
        for level, block in enumerate(self.enc):
            x = block(F.max_pool2d(x, 2) if level else x)
            levels.append(x)
        for block, beside in zip(self.dec, levels[-2::-1]):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), beside], 1))
        return F.pixel_shuffle(self.out(x), 2)
