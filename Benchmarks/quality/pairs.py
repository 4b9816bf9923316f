# SPDX-License-Identifier: Apache-2.0

"""Makes the pairs that `Benchmark --groups quality` measures on: Benchmarks/data/quality.

    apt-get install openclipart-svg librsvg2-bin
    pip install numpy scipy pillow scikit-image
    python Benchmarks/quality/pairs.py

Three sources: drawings that training leaves out (`drawings.py`), scenes of the generator that the embedded model was
trained with, at seeds it never saw, and scenes of another generator (`mascots.py`). Each pair has a folder:

    sketch.png           line art of the truth, grey: clean, thin, pencil or heavy
    reference.png        another view with the same colours
    target.png           the truth
    sketch-mask.png      the figure in sketch and truth
    reference-mask.png   the figure in the reference
    regions.png          the truth's regions, numbered from 1, the figure's first; 0 for lines, seams and small parts

`pairs.json` lists them. The same versions of the libraries give the same files."""

import argparse
import json
import os
import shutil
import sys

import numpy as np
from PIL import Image

import drawings
import lineart
import mascots

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../Sources/CEmbeddedModel/recipe"))
SIZE = 512


def indexed(rgb, colors):
    """As many colours as a palette holds: small files."""
    return Image.fromarray(rgb).quantize(colors, method=Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE)


def bits(mask):
    return Image.fromarray((mask * 255).astype(np.uint8)).convert("1", dither=Image.Dither.NONE)


def small(rgb):
    return lineart.shrunk(rgb).round().astype(np.uint8)


def cel_scene(number, size):
    """Two views of the first generator, drawn with lines."""
    import cels

    cels.SS = 1
    made = cels.scene(np.random.default_rng(990_000_001 + 7919 * number), size, vary=0)
    # The view that shows more of the parts is the reference: nothing tells the colours of what it does not show.
    order = sorted(range(2), key=lambda i: len(np.unique(made["part"][i])))
    return [(made["color"][i], made["sketch"][i] < 128, made["mask"][i] > 127) for i in order]


def write(folder, views, kind, rng):
    """Writes a pair; returns what the list says of it."""
    os.makedirs(folder)
    (color, lines, figure), (reference, _, reference_figure) = views
    lines, labels, least = lineart.analysed(color, figure, lines)
    regions, first = lineart.regions(color, labels, lines, figure, least)
    files = dict(
        sketch=Image.fromarray(lineart.drawn(lines, kind, rng)),
        reference=indexed(small(reference), 128),
        target=indexed(small(color), 160),
        regions=Image.fromarray(regions),
    )
    if kind == "pencil":
        # Grain does not compress; sixteen greys keep its look.
        files["sketch"] = files["sketch"].quantize(16)
    files["sketch-mask"] = bits(lineart.shrunk(figure) >= 0.5)
    files["reference-mask"] = bits(lineart.shrunk(reference_figure) >= 0.5)
    for name, picture in files.items():
        picture.save(f"{folder}/{name}.png", optimize=True)
    return dict(sketch=kind, figureRegions=int(first), regions=int(regions.max()))


def main():
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--svg", default="/usr/share/openclipart/svg")
    cli.add_argument("--out", default=os.path.join(HERE, "../data/quality"))
    cli.add_argument("--scenes", type=int, default=6, help="of each generator")
    o = cli.parse_args()
    shutil.rmtree(o.out, ignore_errors=True)
    large, listed = SIZE * lineart.SCALE, []
    jobs = [("drawings", i, drawings.NAMES[i].split("/")[-1].split("_")[0]) for i in range(len(drawings.NAMES))]
    jobs += [(source, i, f"{i + 1}") for source in ("cels", "mascots") for i in range(o.scenes)]
    for position, (source, i, word) in enumerate(jobs):
        rng = np.random.default_rng([2026, position])
        if source == "drawings":
            views = drawings.pair(o.svg, i, large, rng)
        elif source == "cels":
            views = cel_scene(i, large)
        else:
            views = mascots.scene(rng, large, i)
        name = f"{source}-{word}"
        entry = write(os.path.join(o.out, name), views, lineart.KINDS[i % len(lineart.KINDS)], rng)
        entry = dict(name=name, source=source, **entry)
        if source == "drawings":
            entry["drawing"] = drawings.NAMES[i]
        listed.append(entry)
        print(entry, flush=True)
    with open(os.path.join(o.out, "pairs.json"), "w") as file:
        json.dump(listed, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
