# SPDX-License-Identifier: Apache-2.0

"""A wider data pack: every OpenClipart drawing with something to color, also those without outlines.

    apt-get install openclipart-svg librsvg2-bin
    python wide.py --out wide.pack --sheet wide.png --apart FOLDERS...

The drawings are the ones of `pack.py` (Debian's `openclipart-svg`: public domain), from all folders, with a laxer filter.
Black and white or gray ones are painted first where they can be: each closed region in a flat color.
Cards, road signs, flags, logos and the like are many of a kind: of each kind there is only a share.
What `pack.py` holds out stays held out, and a drawing that looks like any held-out drawing, or like a picture in one of
the folders after `--apart` (those that models are judged by), mirrored or not, is left out."""

import argparse
import io
import os
import re
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool

import numpy as np
from PIL import Image
from scipy import ndimage

import pack

# How many of a kind are taken: one in so many.
SHARES = (
    (r"recreation__games__cards|transportation__roadsigns|people__stickmen", 8),
    (r"flags?_|flags?$|__flags?__|geography|signs_and_symbols__(?!weather|clocks)|special__", 6),
    (r"logos__|buttons__|shapes__|aiga", 4),
    (r"icons__flat-theme", 2),
)
SIGNS = re.compile(SHARES[0][0])
JUNK = re.compile(
    r"alphabet|letters?_|fonts?_|_text|text_|scritta|template|__blank|ruler|barcode|crossword|luther|lincoln"
)
NARROW = tuple(folder.replace("/", "__") + "__" for folder in pack.FOLDERS)
NEAR = 0.95


def share(name):
    """Whether a drawing is among those taken of its kind."""
    return all(zlib.crc32(name.encode()) % n == 0 for kind, n in SHARES if re.search(kind, name))


def on_white(square):
    ground = Image.new("RGBA", square.size, (255, 255, 255, 255))
    ground.alpha_composite(square)
    return ground.convert("RGB")


def worth(square):
    """Whether a drawing has a figure and at least two fills, or three grays, and is neither blank nor a texture."""
    x = np.asarray(square).astype(int)
    inside = x[..., 3] > 200
    if not 0.05 < inside.mean():
        return False
    colors = x[..., :3][inside] // 40
    _, counts = np.unique(colors @ [49, 7, 1], return_counts=True)
    big = (counts > 0.01 * inside.sum()).sum()
    ample = np.sort(counts)[::-1] / inside.sum()
    spread = x[..., :3][inside].astype(float)
    chroma = (spread.max(1) - spread.min(1)).mean()
    gray = x[..., :3].mean(2) * (x[..., 3] / 255)
    edges = (np.abs(np.diff(gray, axis=1)) > 24).mean()
    if inside.mean() > 0.97 and (big < 4 or edges < 0.01):
        return False
    if big < 2 or ample[0] > 0.97 or (chroma <= 8 and (len(ample) < 3 or ample[2] < 0.05)):
        return False
    return 0.003 < edges < 0.2


def is_gray(square):
    x = np.asarray(square).astype(int)
    inside = x[x[..., 3] > 200][:, :3]
    return len(inside) > 0 and (inside.max(1) - inside.min(1)).mean() <= 8


