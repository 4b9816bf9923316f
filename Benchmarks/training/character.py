# SPDX-License-Identifier: Apache-2.0

"""One character to train on: drawings of the second generator of `../quality/mascots.py`, with which nothing is trained.

    python character.py --number 2 --out data

makes `data/train/mascot/*.png` with masks, and `data/held-out/N/{sketch,reference,target,...}.png` of other poses and
places of the same character."""

import argparse
import os
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "quality"))
from mascots import Sheet, hsv, mascot, palette, scenery  # noqa: E402


def drawings(number, count, size):
    rng = np.random.default_rng(7000 + number)
    who = dict(
        colors=palette(rng, 6), power=rng.choice([1.7, 2.0, 2.8, 4.0]), wide=rng.uniform(0.17, 0.24),
        tall=rng.uniform(0.2, 0.27), ears=number % 3, hat=(number + 1) % 3, scarf=number % 2 == 0, tail=True,
    )  # fmt: skip
    ink = hsv(rng.random(), 0.4, 0.14)
    places = [dict(colors=palette(rng, 5), kind=k % 4) for k in range(6)]
    for index in range(count):
        sheet = Sheet(size, round(size * rng.uniform(0.005, 0.008)), ink)
        scenery(sheet, places[index % len(places)], rng.uniform(0, 0.6))
        pose = dict(
            scale=rng.uniform(0.95, 1.35), mirrored=rng.random() < 0.5, tilt=rng.uniform(-0.2, 0.2),
            x=0.5 + rng.uniform(-0.12, 0.12), y=0.56 + rng.uniform(-0.05, 0.05), arms=rng.uniform(-0.5, 1.0),
        )  # fmt: skip
        mascot(sheet, who, pose)
        yield sheet.result()


def picture(array):
    return Image.fromarray(array.astype(np.uint8))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--number", type=int, default=2)
    parser.add_argument("--out", required=True)
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--train", type=int, default=30)
    parser.add_argument("--held-out", type=int, default=8)
    args = parser.parse_args()
    folder = os.path.join(args.out, "train", "mascot")
    os.makedirs(folder, exist_ok=True)
    views = list(drawings(args.number, args.train + args.held_out, args.size))
    for index, (color, _, figure) in enumerate(views[: args.train]):
        picture(color).save(f"{folder}/{index:03}.png")
        picture(255 * figure).save(f"{folder}/{index:03}.mask.png")
    for index, (color, lines, figure) in enumerate(views[args.train :]):
        pair = os.path.join(args.out, "held-out", f"{index:02}")
        os.makedirs(pair, exist_ok=True)
        # Another drawing in the same place, so that the ground's colors can be known.
        reference = views[((args.train + index) % 6 + 6 * (index % 4)) % args.train]
        picture(color).save(f"{pair}/target.png")
        picture(255 * ~lines).save(f"{pair}/sketch.png")
        picture(255 * figure).save(f"{pair}/sketch-mask.png")
        picture(reference[0]).save(f"{pair}/reference.png")
        picture(255 * reference[2]).save(f"{pair}/reference-mask.png")


if __name__ == "__main__":
    main()
