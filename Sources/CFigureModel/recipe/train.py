# SPDX-License-Identifier: Apache-2.0

"""Trains the network for figures on the samples of `feed.py`, which runs beside it.

    python train.py --work work --minutes 60 --out figure.pt [--start figure.pt]"""

import argparse
import math
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

from net import FigureNetwork


def uniform(b, low, high):
    return low + (high - low) * torch.rand(b, 1, 1, 1)


def chance(b, odds):
    return torch.rand(b, 1, 1, 1) < odds


def drawn(lines):
    """Drawings whose lines are broader, fainter or darker."""
    b, way = len(lines), torch.rand(len(lines), 1, 1, 1)
    broad = F.max_pool2d(lines, 3, 1, 1)
    lines = torch.where(way < 0.25, broad, torch.where(way < 0.5, 0.5 * (lines + broad), lines))
    return 1 - (lines * uniform(b, 0.6, 1.5)).clamp(0, 1) ** uniform(b, 0.6, 1.4)


def colored(x):
    """Pictures in other light, softened, with grain, some without colors."""
    b = len(x)
    x = torch.where(chance(b, 0.06), x.mean(1, keepdim=True).expand_as(x), x)
    tint = 0.15 * torch.randn(b, 3, 1, 1) * chance(b, 0.4)
    x = (x - 0.5) * uniform(b, 0.7, 1.2) + 0.5 + tint
    soft = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), "replicate"), 3, 1)
    x = torch.where(chance(b, 0.3), soft, x)
    return torch.where(chance(b, 0.3), x + 0.03 * torch.randn_like(x), x).clamp(0, 1)


def window(x):
    """Three fifths of pictures are windows of them, of another aspect; half are mirrored."""
    b = len(x)
    zoom = 0.6 + 0.4 * torch.rand(b, 2).sqrt()
    zoom[torch.rand(b) < 0.4] = 1
    turn = torch.zeros(b, 2, 3)
    turn[:, 0, 0] = zoom[:, 0] * torch.where(torch.rand(b) < 0.5, -1.0, 1.0)
    turn[:, 1, 1] = zoom[:, 1]
    turn[:, :, 2] = (1 - zoom) * (2 * torch.rand(b, 2) - 1)
    grid = F.affine_grid(turn, x.shape, align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def batch(ring, made, b, rng):
    index = np.sort(rng.integers(min(made, len(ring)), size=b))
    x = torch.from_numpy(ring[index].copy()).float() / 255
    kind = torch.rand(b, 1, 1, 1)
    is_drawing, is_reference = kind < 0.5, kind > 0.75
    picture = torch.where(is_reference, x[:, 5:8], x[:, 1:4])
    mask = torch.where(is_reference, x[:, 8:], x[:, 4:5])
    seen = torch.where(is_drawing, drawn(1 - x[:, :1]).expand(-1, 3, -1, -1), colored(picture))
    both = window(torch.cat([seen, mask], 1))
    flag = is_drawing.float().expand(-1, 1, *both.shape[-2:])
    inputs = torch.cat([both[:, :3] * 2 - 1, flag], 1).contiguous(memory_format=torch.channels_last)
    return inputs, F.avg_pool2d(both[:, 3:], 2), is_drawing.flatten()


def overlap(a, b, least=1.0):
    both = (a * b).sum((1, 2, 3))
    return (both + least) / ((a + b).sum((1, 2, 3)) - both + least)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--work", default="work")
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--out", default="figure.pt")
    options.add_argument("--start")
    options.add_argument("--rate", type=float, default=2e-3)
    options.add_argument("--batch", type=int, default=32)
    o = options.parse_args()
    net = FigureNetwork().to(memory_format=torch.channels_last)
    if o.start:
        net.load_state_dict(torch.load(o.start)["raw"])
    mean = {k: v.clone() for k, v in net.state_dict().items()}
    optimizer = torch.optim.AdamW(net.parameters(), lr=o.rate, weight_decay=1e-4)
    rng = np.random.default_rng(int(time.time()))
    made = lambda: int(open(os.path.join(o.work, "made")).read() or 8)  # noqa: E731
    while not os.path.exists(os.path.join(o.work, "made")) or made() < 600:
        time.sleep(2)
    ring = np.load(os.path.join(o.work, "ring.npy"), mmap_mode="r")
    start, step, found = time.time(), 0, ([], [])

    def save():
        torch.save(dict(mean=mean, raw=net.state_dict()), o.out + ".tmp")
        os.replace(o.out + ".tmp", o.out)

    while (share := (time.time() - start) / 60 / o.minutes) < 1:
        for group in optimizer.param_groups:
            warm = min(1, (step + 1) / 100)
            group["lr"] = o.rate * warm * (0.5 + 0.5 * math.cos(math.pi * share)) + 1e-5
        x, mask, is_drawing = batch(ring, made(), o.batch, rng)
        logits = net(x)
        sure = logits.sigmoid()
        loss = F.binary_cross_entropy_with_logits(logits, mask)
        loss = loss + 0.5 * (1 - overlap(sure, mask)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        with torch.no_grad():
            keep = min(0.995, (step + 1) / (step + 20))
            for key, value in net.state_dict().items():
                if value.dtype.is_floating_point:
                    mean[key].lerp_(value, 1 - keep)
                else:
                    mean[key].copy_(value)
            cut = overlap((sure > 0.5).float(), (mask > 0.5).float())
            for kind in (False, True):
                if (is_drawing == kind).any():
                    found[kind].append(float(cut[is_drawing == kind].mean()))
        if step % 50 == 0:
            colors, lines = (np.mean(f[-50:]) for f in found)
            print(
                f"step {step}, {step * o.batch} pictures, {time.time() - start:.0f} s: loss "
                f"{float(loss.detach()):.3f}, overlap {colors:.3f} of pictures, {lines:.3f} of drawings",
                flush=True,
            )
            save()
    save()


if __name__ == "__main__":
    main()
