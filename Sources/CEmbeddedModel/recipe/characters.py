# SPDX-License-Identifier: Apache-2.0

"""Characters in two variants each, put together from the parts of CC0 avatar styles: one coloring, another expression.

    apt-get install librsvg2-bin
    pip install dicebear-styles==10.6.0
    python characters.py --out characters.pack --sheet characters.png

The parts are those of three styles in the package `dicebear-styles`, each "licensed under CC0 1.0" by its own `meta`
block (checked below): Lorelei (Lisa Wischofsky), Notionists (Zoish), Open Peeps (Pablo Stanley); and of four styles
by DiceBear itself, under the same terms: Critters, Clay, Sprouts, Cutouts.

The first three are line art. Each path is drawn once as a mask. Papers get flat colors, region by region; solid ink
(hair, brows, clothes) becomes a fill with an outline; what lines of a part enclose (eyes, lenses, mouths) is filled.
A pack is a zip of lossless WebP files ID__a.webp and ID__b.webp (RGBA, 288 px) and `names.txt`.
"""

import argparse
import io
import json
import os
import subprocess
import zlib
from importlib.resources import files
from multiprocessing import Pool

import numpy as np
from PIL import Image
from scipy import ndimage

import wide

SIDE = 288
FINE = 2 * SIDE
SHARES = dict(
    lorelei=0.27,
    notionists=0.31,
    **{"open-peeps": 0.24},
    critters=0.07,
    clay=0.05,
    sprouts=0.03,
    cutouts=0.03,
)
LINES = ("lorelei", "notionists", "open-peeps")

# What changes between the two variants of a character: always, and with these odds.
OTHERS = {
    "lorelei": (
        ("mouth", "eyes", "eyebrows"),
        dict(nose=0.3, head=0.3, glasses=0.2, earrings=0.3, hair=0.15),
    ),
    "notionists": (
        ("mouth", "eyes", "eyebrows"),
        dict(nose=0.2, gesture=0.6, glasses=0.2, clothes=0.15, hair=0.15),
    ),
    "open-peeps": (("expression",), dict(accessories=0.25, facialHair=0.15, head=0.15)),
    "critters": (("eyes", "mouth"), dict(cheeks=0.5, top=0.2, pattern=0.15)),
    "clay": (("eyes", "mouth"), dict(top=0.2, pattern=0.15)),
    "sprouts": (("eyes", "mouth"), dict(cheeks=0.5, plant=0.2)),
    "cutouts": (("eyes", "mouth", "brows"), dict(nose=0.3, cheeks=0.3)),
}
# Odds of having a part at all, where not the style's own.
ODDS = {
    "lorelei": dict(beard=0.06, earrings=0.25, freckles=0.15, glasses=0.2, hairAccessories=0.15),
    "notionists": dict(beard=0.15, clothesGraphic=0.5, gesture=0.5, glasses=0.25),
    "open-peeps": dict(accessories=0.25, facialHair=0.15, mask=0.03),
}
SKINS = "ffe0c8 ffd2b0 ffd9b8 f5c09a f0bc94 eab08a d99a6c c68642 b57a4a 9a6235".split()
HAIRS = (
    "1f1a17 3b2a20 5a3a22 7a4f2a a8692f c98d3f e3bd6b f2dfa6 8f2f1c c4502a 9a9a9a dcdcdc".split()
)


def load(name):
    style = json.loads(files("dicebear_styles").joinpath(name + ".json").read_text("utf-8"))
    assert style["meta"]["license"]["name"] == "CC0 1.0", name
    return style


