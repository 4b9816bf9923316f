# SPDX-License-Identifier: Apache-2.0

"""Whether strokes of colour move the painting in their regions and nothing else: `python hints.py --tool COLORIZE`.

Each drawing of ../data/quality is painted without hints, and with three strokes in three of its regions, of colours that are far
from what was painted there. Of the painting, without flats and without lines laid over it: the median colour difference (CIE76)
between hint and painting inside the hinted regions, before and after, the share of their pixels that are within 20 of the
hint's hue and chroma, and the mean change elsewhere, beside the regions (within 8 pixels of 256) and further away.
Needs numpy, scipy and pillow.

    python hints.py --tool ../../.build/release/colorize --out DIR -- --steps 4
"""
import argparse, colorsys, json, os, subprocess
import numpy as np
from PIL import Image
from scipy import ndimage

HERE = os.path.dirname(os.path.abspath(__file__))
PAIRS = os.path.join(HERE, "../data/quality")


def lab(pixels):
    c = np.asarray(pixels, float) / 255
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    xyz = c @ np.array([[0.4124564, 0.2126729, 0.0193339], [0.3575761, 0.7151522, 0.1191920], [0.1804375, 0.0721750, 0.9503041]]) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def strokes(labels, painting, count, seed):
    """Strokes in the middle of regions: the picture of them, and the regions with their colours."""
    rng = np.random.default_rng(seed)
    height, width = labels.shape
    hints = np.zeros((height, width, 4), np.uint8)
    areas = np.bincount(labels.ravel())
    chosen = {}
    for region in np.argsort(-areas):
        if len(chosen) == count: break
        inside = labels == region
        if areas[region] > 0.4 * labels.size or areas[region] < 0.004 * labels.size: continue
        depth = ndimage.distance_transform_edt(inside)
        if depth.max() < 4: continue
        before = np.median(painting[inside], 0)
        # The one of several colours that is furthest from what is there.
        candidates = [tuple(int(255 * v) for v in colorsys.hsv_to_rgb(rng.random(), 0.35 + 0.5 * rng.random(), 0.5 + 0.45 * rng.random())) for _ in range(5)]
        color = max(candidates, key=lambda c: np.linalg.norm(lab(np.array(c)) - lab(before)))
        y, x = np.unravel_index(depth.argmax(), depth.shape)
        r = max(2, int(depth.max() * 0.4))
        blob = inside & (np.hypot(*np.ogrid[-y:height - y, -x:width - x]) <= r)
        hints[blob] = (*color, 255)
        chosen[int(region)] = color
    return hints, chosen


parser = argparse.ArgumentParser()
parser.add_argument("--tool", required=True)
parser.add_argument("--out", default="hints")
parser.add_argument("--count", type=int, default=3)
parser.add_argument("--pairs", nargs="*")
parser.add_argument("options", nargs="*")
a = parser.parse_args()
os.makedirs(a.out, exist_ok=True)
rows = []
names = a.pairs or sorted(p for p in os.listdir(PAIRS) if os.path.isdir(os.path.join(PAIRS, p)))
for index, name in enumerate(names):
    folder = os.path.join(PAIRS, name) if not os.path.isdir(name) else name
    base = os.path.join(a.out, os.path.basename(name.rstrip("/")))
    command = [a.tool, "--sketch", os.path.join(folder, "sketch.png"), "--reference", os.path.join(folder, "reference.png"), "--fill", "painting",
               "--lines", "network", "--overwrite", "--quiet", *a.options]
    subprocess.run(command + ["--output", base + "-before.png", "--regions", base + "-regions.png"], check=True, stdout=subprocess.DEVNULL)
    labels = np.asarray(Image.open(base + "-regions.png").convert("I")).astype(int) if Image.open(base + "-regions.png").mode != "RGB" else None
    if labels is None:
        rgb = np.asarray(Image.open(base + "-regions.png")).astype(int)
        labels = rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
    before = np.asarray(Image.open(base + "-before.png").convert("RGB"))
    hints, chosen = strokes(labels, before, a.count, index)
    if not chosen: continue
    Image.fromarray(hints).save(base + "-hints.png")
    subprocess.run(command + ["--output", base + "-after.png", "--hints", base + "-hints.png", "--flats", base + "-flats.png"], check=True, stdout=subprocess.DEVNULL)
    after = np.asarray(Image.open(base + "-after.png").convert("RGB"))
    x, y = lab(before), lab(after)
    change = np.linalg.norm(x - y, axis=-1)
    hinted = np.isin(labels, list(chosen))
    near = ndimage.binary_dilation(hinted, iterations=max(1, 8 * max(labels.shape) // 256)) & ~hinted
    row = []
    for region, color in chosen.items():
        inside = (labels == region) & ndimage.binary_erosion(labels == region, iterations=max(1, max(labels.shape) // 256))
        goal = lab(np.array(color))
        row.append([np.linalg.norm(np.median(p[inside], 0) - goal) for p in (x, y)] + [(np.linalg.norm((y - goal)[inside][:, 1:], axis=-1) < 20).mean()])
    row = list(np.mean(row, 0)) + [change[near].mean() if near.any() else 0, change[~hinted & ~near].mean()]
    rows.append(row)
    print(f"| {os.path.basename(name)} | {row[0]:.1f} | {row[1]:.1f} | {row[2]:.2f} | {row[3]:.1f} | {row[4]:.2f} |", flush=True)
    sheet = Image.new("RGB", (4 * 320, 320), "white")
    drawing = Image.open(os.path.join(folder, "sketch.png")).convert("RGB").resize((before.shape[1], before.shape[0]))
    drawing.paste(Image.fromarray(hints[..., :3]), (0, 0), Image.fromarray(hints[..., 3]))
    for place, picture in enumerate([drawing, Image.fromarray(before), Image.fromarray(after), Image.open(base + "-flats.png").convert("RGB")]):
        picture.thumbnail((316, 316))
        sheet.paste(picture, (place * 320, 0))
    sheet.save(base + "-sheet.png")
print("| drawing | to the hint before | after | share of its hue | change beside | elsewhere |")
row = np.mean(rows, 0)
print(f"| mean of {len(rows)} | {row[0]:.1f} | {row[1]:.1f} | {row[2]:.2f} | {row[3]:.1f} | {row[4]:.2f} |")
