# SPDX-License-Identifier: Apache-2.0

"""Fills a ring of samples for `train.py`, for as long as it is let.

    python feed.py --drawings drawings.pack --out work

Views of drawings on grounds and of drawn scenes, as the colorizing model is trained with (the recipe in
`../../CEmbeddedModel/recipe`, which leaves out by name what is judged with): sketch, picture, mask,
reference and the reference's mask, uint8 [count, 9, 256, 256]."""

import argparse
import os
import sys

import numpy as np
import torch

sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../CEmbeddedModel/recipe")
)
import views  # noqa: E402
from bank import Bank  # noqa: E402

SIDE = 256
BATCH = 8


def eight_bits(x):
    return (x.clamp(0, 1) * 255 + 0.5).byte().numpy()


def sample(bank):
    pairs = views.pairs(bank, BATCH, SIDE, SIDE)
    light = lambda x: (x + 1) / 2  # noqa: E731
    parts = [
        1 - light(pairs["sketch"][:, :1]),
        light(pairs["target"]),
        pairs["mask"],
        light(pairs["reference"]),
        pairs["reference_mask"],
    ]
    return np.concatenate([eight_bits(part) for part in parts], 1)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--drawings", required=True, help="a pack, see pack.py of the other recipe")
    options.add_argument("--out", default="work", help="a folder")
    options.add_argument("--count", type=int, default=3200, help="samples in the ring")
    options.add_argument("--scenes", type=int, default=2600)
    options.add_argument("--grounds", type=int, default=500)
    options.add_argument("--workers", type=int, default=2)
    o = options.parse_args()
    os.makedirs(o.out, exist_ok=True)
    torch.set_num_threads(1)
    bank = Bank(
        o.drawings, o.out, o.scenes, o.grounds, "cpu", workers=o.workers, cel_share=0.5, hard=0.4
    )
    # Two thirds of the grounds are drawn, where the other recipe has a third: they are what is to be told.
    some_of = views.some_of
    views.some_of = lambda b, share: some_of(b, 0.65 if share == 0.35 else share)
    count = o.count // BATCH * BATCH
    ring = np.lib.format.open_memmap(
        os.path.join(o.out, "ring.npy"), mode="w+", dtype=np.uint8, shape=(count, 9, SIDE, SIDE)
    )
    made = 0
    while True:
        ring[made % count : made % count + BATCH] = sample(bank)
        made += BATCH
        with open(os.path.join(o.out, "made"), "w") as file:
            file.write(str(made))


if __name__ == "__main__":
    main()
