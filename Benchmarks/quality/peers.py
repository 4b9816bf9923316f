# SPDX-License-Identifier: Apache-2.0

"""Regions of line art beside what users have: G'MIC's line-art colouring (Debian's `gmic`) and scikit-image.

    mkdir out
    swift run -c release --package-path Benchmarks Benchmark --groups quality --pictures out --json out/quality.json
    python Benchmarks/quality/peers.py --ours out

All three part the same sketches into regions. The same vote then colours each region: the median of what lies in it,
first of the truth (what remains is the fault of the regions alone), then of a painting. A painting's own colours,
without regions, stand in the last line.

gmic        `fx_colorize_lineart_smart` with its own settings, which closes gaps with splines and segments
label       scikit-image: threshold, `measure.label`, `expand_labels`; closes no gaps
watershed   scikit-image: threshold, distance transform, `peak_local_max`, `watershed`
ours        `RegionMap` with its own settings

Columns: the share of the area within CIEDE2000 10 by the truth's regions, figure and ground; the share of pixels in a
region whose colour is more than 10 from theirs; how many regions for each of the truth's; seconds."""

import argparse
import json
import os
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage import color, feature, io, measure, segmentation

HERE = os.path.dirname(os.path.abspath(__file__))
# The filter's settings as its dialogue has them at first; mode 0 gives each region a colour of its own. As PNG the
# colours would be rounded to a few.
GMIC = "fx_colorize_lineart_smart 0,95,0,0,1,24,200,0,75,2,60,20,90,1,10,1,0"


def same_color(rgb):
    """Connected parts of one colour, numbered."""
    _, colors = np.unique(rgb.reshape(-1, 3), axis=0, return_inverse=True)
    return measure.label(colors.reshape(rgb.shape[:2]), connectivity=1, background=-1)


def gmic(sketch):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.tiff")
        start = time.perf_counter()
        subprocess.run(["gmic", "-v", "0", sketch, "to_rgb", *GMIC.split(), "keep[1]", "-o", f"{out},float"], check=True, capture_output=True)
        seconds = time.perf_counter() - start
        layer = io.imread(out)
    return same_color(layer), seconds


def startup():
    """What gmic takes to start, by the best of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(["gmic", "-v", "0", "1,1,1,3"], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def label(sketch):
    grey = np.asarray(Image.open(sketch).convert("L"))
    start = time.perf_counter()
    parts = measure.label(grey >= 200, connectivity=1)
    filled = segmentation.expand_labels(parts, 50)
    return filled, time.perf_counter() - start


def watershed(sketch):
    grey = np.asarray(Image.open(sketch).convert("L"))
    start = time.perf_counter()
    paper = grey >= 200
    distance = ndimage.distance_transform_edt(paper)
    peaks = feature.peak_local_max(distance, min_distance=5, labels=measure.label(paper, connectivity=1))
    marks = np.zeros(grey.shape, int)
    marks[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    filled = segmentation.watershed(-distance, marks)
    return filled, time.perf_counter() - start


def medians(lab, labels):
    index = np.arange(labels.max() + 1)
    return np.stack([ndimage.median(lab[..., c], labels, index) for c in range(3)], -1)


def lab_of(path):
    return color.rgb2lab(np.asarray(Image.open(path).convert("RGB")).astype(np.float32) / 255)


def judged(found, truth, regions, figure_count):
    """Shares of the area that is right, figure and ground, and of pixels that are wrong, of a picture in Lab."""
    wanted, got = medians(truth, regions), medians(found, regions)
    right = color.deltaE_ciede2000(got, wanted) <= 10
    areas = np.bincount(regions.ravel(), minlength=len(wanted)).astype(float)
    numbers = np.arange(len(wanted))
    inside, outside = (numbers > 0) & (numbers <= figure_count), numbers > figure_count
    at = regions > 0
    wrong = color.deltaE_ciede2000(found[at], wanted[regions[at]]) > 10

    def share(which):
        return (areas * right)[which].sum() / areas[which].sum() if areas[which].sum() else np.nan

    return share(inside), share(outside), wrong.mean()


def main():
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--data", default=os.path.join(HERE, "../data/quality"))
    cli.add_argument("--ours", required=True, help="where Benchmark has put its pictures")
    cli.add_argument("--mode", default="full", help="whose paintings vote")
    cli.add_argument("--json")
    o = cli.parse_args()
    with open(os.path.join(o.ours, "quality.json")) as file:
        timed = {p["pair"]: p["seconds"] for p in json.load(file)["quality"]["pictures"] if p["method"] == "flats of truth"}
    with open(os.path.join(o.data, "pairs.json")) as file:
        pairs = [p for p in json.load(file) if p["name"] in timed]
    start = startup()

    def ours(sketch):
        name = os.path.basename(os.path.dirname(sketch))
        numbers = np.asarray(Image.open(os.path.join(o.ours, f"{name}-regions.png"))).astype(int)
        return (numbers[..., 0] << 16) + (numbers[..., 1] << 8) + numbers[..., 2] + 1, timed[name]

    rows = []
    for pair in pairs:
        folder = os.path.join(o.data, pair["name"])
        truth, painting = lab_of(f"{folder}/target.png"), lab_of(os.path.join(o.ours, f"{pair['name']}-{o.mode}.png"))
        regions = np.asarray(Image.open(f"{folder}/regions.png"))
        about = dict(pair=pair["name"], source=pair["source"], kind=pair["sketch"])
        for tool in (gmic, label, watershed, ours):
            labels, seconds = tool(f"{folder}/sketch.png")
            if tool is gmic:
                seconds -= start
            for votes, lab in (("truth", truth), (o.mode, painting)):
                found = medians(lab, labels)[labels]
                figure, ground, wrong = judged(found, truth, regions, pair["figureRegions"])
                rows.append(dict(
                    about, tool=tool.__name__, votes=votes, figure=figure, ground=ground, wrong=wrong,
                    parts=len(np.unique(labels)) / pair["regions"], seconds=seconds,
                ))  # fmt: skip
        figure, ground, wrong = judged(painting, truth, regions, pair["figureRegions"])
        rows.append(dict(about, tool="none", votes=o.mode, figure=figure, ground=ground, wrong=wrong))
    if o.json:
        with open(o.json, "w") as file:
            json.dump(rows, file, indent=1)

    def line(group, chosen):
        values = [np.nanmean([r.get(k, np.nan) for r in chosen]) for k in ("figure", "ground", "wrong", "parts", "seconds")]
        print(f"{group:34}{len(chosen):4}" + "".join("        -" if np.isnan(v) else f"{v:9.3f}" for v in values))

    print(f"{'regions by, colours by':34}{'n':>4}   figure   ground    wrong    parts  seconds")
    for votes in ("truth", o.mode):
        for tool in ("gmic", "label", "watershed", "ours", "none"):
            chosen = [r for r in rows if r["tool"] == tool and r["votes"] == votes]
            if chosen:
                line(f"{tool}, {votes}", chosen)
    for kind in sorted({r["kind"] for r in rows}):
        for tool in ("gmic", "label", "watershed", "ours"):
            line(f"{kind} sketches: {tool}, truth", [r for r in rows if r["tool"] == tool and r["votes"] == "truth" and r["kind"] == kind])


if __name__ == "__main__":
    main()
