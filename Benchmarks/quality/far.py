# SPDX-License-Identifier: Apache-2.0

"""Makes pairs whose views lie far apart, for `Benchmark --groups quality --data FOLDER`:

    apt-get install openclipart-svg librsvg2-bin
    pip install numpy scipy pillow scikit-image
    python Benchmarks/quality/far.py FOLDER

    bent     drawings that training leaves out; in the reference three parts are turned by up to 50 degrees about joints
    close    of two in three the reference is a close view of a part, of the others the sketch is
    scenes   of the generator that the embedded model was trained with, at seeds it never saw, in either order

The pairs of `pairs.py` are not among them. The folders are as there; they are made where they are wanted, and not kept
beside the sources (6 MB)."""

import argparse
import glob
import json
import os
import random
import shutil
import sys

import numpy as np
from scipy import ndimage

import drawings
import lineart
import pairs

FOLDERS = ("animals", "people", "recreation", "unsorted", "transportation", "plants")
LEFT_OUT = ("card", "flag", "sign", "symbol")


def candidates(root):
    """Drawings that training and `pairs.py` leave out, in a fixed order."""
    names = sorted(path[len(root) + 1 : -4] for path in glob.glob(f"{root}/**/*.svg", recursive=True))
    names = [
        name
        for name in names
        if drawings.is_held_out(name) and name not in drawings.NAMES and not any(word in name for word in LEFT_OUT)
    ]
    random.Random(3).shuffle(names)
    return [name for name in names if name.startswith(FOLDERS)]


def bent(drawing, rng, count=3):
    """Turns parts of a drawing, each about a joint between its middle and some place of it."""
    seen = drawing.copy()
    seen[..., :3] *= seen[..., 3:]
    pad = int(max(seen.shape[:2]) * 0.25)
    seen = np.pad(seen, ((pad, pad), (pad, pad), (0, 0)))
    for _ in range(count):
        inside = seen[..., 3] > 0.5
        h, w = inside.shape
        ys, xs = np.nonzero(inside)
        middle = np.array([ys.mean(), xs.mean()])
        chosen = rng.integers(len(ys))
        along = np.array([ys[chosen], xs[chosen]], float) - middle
        length = np.hypot(*along)
        if length < 0.1 * max(h, w):
            continue
        joint = middle + along * rng.uniform(0.35, 0.7)
        along /= length
        y, x = np.mgrid[:h, :w].astype(np.float32)
        y, x = y - joint[0], x - joint[1]
        beyond = (y * along[0] + x * along[1]) / (0.12 * max(h, w))
        angle = rng.uniform(0.35, 0.9) * rng.choice([-1, 1]) / (1 + np.exp(-4 * beyond))
        c, s = np.cos(angle), np.sin(angle)
        at = [joint[0] + c * y - s * x, joint[1] + s * y + c * x]
        seen = np.stack([ndimage.map_coordinates(seen[..., i], at, order=1) for i in range(4)], -1)
    ys, xs = np.nonzero(seen[..., 3] > 0.06)
    seen = seen[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    seen[..., :3] /= np.maximum(seen[..., 3:], 1e-4)
    return seen.clip(0, 1)


def views(root, name, number, kind, size, rng):
    """Two views of a drawing: the sketch's first."""
    drawing = drawings.figure(f"{root}/{name}.svg", round(1.5 * size))
    colors, ground = drawings.palette(rng, 4), drawings.KINDS[number % len(drawings.KINDS)]
    made = []
    for which in range(2):
        is_target = which == 0
        source = bent(drawing, rng) if kind == "bent" and not is_target else drawing
        fill = rng.uniform(0.82, 0.95) if is_target else rng.uniform(0.68, 1.05)
        shift = rng.uniform(-0.03, 0.03, 2) if is_target else rng.uniform(-0.09, 0.09, 2)
        if kind == "close" and is_target == (number % 3 == 2):
            fill = rng.uniform(1.7, 2.6)
            beyond = fill / 2 - 0.5
            shift = np.array([rng.uniform(-0.4, 0.4), rng.uniform(0.2, 0.9)]) * beyond
        seen = drawings.view(
            source, size, fill=fill, turn=rng.uniform(-0.08, 0.08) if is_target else rng.uniform(-0.22, 0.22),
            mirrored=not is_target and number % 2 == 1, shift=shift, bend=0.01 if is_target else 0.02, rng=rng,
        )  # fmt: skip
        behind = drawings.ground(ground, colors, size, rng.uniform(0, 1))
        rgb = seen[..., :3] + (1 - seen[..., 3:]) * behind
        made.append(((rgb * 255).round().clip(0, 255).astype(np.uint8), None, seen[..., 3] > 0.5))
    return made


def scene(number, size):
    """Two views of a scene; of every second one the view with fewer parts is the reference."""
    sys.path.insert(0, os.path.join(pairs.HERE, "../../Sources/CEmbeddedModel/recipe"))
    import cels

    cels.SS = 1
    made = cels.scene(np.random.default_rng(880_000_001 + 7919 * number), size, vary=0)
    order = sorted(range(2), key=lambda i: len(np.unique(made["part"][i])))[:: -1 if number % 2 else 1]
    return [(made["color"][i], made["sketch"][i] < 128, made["mask"][i] > 127) for i in order]


def main():
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("out", help="a folder that does not exist")
    cli.add_argument("--svg", default="/usr/share/openclipart/svg")
    cli.add_argument("--count", type=int, default=16, help="of each kind")
    o = cli.parse_args()
    os.makedirs(o.out)
    large, listed = pairs.SIZE * lineart.SCALE, []

    def add(kind, number, made, rng, **more):
        folder = os.path.join(o.out, f"{kind}-{number}")
        try:
            entry = pairs.write(folder, made(), lineart.KINDS[number % len(lineart.KINDS)], rng)
        except (ValueError, IndexError, AssertionError) as error:
            # Drawings of lines alone, or with nothing to fill.
            print(f"{kind}-{number} is left out: {error!r}", flush=True)
            entry = None
        if entry is None or entry["figureRegions"] < 4 or entry["regions"] > 140:
            shutil.rmtree(folder, ignore_errors=True)
            return False
        listed.append(dict(name=f"{kind}-{number}", source=kind, **entry, **more))
        print(listed[-1], flush=True)
        return True

    names = candidates(o.svg)
    for kind, pool in (("bent", names), ("close", names[::-1])):
        found = 0
        for number, name in enumerate(pool):
            if found == o.count:
                break
            rng = np.random.default_rng([17, number, ord("b" if kind == "bent" else "k")])
            found += add(kind, number, lambda: views(o.svg, name, number, kind, large, rng), rng, drawing=name)
    for number in range(o.count):
        add("scenes", number, lambda: scene(number, large), np.random.default_rng([9, number]))
    with open(os.path.join(o.out, "pairs.json"), "w") as file:
        json.dump(listed, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