def flat_colors(rng, count):
    """Colors of any hue, most of them neither dark nor gray."""
    hue, strong, bright = (
        rng.uniform(0, 6, count),
        rng.uniform(0.1, 0.9, count),
        rng.uniform(0.45, 1, count),
    )
    wave = np.clip(np.abs((hue[:, None] + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    return bright[:, None] * (1 - strong[:, None] * (1 - wave))


def painted(square, name):
    """A gray drawing with its closed regions in flat colors, or None where it has hardly any."""
    x = np.asarray(square).astype(np.float32)
    alpha = x[..., 3] / 255
    gray = x[..., :3].mean(2) * alpha + 255 * (1 - alpha)
    kinds = np.where(
        alpha < 0.5, 1, np.where(gray > 225, 2, np.where(gray > 165, 3, np.where(gray > 105, 4, 0)))
    )
    kinds[(alpha < 0.5) & (gray < 150)] = 0
    labels, total = np.zeros(kinds.shape, int), 0
    for kind in (1, 2, 3, 4):
        some, n = ndimage.label(kinds == kind)
        labels[some > 0] = some[some > 0] + total
        total += n
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    full = (alpha > 0.5).mean() > 0.97
    at_border = [
        k
        for k in np.unique(border[border > 0])
        if full and gray[labels == k].mean() > 225 or alpha[labels == k].mean() < 0.5
    ]
    outside = np.isin(labels, at_border)
    if full and (border > 0).mean() < 0.9:
        return None
    sizes = np.bincount(labels.ravel(), minlength=total + 1)
    large = [k for k in range(1, total + 1) if sizes[k] > 60 and k not in at_border]
    figure = (~outside).sum()
    if (
        figure < 0.08 * labels.size
        or not 3 <= len(large) <= 120
        or max(sizes[large]) > 0.9 * figure
    ):
        return None
    if sum(sizes[large]) < 0.38 * figure or (sizes[large] > 0.02 * figure).sum() < 2:
        return None
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    palette = flat_colors(rng, int(rng.integers(3, 7)))
    chosen = {k: i % len(palette) for i, k in enumerate(sorted(large, key=lambda k: -sizes[k]))}
    color, level = np.zeros((total + 1, 3)), np.full(total + 1, 255.0)
    for i, k in enumerate(chosen):
        color[k] = palette[chosen[k] if i < len(palette) else rng.integers(len(palette))]
        level[k] = np.median(gray[labels == k])
    seat = ndimage.distance_transform_edt(
        ~np.isin(labels, large), return_distances=False, return_indices=True
    )
    nearest = labels[tuple(seat)]
    out = color[nearest] * np.minimum(1, gray / level[nearest])[..., None] * 255
    opaque = np.where(outside, 255 - gray if full else 255 * alpha, 255)
    return Image.fromarray(
        np.concatenate([out, opaque[..., None]], 2).round().clip(0, 255).astype(np.uint8), "RGBA"
    )


def drawing(png):
    """A drawing as it goes into the pack, and whether it was painted."""
    square = pack.squared(Image.open(png).convert("RGBA"))
    paint = painted(square, os.path.splitext(os.path.basename(png))[0]) if is_gray(square) else None
    return (paint, True) if paint is not None and worth(paint) else (square, False)


def thumbs(rgb):
    """What a picture is known by: 16 x 16 in color, in gray, and where its edges are; each of mean 0 and length 1."""
    small = np.asarray(rgb.resize((16, 16), Image.BOX), np.float32)
    fine = np.asarray(rgb.convert("L").resize((96, 96), Image.BOX), np.float32)
    edge = np.abs(np.diff(fine, axis=0))[:, :-1] + np.abs(np.diff(fine, axis=1))[:-1]
    edge = np.minimum(np.pad(edge, ((0, 1), (0, 1))), 60).reshape(16, 6, 16, 6).mean((1, 3))
    out = []
    for part in (small, small.mean(2), edge):
        part = part - part.mean()
        out.append((part / (np.linalg.norm(part) + 1e-6)).ravel())
    return out


def looked(png):
    """Name, whether it is worth it, by the wide and by the narrow measure, its fingerprints and thumbs, whether painted.

    Fingerprints and thumbs are those of the drawing as it was."""
    name = os.path.splitext(os.path.basename(png))[0]
    try:
        square = pack.squared(Image.open(png).convert("RGBA"))
    except (OSError, ValueError):
        return None
    flat = on_white(square)
    mark, flipped = (
        pack.fingerprint(s) for s in (square, square.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    )
    is_painted = drawing(png)[1]
    return (
        name,
        is_painted or worth(square),
        pack.worth(square),
        mark,
        flipped,
        thumbs(flat),
        is_painted,
    )


def judged(path):
    """The thumbs of a picture that models are judged by: as it is, and cut to its figure where that is known."""
    try:
        picture = Image.open(path).convert("RGBA")
    except (OSError, ValueError):
        return []
    picture.thumbnail((1024, 1024))
    views = [on_white(pack.squared(picture))]
    kind, end = os.path.splitext(os.path.basename(path))
    other = {"target": "sketch", "reference": "reference"}.get(kind)
    for joint in "-_":
        mask = os.path.join(os.path.dirname(path), f"{other}{joint}mask{end}")
        if other and os.path.exists(mask):
            cut = picture.copy()
            cut.putalpha(Image.open(mask).convert("L").resize(picture.size))
            views.append(on_white(pack.squared(cut)))
    full = np.asarray(on_white(picture)).astype(int)
    differs = Image.fromarray((np.abs(full - full[:1, :1]).max(2) > 24).astype(np.uint8) * 255)
    if differs.getbbox():
        views.append(on_white(pack.squared(picture.crop(differs.getbbox()))))
    return [(pack.fingerprint(view.convert("RGBA")), thumbs(view)) for view in views]


def mirrored(vectors, channels):
    return vectors.reshape(-1, 16, 16, channels)[:, :, ::-1].reshape(len(vectors), -1)


def likeness(some, others):
    """For each of some pictures the highest correlation with any of the others, either way round: [n, 3]."""
    best = []
    for a, b, channels in zip(some, others, (3, 1, 1)):
        both = np.concatenate([b, mirrored(b, channels)])
        best.append(
            np.concatenate(
                [(part @ both.T).max(1) for part in np.array_split(a, 1 + len(a) // 500)]
            )
        )
    return np.stack(best, 1)


def is_near(best):
    """Alike in color or gray, or with edges at the same places and not unlike otherwise (a recolored copy)."""
    color, gray, edge = best.T
    return (color > NEAR) | (gray > NEAR) | ((edge > 0.9) & (gray > 0.6)) | (edge > 0.95)


def pictures_in(folders):
    return [
        os.path.join(r, f)
        for folder in folders
        for r, _, fs in os.walk(folder)
        for f in fs
        if f.lower().endswith((".png", ".webp", ".jpg", ".jpeg"))
    ]


def near_to(drawings, held, apart):
    """For each drawing (as `looked` has it) whether it is near a held-out drawing or a picture of `apart` (as `judged`
    has them), and its highest likeness to any of them."""
    marks = {m for x in held for m in x[3:5]} | {m for m, _ in apart}
    known = [np.stack(t) for t in zip(*([x[5] for x in held] + [t for _, t in apart]))]
    best = likeness([np.stack(t) for t in zip(*(x[5] for x in drawings))], known)
    return is_near(best) | np.array([x[3] in marks or x[4] in marks for x in drawings]), best


def write(out, names, blobs):
    with zipfile.ZipFile(out + ".tmp", "w", zipfile.ZIP_STORED) as file:
        for name, blob in zip(names, blobs):
            file.writestr(name + ".webp", blob)
        file.writestr("names.txt", "\n".join(names))
    os.replace(out + ".tmp", out)


def encoded(job):
    png, colors = job
    few = drawing(png)[0].quantize(colors, method=Image.Quantize.FASTOCTREE)
    data = io.BytesIO()
    few.convert("RGBA").save(data, "WEBP", lossless=True, quality=90, method=6)
    return data.getvalue()


def sheet(blobs, out, columns=20, side=96):
    """A contact sheet of drawings."""
    rows = -(-len(blobs) // columns)
    page = Image.new("RGB", (columns * side, rows * side), (232, 236, 240))
    for i, blob in enumerate(blobs):
        small = (
            Image.open(io.BytesIO(blob))
            .convert("RGBa")
            .resize((side - 4, side - 4), Image.BOX)
            .convert("RGBA")
        )
        page.paste(small, (i % columns * side + 2, i // columns * side + 2), small)
    page.save(out)


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--svg", default="/usr/share/openclipart/svg")
    cli.add_argument("--work", default="raw", help="where the rendered PNGs go")
    cli.add_argument("--out", default="wide.pack")
    cli.add_argument(
        "--sheet", help="a contact sheet of random drawings that the narrow pack lacks"
    )
    cli.add_argument(
        "--apart", nargs="*", default=[], help="folders of pictures that no drawing may look like"
    )
    cli.add_argument("--drop", help="a file of names to leave out, one a line")
    cli.add_argument("--limit", type=int, default=60_000, help="bytes of a drawing at most")
    cli.add_argument("--total", type=float, default=19.9, help="megabytes of the pack at most")
    cli.add_argument("--colors", type=int, default=72)
    o = cli.parse_args()

    os.makedirs(o.work, exist_ok=True)
    files = [os.path.join(r, f) for r, _, fs in os.walk(o.svg) for f in fs if f.endswith(".svg")]
    files = sorted(f for f in files if os.path.getsize(f) < 900_000)
    with ThreadPoolExecutor(2) as pool:
        pngs = [p for p in pool.map(lambda f: pack.render(f, o.svg, o.work), files) if p]
    pictures = pictures_in(o.apart)
    dropped = set(open(o.drop).read().split()) if o.drop else set()
    with Pool(2) as pool:
        seen = [(p, x) for p, x in zip(pngs, pool.map(looked, pngs, 16)) if x]
        apart = [v for views in pool.map(judged, pictures, 4) for v in views]
        print(len(files), "files,", len(seen), "rendered,", len(pictures), "pictures kept apart")

        held = [x for _, x in seen if pack.is_held_out(x[0])]
        near, best = near_to([x for _, x in seen], held, apart)

        # Held out: as in the narrow pack. To train on: all others that are worth it, each once, the narrow pack's first.
        count, kept, taken = {}, [], set()
        for i in sorted(range(len(seen)), key=lambda i: (not seen[i][1][2], seen[i][0])):
            png, (name, wide, narrow, mark, flipped, _, is_painted) = seen[i]
            why = None
            if pack.is_held_out(name):
                narrow = (
                    narrow and name.startswith(NARROW) and (share(name) or not SIGNS.match(name))
                )
                why = (
                    None if narrow and mark not in taken else "held out and not in the narrow pack"
                )
            elif not (wide or narrow):
                why = "filter"
            elif not share(name) and not (
                narrow and name.startswith(NARROW) and not SIGNS.match(name)
            ):
                why = "one of many"
            elif JUNK.search(name) or name in dropped:
                why = "junk"
            elif near[i]:
                why = "near a held-out or judged picture"
            elif mark in taken or flipped in taken:
                why = "double"
            count[why] = count.get(why, 0) + 1
            if why is None:
                taken.add(mark)
                kept.append((png, name, narrow, best[i]))
                count["painted"] = count.get("painted", 0) + is_painted
        print(count)
        blobs = pool.map(encoded, [(png, o.colors) for png, *_ in kept], 8)

    fit = [i for i in range(len(kept)) if len(blobs[i]) <= o.limit]
    sizes = np.array([len(blobs[i]) + 150 + 2 * len(kept[i][1]) for i in fit])
    while sizes.sum() > o.total * 1e6:  # the largest new ones go first
        worst = max(
            range(len(fit)),
            key=lambda k: sizes[k]
            * (not kept[fit[k]][2] and not pack.is_held_out(kept[fit[k]][1])),
        )
        sizes = np.delete(sizes, worst)
        del fit[worst]
    fit.sort(key=lambda i: kept[i][1])
    write(o.out, [kept[i][1] for i in fit], [blobs[i] for i in fit])
    train = [i for i in fit if not pack.is_held_out(kept[i][1])]
    print(
        len(fit), "drawings,", len(fit) - len(train), "held out,", len(kept) - len(fit), "too large,",
        sum(not kept[i][2] for i in fit), "new,", round(os.path.getsize(o.out) / 1e6, 2), "MB; nearest of those trained on",
        "(color, gray, edges):", np.max([kept[i][3] for i in train], 0).round(3),
    )  # fmt: skip
    if o.sheet:
        new = [i for i in train if not kept[i][2]]
        some = np.random.default_rng(0).permutation(len(new))[:400]
        sheet([blobs[new[k]] for k in some], o.sheet)


if __name__ == "__main__":
    main()
