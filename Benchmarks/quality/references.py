# SPDX-License-Identifier: Apache-2.0

"""Whether each of three references colours its own part of a drawing and nothing else: `python references.py --tool COLORIZE`.

A scene is a pair of ../data/quality: its figure is coloured after its own reference, the upper part of the figure ("hair")
after another pair's, and the ground ("set") after a third one's. Then one reference is changed at a time, and the mean
colour difference (CIE76) to the picture before is taken inside that part and outside of it, of the painting and of the flats.
Needs numpy and pillow.

    python references.py --tool ../../.build/release/colorize --out DIR --scenes 12 -- --size 256
"""
import argparse, json, os, subprocess
import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
PAIRS = os.path.join(HERE, "../data/quality")


def lab(path):
    c = np.asarray(Image.open(path).convert("RGB"), float) / 255
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    xyz = c @ np.array([[0.4124564, 0.2126729, 0.0193339], [0.3575761, 0.7151522, 0.1191920], [0.1804375, 0.0721750, 0.9503041]]) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def parts(pair, out):
    """The figure, its upper third and the ground, as masks; the paths of the last two."""
    figure = np.asarray(Image.open(os.path.join(PAIRS, pair, "sketch-mask.png")).convert("L")) > 127
    rows = np.flatnonzero(figure.any(1))
    hair = figure.copy()
    hair[rows[0] + (rows[-1] - rows[0]) // 3:] = False
    masks = {"character": figure & ~hair, "hair": hair, "set": ~figure}
    for name in ("hair", "set"): Image.fromarray(masks[name].astype(np.uint8) * 255).save(os.path.join(out, f"{pair}-{name}.png"))
    return masks


def run(a, pair, references, out, name, regions, extra):
    files = [os.path.join(out, f"{name}-{kind}.png") for kind in ("painting", "flats")]
    if not all(os.path.exists(f) for f in files):
        reference = lambda p: os.path.join(PAIRS, p, "reference.png")
        command = [a.tool, "--sketch", os.path.join(PAIRS, pair, "sketch.png"), "--reference", reference(references["character"])]
        for part in ("set", "hair"):
            command += ["--reference", reference(references[part])]
            if regions: command += ["--region", os.path.join(out, f"{pair}-{part}.png")]
        command += ["--fill", "painting", "--lines", "network", "--flats", files[1], "--output", files[0], "--overwrite", "--quiet"] + extra
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return [lab(f) for f in files]


def measure(a, label, regions, extra, pairs):
    changes = {part: [] for part in ("character", "set", "hair")}
    for index, pair in enumerate(pairs[:a.scenes]):
        other = lambda step: pairs[(index + step) % len(pairs)]
        masks = parts(pair, a.out)
        references = {"character": pair, "set": other(5), "hair": other(9)}
        before = run(a, pair, references, a.out, f"{pair}-{label}", regions, extra)
        for part in changes:
            changed = dict(references, **{part: other(13)})
            after = run(a, pair, changed, a.out, f"{pair}-{label}-{part}", regions, extra)
            row = []
            for x, y in zip(before, after):
                d = np.linalg.norm(x - y, axis=-1)
                row += [d[masks[part]].mean(), d[~masks[part]].mean()]
            changes[part].append(row)
    for part, rows in changes.items():
        print(f"| {label} | {part} | " + " | ".join(f"{v:.1f}" for v in np.mean(rows, 0)) + " |", flush=True)


parser = argparse.ArgumentParser()
parser.add_argument("--tool", required=True)
parser.add_argument("--out", default="references")
parser.add_argument("--scenes", type=int, default=12)
parser.add_argument("options", nargs="*")
a = parser.parse_args()
os.makedirs(a.out, exist_ok=True)
every = sorted(p for p in os.listdir(PAIRS) if os.path.isdir(os.path.join(PAIRS, p)))
# Some of each kind.
pairs = [p for group in zip(every[0::3], every[1::3], every[2::3]) for p in group]
print("| | changed | painting inside | outside | flats inside | outside |\n| --- | --- | --- | --- | --- | --- |")
measure(a, "vanilla", True, ["--mode", "vanilla"] + a.options, pairs)
measure(a, "without regions", False, ["--mode", "vanilla"] + a.options, pairs)