# --- colors ------------------------------------------------------------------
def from_hex(text):
    return np.array([int(text[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255


def any_color(rng, lo=0.35, hi=1.0, strong=(0.1, 0.95)):
    hue, s, v = rng.uniform(0, 6), rng.uniform(*strong), rng.uniform(lo, hi)
    wave = np.clip(np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    return (v * (1 - s * (1 - wave))).astype(np.float32)


def coloring(rng):
    """The colors of a character's parts."""
    odd = rng.random() < 0.2
    skin = (
        any_color(rng, 0.6, 1, (0.15, 0.6))
        if odd
        else from_hex(rng.choice(SKINS)) * rng.uniform(0.95, 1)
    )
    hair = any_color(rng, 0.45, 1) if rng.random() < 0.5 else from_hex(rng.choice(HAIRS))
    ink = np.full(3, rng.uniform(0, 0.12), np.float32)
    if rng.random() < 0.3:
        ink = any_color(rng, 0.08, 0.3, (0.3, 0.8))
    return dict(
        skin=skin,
        hair=hair,
        brow=hair * 0.8 if rng.random() < 0.7 else ink,
        ink=ink,
        white=np.full(3, rng.uniform(0.93, 1), np.float32),
        iris=any_color(rng, 0.15, 0.75, (0.3, 1)) if rng.random() < 0.6 else ink,
        lips=(
            (0.55 * skin + 0.45 * np.array([0.85, 0.15, 0.2], np.float32))
            if not odd
            else any_color(rng, 0.4, 0.9)
        ),
        cheeks=0.6 * skin + 0.4 * np.array([1, 0.35, 0.4], np.float32),
        lens=(
            any_color(rng, 0.1, 0.4) if rng.random() < 0.3 else any_color(rng, 0.8, 1, (0.05, 0.5))
        ),
        frame=any_color(rng, 0.1, 0.9),
        cloth=[
            (
                any_color(rng, 0.4, 1)
                if rng.random() < 0.8
                else np.full(3, rng.uniform(0.15, 1), np.float32)
            )
            for _ in range(4)
        ],
        jewel=any_color(rng, 0.6, 1, (0.3, 0.9)),
        hat=any_color(rng, 0.3, 1),
        background=any_color(rng),
    )


# --- parts -------------------------------------------------------------------
def draw(rng, style, name, odds, chosen=None, only=None):
    """A variant (or None) for each component; with `only`, new ones for these alone."""
    chosen = dict(chosen or {})
    for part, about in style["components"].items():
        if (
            "variants" not in about
            or part == "animation"
            or (only is not None and part not in only)
        ):
            continue
        variants = list(about["variants"])
        weights = np.array([float(about["variants"][v].get("weight", 1) or 0) for v in variants])
        weights = weights / weights.sum() if weights.sum() else None
        has = rng.random() < odds.get(
            part, (100 if about.get("probability") is None else about["probability"]) / 100
        )
        old = chosen.get(part)
        for _ in range(8):
            chosen[part] = str(rng.choice(variants, p=weights)) if has else None
            if chosen[part] != old:
                break
    return chosen


def has_component(element):
    return any(e["type"] == "component" or has_component(e) for e in element.get("children", []))


def leaves(style, elements, chosen, part, where=""):
    """The elements to draw, back to front: (part, transform, SVG element)."""
    for element in elements:
        attributes = element.get("attributes") or {}
        place = where + " " + attributes.get("transform", "")
        if element["type"] == "component":
            variant = chosen.get(element["name"])
            if variant:
                inner = style["components"][element["name"]]["variants"][variant]["elements"]
                yield from leaves(style, inner, chosen, element["name"], place)
        elif element["type"] == "element" and element["name"] != "mask":
            if element["name"] == "g" and ("mask" in attributes or has_component(element)):
                yield from leaves(style, element.get("children", []), chosen, part, place)
            else:
                yield part, where, element


def role_of(element):
    for key in ("fill", "stroke"):
        value = (element.get("attributes") or {}).get(key)
        if isinstance(value, dict):
            return value["name"]
        if isinstance(value, str) and value != "none":
            return value
    for child in element.get("children", []):
        if role_of(child):
            return role_of(child)
    return None


def svg_of(element, color, style=None, chosen=None):
    """SVG text; `color(value)` gives a color for a color's name."""
    if element["type"] == "text":
        return ""
    if element["type"] == "component":
        variant = chosen.get(element["name"])
        if not variant:
            return ""
        inner = style["components"][element["name"]]["variants"][variant]["elements"]
        text, name = "".join(svg_of(e, color, style, chosen) for e in inner), "g"
    else:
        text, name = (
            "".join(svg_of(e, color, style, chosen) for e in element.get("children", [])),
            element["name"],
        )
    if name == "style":
        return ""
    attributes = "".join(
        f' {k}="{color(v["name"]) if isinstance(v, dict) else v}"'
        for k, v in (element.get("attributes") or {}).items()
        if k != "class"
    )
    return f"<{name}{attributes}>{text}</{name}>"


def rendered(svg, side):
    run = ["timeout", "10", "rsvg-convert", "-w", str(side), "-h", str(side)]
    return Image.open(
        io.BytesIO(subprocess.run(run, input=svg.encode(), check=True, capture_output=True).stdout)
    ).convert("RGBA")


KEPT = {}


def kept(f):
    """A function of masks whose answers are kept by the first argument."""

    def inner(key, *more):
        if (f.__name__, key) not in KEPT:
            KEPT[f.__name__, key] = f(key, *more)
        return KEPT[f.__name__, key]

    return inner


@kept
def mask_of(key, element):
    """Where an element is: rows and columns with a margin, and uint8 there. Drawn once."""
    box, place, _ = key
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{FINE}" height="{FINE}" fill="none">'
        f'<g transform="{place.strip()}">{svg_of(element, lambda name: "#000")}</g></svg>'
    )
    mask = np.asarray(rendered(svg, FINE).getchannel("A"), np.uint8)
    some = Image.fromarray(mask).getbbox()
    if not some:
        return None
    x0, y0, x1, y1 = some
    at = np.s_[max(0, y0 - 6) : y1 + 6, max(0, x0 - 6) : x1 + 6]
    return at, mask[at].copy()


# --- painting ----------------------------------------------------------------
def put(canvas, at, color, mask):
    """A color (one, or one for each pixel) at a place of a premultiplied canvas [FINE, FINE, 4], through a mask."""
    mask = mask.astype(np.float32)[..., None] / 255
    part = canvas[at]
    part *= 1 - mask
    part[..., :3] += mask * color
    part[..., 3:] += mask


def disc(r):
    y, x = np.mgrid[-r : r + 1, -r : r + 1]
    return x * x + y * y <= r * r + 1


def soft(some, sigma):
    return (ndimage.gaussian_filter(some.astype(np.float32), sigma) * 255).astype(np.uint8)


@kept
def core(key, mask, r):
    """The solid places of ink, without a rim."""
    distance = ndimage.distance_transform_edt(mask > 127)
    inside = (
        ndimage.distance_transform_edt(distance <= r) < r if (distance > r).any() else distance > r
    )
    inside = (distance > r) | (inside & (distance > max(1, r // 2)))
    return np.minimum(soft(inside, 0.7), mask) if inside.any() else None


@kept
def inner(key, mask):
    """A silhouette without its rim."""
    return np.minimum(soft(ndimage.binary_erosion(mask > 127, disc(2)), 0.7), mask)


@kept
def holes(key, mask, most):
    """What a part's lines enclose, up to a size; a little wider than the hole, to lie under the lines."""
    ink = mask > 90
    labels, n = ndimage.label(ndimage.binary_fill_holes(ink) & ~ink)
    if not n:
        return None
    sizes = np.bincount(labels.ravel())
    some = np.isin(labels, [k for k in range(1, n + 1) if 12 < sizes[k] < most * FINE * FINE])
    return soft(ndimage.binary_dilation(some, disc(1)), 0.6) if some.any() else None


@kept
def regions(key, paper, ink):
    """A paper's regions between lines: numbers, the largest first."""
    labels, n = ndimage.label((paper > 127) & (ink < 100))
    sizes = np.bincount(labels.ravel(), minlength=n + 1)
    large = [k for k in np.argsort(-sizes) if k and sizes[k] > 0.0012 * FINE * FINE]
    table = np.zeros(n + 1, int)
    for i, k in enumerate(large):
        table[k] = i + 1
    seat = ndimage.distance_transform_edt(
        table[labels] == 0, return_distances=False, return_indices=True
    )
    return table[labels][tuple(seat)].astype(np.uint8)


def fill_of(part, role, colors):
    """The color of a fill, and of solid ink of that part (None: stays ink)."""
    skin, hair, cloth = colors["skin"], colors["hair"], colors["cloth"]
    if role in ("skin",):
        return skin
    if part in ("head", "gesture", "nose") and role == "paper":
        return skin
    if part in ("hair", "beard", "facialHair") or role in ("hair", "headContrast"):
        return hair
    if role == "clothing":
        return cloth[0]
    if part in ("mouth", "eyes", "expression") and role in ("paper", "white"):
        return colors["white"]
    if part == "glasses":
        return colors["lens"]
    if part == "clothesGraphic":
        return cloth[3]
    if part == "clothes":
        return cloth[0]
    return colors["white"]


def solid_of(part, colors):
    """The color of solid ink (None: stays ink), and half the width from which on it is solid."""
    return {
        "hair": (colors["hair"], 5), "beard": (colors["hair"], 5), "facialHair": (colors["hair"], 5), "head": (colors["hair"], 7),
        "eyebrows": (colors["brow"], 3), "clothes": (colors["cloth"][1], 7), "earrings": (colors["jewel"], 3),
        "hairAccessories": (colors["jewel"], 3), "eyes": (colors["iris"], 2), "mouth": (colors["lips"], 3),
        "mask": (colors["cloth"][2], 4),
    }.get(part, (None, 0))  # fmt: skip


def hole_of(part, colors):
    """The color that fills what a part's lines enclose, and the largest hole as a share of the picture."""
    return {
        "eyes": (colors["white"], 0.004), "mouth": (colors["white"], 0.004), "glasses": (colors["lens"], 0.02),
        "earrings": (colors["jewel"], 0.004), "hairAccessories": (colors["jewel"], 0.01), "beard": (colors["hair"], 0.01),
        "hair": (colors["hair"], 0.03), "expression": (colors["white"], 0.003), "accessories": (colors["lens"], 0.02),
        "mask": (colors["cloth"][2], 0.05), "facialHair": (colors["hair"], 0.02),
    }.get(part)  # fmt: skip


PAPERS = {"skin", "paper", "clothing", "white", "headContrast"}


def line_character(style, chosen, colors, box, seed):
    """A character of a line art style in colors: RGBA, SIDE x SIDE."""
    canvas = np.zeros((FINE, FINE, 4), np.float32)
    layers = []
    for part, place, element in leaves(style, style["canvas"]["elements"], chosen, "body"):
        key = (box, place, id(element))
        seen = mask_of(key, element)
        if seen:
            layers.append((part, role_of(element), key, *seen))
    for i, (part, role, key, at, mask) in enumerate(layers):
        if part == "freckles":
            put(canvas, at, colors["cheeks"] * 0.8, mask)
        elif role in PAPERS:
            color = fill_of(part, role, colors)
            if part in ("clothes", "body") and role in ("paper", "clothing"):
                ink = np.zeros((FINE, FINE), np.uint8)
                for _, _, _, where, above in layers[i + 1 : i + 2]:
                    ink[where] = above
                where = regions(key, mask, ink[at])
                rng = np.random.default_rng(
                    [seed, zlib.crc32(str(chosen.get("clothes")).encode()), i]
                )
                table = [0, 0] + [
                    0 if rng.random() < 0.55 else int(rng.integers(1, 3))
                    for _ in range(where.max())
                ]
                color = np.stack(colors["cloth"])[np.array(table)[where]]
            elif role == "clothing" and part == "head":
                color = colors["hat"]
            put(canvas, at, color, mask)
        elif role == "hair":  # a silhouette: a fill with an outline
            put(canvas, at, colors["ink"], mask)
            put(canvas, at, colors["hair"], inner(key, mask))
        else:
            hole = hole_of(part, colors)
            below = holes(key, mask, hole[1]) if hole else None
            if below is not None:
                put(
                    canvas,
                    at,
                    hole[0],
                    below * 0.6 if part in ("glasses", "accessories") else below,
                )
            put(canvas, at, colors["ink"], mask)
            color, r = solid_of(part, colors)
            above = core(key, mask, r) if color is not None else None
            if above is not None:
                put(canvas, at, color, above)
    small = canvas.reshape(SIDE, 2, SIDE, 2, 4).mean((1, 3))
    alpha = small[..., 3:]
    small[..., :3] = np.where(alpha > 1e-3, small[..., :3] / np.maximum(alpha, 1e-3), 0)
    return Image.fromarray((small * 255).round().clip(0, 255).astype(np.uint8), "RGBA")


def flat_character(style, chosen, colors, box, seed):
    """A character of a style that has colors of its own: they are replaced, and in most a line is drawn around fills."""
    rng = np.random.default_rng([seed, 5])

    def text(color):
        return "#" + "".join(f"{round(255 * float(c)):02x}" for c in np.clip(color, 0, 1))

    own = {}
    for name in style["colors"]:
        own[name] = text(colors["ink"] if name == "ink" else any_color(rng, 0.35, 1))
    own |= {
        "paperFace": text(colors["skin"]),
        "paperHair": text(colors["hair"]),
        "paperMouth": text(colors["lips"]),
    }
    body = "".join(svg_of(e, own.get, style, chosen) for e in style["canvas"]["elements"])
    if rng.random() < 0.75:
        width = rng.uniform(0.8, 1.8)
        for name, color in own.items():
            if name != "ink":
                body = body.replace(
                    f'fill="{color}"',
                    f'fill="{color}" stroke="{own.get("ink", text(colors["ink"]))}" stroke-width="{width:.2f}"',
                )
    return rendered(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{SIDE}" height="{SIDE}" fill="none">{body}</svg>',
        SIDE,
    )


def boxes(name, style, rng):
    """What part of a style's canvas is shown, as an SVG view box."""
    w, h = style["canvas"]["width"], style["canvas"]["height"]
    if name == "notionists" and rng.random() < 0.5:
        return "440 240 1100 1100"
    if name == "open-peeps":
        return (
            f"{-0.04 * w:.0f} {-0.04 * h:.0f} {1.08 * w:.0f} {1.08 * h:.0f}"
            if rng.random() < 0.6
            else "70 70 590 590"
        )
    if name == "cutouts":
        return f"0 0 {w} {h}"
    if name == "lorelei" and rng.random() < 0.3:
        return "170 150 680 680"
    return f"0 0 {w} {h}"


def encoded(picture, colors):
    few = picture.quantize(colors, method=Image.Quantize.FASTOCTREE).convert("RGBA")
    data = io.BytesIO()
    few.save(data, "WEBP", lossless=True, quality=90, method=6)
    return data.getvalue()


STYLES = {}


def character(job):
    """ID, and both variants as WebP."""
    name, number, palette = job
    if name not in STYLES:
        STYLES[name] = load(name)
    style = STYLES[name]
    seed = zlib.crc32(f"{name}{number}".encode())
    rng = np.random.default_rng(seed)
    odds, (always, perhaps) = ODDS.get(name, {}), OTHERS[name]
    colors, box = coloring(rng), boxes(name, style, rng)
    first = draw(rng, style, name, odds)
    changed = set(always) | {part for part, p in perhaps.items() if rng.random() < p}
    second = draw(rng, style, name, odds, first, changed)
    make = line_character if name in LINES else flat_character
    pictures = [make(style, chosen, colors, box, seed) for chosen in (first, second)]
    if np.asarray(pictures[0]).tobytes() == np.asarray(pictures[1]).tobytes():
        return None
    return f"{name}-{number:04d}", [encoded(p, palette) for p in pictures]


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--out", default="characters.pack")
    cli.add_argument("--sheet", help="a contact sheet of pairs")
    cli.add_argument("--count", type=int, default=2000, help="characters")
    cli.add_argument("--colors", type=int, default=48)
    cli.add_argument("--total", type=float, default=13.9, help="megabytes at most")
    o = cli.parse_args()
    jobs = [
        (name, i, o.colors) for name, share in SHARES.items() for i in range(round(share * o.count))
    ]
    with Pool(2) as pool:
        made = [m for m in pool.imap(character, jobs, 16) if m]
    order = np.random.default_rng(0).permutation(len(made))
    kept, size = [], 0
    for i in order:
        size += sum(len(b) + 150 + 2 * len(made[i][0]) for b in made[i][1])
        if size > o.total * 1e6:
            break
        kept.append(made[i])
    drawings = {f"{name}__{which}": b for name, two in sorted(kept) for which, b in zip("ab", two)}
    wide.write(o.out, list(drawings), drawings.values())
    print(len(made), "characters made,", len(kept), "kept,", round(os.path.getsize(o.out) / 1e6, 2), "MB;",
          {s: sum(n.startswith(s) for n, _ in kept) for s in SHARES})  # fmt: skip
    if o.sheet:
        wide.sheet([blob for _, two in kept[:84] for blob in two], o.sheet, 12, 144)


if __name__ == "__main__":
    main()
