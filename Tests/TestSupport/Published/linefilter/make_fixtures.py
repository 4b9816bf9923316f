# SPDX-License-Identifier: Apache-2.0

"""Makes the recordings of the classical line filter: `python make_fixtures.py`. Needs numpy, safetensors.

The published filter's arithmetic, written down once more: x of 0..255 less its Gaussian of sigma 6 (49 taps, mirrored at the
borders as often as needed), the least of the channels, over the median of what is above 8 (at least 16), times 127,
truncated to 8 bits. Pictures are what the larger recordings lack: smaller than the kernel, of one row, without a line, with
a single dot.

    python make_fixtures.py --check DIR     # runs the published application's recordings in DIR instead, and compares
"""
import argparse, json, os
import numpy as np
from safetensors.numpy import load_file, save_file
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
RADIUS = 24


def mirrored(count):
    if count == 1: return np.zeros(1 + 2 * RADIUS, int)
    place = np.abs(np.arange(-RADIUS, count + RADIUS)) % (2 * count - 2)
    return np.where(place >= count, 2 * count - 2 - place, place)


def filtered(image):
    x = image.astype(np.float32)
    height, width, _ = x.shape
    taps = np.exp(-np.arange(-RADIUS, RADIUS + 1) ** 2 / 72.0)
    taps = (taps / taps.sum()).astype(np.float32)
    columns, rows = mirrored(width), mirrored(height)
    along = sum(t * x[:, columns[k:k + width]] for k, t in enumerate(taps))
    blurred = sum(t * along[rows[k:k + height]] for k, t in enumerate(taps)).astype(np.float32)
    intensity = np.clip((blurred - x).min(2), 0, 255)
    lines = intensity[intensity > 8]
    scaled = intensity / np.float32(max(16.0, float(np.median(lines)) if lines.size else 16.0)) * np.float32(127)
    global margin
    # A value that is the median gives 127 exactly, as is recorded.
    near = np.abs(scaled - np.round(scaled))[(scaled > 0.5) & (scaled != 127)]
    margin = float(near.min(initial=1))
    return (np.floor(np.clip(scaled, 0, 255)) / np.float32(127.5) - 1).astype(np.float32)[None, None]


def pictures():
    random = np.random.RandomState(71)
    for height, width in [(24, 31), (13, 50), (7, 5), (2, 3), (1, 1), (1, 40), (37, 1)]:
        while True:
            image = np.where(random.rand(height, width, 1) < 0.2, random.randint(0, 90, (height, width, 3)), 250)
            filtered(image)
            # No sample is so near to a whole one that the order of sums decides.
            if margin > 2e-4: break
        yield f"drawing.{height}x{width}", image
    dot = np.full((30, 30, 3), 255)
    dot[15, 15] = 0
    yield "dot.30x30", dot
    for distance in (8, 9, 11):
        # Whole columns are the median.
        stripes = np.full((10, 5 * distance, 3), 240)
        stripes[:, distance // 2::distance] = 20
        yield f"stripes.{distance}", stripes
    yield "flat.20x20", np.full((20, 20, 3), 128)
    yield "faint.30x20", np.where(random.rand(30, 20, 1) < 0.2, 246, 255).repeat(3, axis=2)


parser = argparse.ArgumentParser()
parser.add_argument("--check")
golden = parser.parse_args().check
if golden:
    T = load_file(os.path.join(golden, "linefilter.safetensors"))
    for key in sorted(k[:-6] for k in T if k.endswith(".image")):
        made = filtered(T[key + ".image"])
        print(key, "samples that differ:", int((np.abs(made - T[key + ".out"]) > 1e-3).sum()), "of", made.size)
else:
    T, cases = {}, []
    for key, image in pictures():
        image = image.astype(np.uint8)
        T[key + ".image"], T[key + ".out"] = image, filtered(image)
        cases.append({"key": key})
    save_file(T, os.path.join(OUT, "linefilter.safetensors"))
    lines = ",\n".join(json.dumps(c) for c in cases)
    open(os.path.join(OUT, "linefilter_cases.json"), "w").write('{"cases": [\n' + lines + "\n]}\n")
