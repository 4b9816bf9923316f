# SPDX-License-Identifier: Apache-2.0

"""How well held-out drawings are painted, with and without additions: the share of the figure's and the ground's area whose
colour is within CIEDE2000 10 of the truth, in the painting itself.

    python measure.py --tool colorize --held-out data/held-out --work out [--lora a.safetensors b.safetensors] [--seeds 3]"""

import argparse
import glob
import os
import subprocess

import numpy as np
from PIL import Image


def lab(rgb):
    c = rgb / 255.0
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    m = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = c @ m.T / m.sum(1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def ciede2000(x, y):
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(x, -1, 0), np.moveaxis(y, -1, 0)
    c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(c**7 / (c**7 + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    grey = c1 * c2 == 0
    dh = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    dl, dc, dhh = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh / 2))
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    hm = np.where(grey, h1 + h2, np.where(abs(h1 - h2) <= 180, (h1 + h2) / 2, ((h1 + h2 + 360) / 2) % 360))
    r = np.radians
    t = 1 - 0.17 * np.cos(r(hm - 30)) + 0.24 * np.cos(r(2 * hm)) + 0.32 * np.cos(r(3 * hm + 6)) - 0.2 * np.cos(r(4 * hm - 63))
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rt = -2 * np.sqrt(cm**7 / (cm**7 + 25.0**7)) * np.sin(r(60 * np.exp(-(((hm - 275) / 25) ** 2))))
    q = (dl / sl) ** 2 + (dc / sc) ** 2 + (dhh / sh) ** 2 + rt * (dc / sc) * (dhh / sh)
    return np.sqrt(np.maximum(q, 0))


def rgb(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(float)


def paint(tool, pair, out, seed, options):
    command = [tool, "-s", f"{pair}/sketch.png", "-r", f"{pair}/reference.png", "-o", out, "--fill", "painting", "--lines", "none"]
    command += ["--sketch-mask", f"{pair}/sketch-mask.png", "--reference-mask", f"{pair}/reference-mask.png"]
    subprocess.run(command + ["--seed", str(seed), "--quiet", "--overwrite"] + options, check=True)
    return rgb(out)


def measure(args, name, options):
    shares = []
    for pair in sorted(glob.glob(f"{args.held_out}/*")):
        truth = rgb(f"{pair}/target.png")
        figure = np.asarray(Image.open(f"{pair}/sketch-mask.png").convert("L")) > 127
        lines = np.asarray(Image.open(f"{pair}/sketch.png").convert("L")) < 128
        for seed in range(args.seeds):
            out = f"{args.work}/{name}-{os.path.basename(pair)}-{seed}.png"
            right = ciede2000(lab(paint(args.tool, pair, out, seed, options)), lab(truth)) <= 10
            shares.append((right[figure & ~lines].mean(), right[~figure & ~lines].mean()))
    return np.array(shares).reshape(-1, args.seeds, 2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", default="colorize")
    parser.add_argument("--held-out", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--lora", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    columns = {"before": measure(args, "before", [])}
    for path in args.lora:
        name = os.path.basename(path).removesuffix(".safetensors")
        columns[name] = measure(args, name, ["--lora", path])
    print("| | figure | ground |\n| --- | --- | --- |")
    for name, shares in columns.items():
        by_seed = shares.mean(0)
        print(f"| {name} | {by_seed[:, 0].mean():.3f} ({by_seed[:, 0].min():.3f} to {by_seed[:, 0].max():.3f}) | {by_seed[:, 1].mean():.3f} |")
    rows = []
    for pair in sorted(glob.glob(f"{args.held_out}/*"))[:6]:
        cells = [f"{pair}/sketch.png", f"{pair}/reference.png"]
        cells += [f"{args.work}/{n}-{os.path.basename(pair)}-0.png" for n in columns] + [f"{pair}/target.png"]
        rows.append(np.concatenate([np.asarray(Image.open(c).convert("RGB").resize((192, 192))) for c in cells], 1))
    Image.fromarray(np.concatenate(rows, 0)).save(f"{args.work}/sheet.png")


if __name__ == "__main__":
    main()
