# SPDX-License-Identifier: Apache-2.0

"""Views of public-domain drawings (Debian's `openclipart-svg`) that training leaves out.

Training leaves out the drawings whose name, folders joined by `__`, has a CRC-32 that divides by 20."""

import io
import subprocess
import zlib

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from mascots import palette

NAMES = (
    "animals/dinosaurs/dino_architetto_francesc_06",
    "animals/mammals/big_cats/leone_architetto_frances_01",
    "animals/bugs/abeille_tanguy_jacq_01",
    "animals/fish/clown_loach_01",
    "buildings/homes/house",
    "buildings/homes/pinkhome3",
    "computer/icons/lemon-theme/apps/bluefish",
    "food/desserts/pink_cake_gabrielle_now_r",
    "food/fruit/la_prugna_architetto_fra_01",
    "people/aerobics_architetto_fran_01",
    "people/head3",
    "people/smilies/smiley104",
    "plants/flowers/tulips_ganson",
    "unsorted/betoniera",
    "transportation/car_ride_ganson",
    "recreation/music/violin_colour_ganson",
)


def is_held_out(name):
    return zlib.crc32(name.replace("/", "__").encode()) % 20 == 0


def figure(svg, side):
    """The drawing, cut to its figure: floats [h, w, 4], straight alpha."""
    run = ["rsvg-convert", "-a", "-w", str(side), "-h", str(side), svg]
    picture = Image.open(io.BytesIO(subprocess.run(run, check=True, capture_output=True).stdout)).convert("RGBA")
    picture = picture.crop(picture.getchannel("A").point(lambda a: 255 * (a > 16)).getbbox())
    return np.asarray(picture).astype(np.float32) / 255


def ground(kind, colors, size, shift):
    """Floats [size, size, 3], and whether it is drawn with lines of its own: plain paper, one colour, floor and wall,
    a gradient, or hills."""
    picture = Image.new("RGB", (size, size), colors[0])
    draw = ImageDraw.Draw(picture)
    if kind == "white":
        draw.rectangle([0, 0, size, size], fill=(255, 255, 255))
    elif kind == "floor":
        draw.rectangle([0, size * (0.66 + 0.1 * shift), size, size], fill=colors[1])
    elif kind == "gradient":
        ramp = np.linspace(0, 1, size)[:, None, None]
        both = [np.array(c, float) for c in (colors[0], [round(0.5 * a + 0.5 * b) for a, b in zip(colors[0], colors[1])])]
        picture = Image.fromarray(np.broadcast_to(both[0] * (1 - ramp) + both[1] * ramp, (size, size, 3)).round().astype(np.uint8))
    elif kind == "hills":
        x = np.linspace(0, 1, 120)
        sun = np.array([0.84 - 0.7 * shift, 0.15]) * size
        draw.ellipse([*(sun - 0.08 * size), *(sun + 0.08 * size)], fill=colors[3])
        for level, fill in ((0.62, colors[1]), (0.78, colors[2])):
            y = level + 0.05 * np.sin(6 * x + 7 * level + 3 * shift)
            draw.polygon([*map(tuple, np.stack([x, y], 1) * size), (size, size), (0, size)], fill=fill)
    return np.asarray(picture).astype(np.float32) / 255


def view(drawing, size, fill, turn, mirrored, shift, bend, rng):
    """The drawing in a square: `fill` of its longer side, turned, shifted and bent a little. Premultiplied RGBA."""
    h, w = drawing.shape[:2]
    y, x = (np.mgrid[:size, :size].astype(np.float32) + 0.5) / size - 0.5
    wave = [bend * ndimage.zoom(rng.uniform(-1, 1, (5, 5)), size / 5, order=3)[:size, :size] for _ in range(2)]
    x, y = x - shift[0] + wave[0], y - shift[1] + wave[1]
    c, s = np.cos(turn), np.sin(turn)
    u, v = (c * x + s * y) * (-1 if mirrored else 1), c * y - s * x
    scale = max(h, w) / fill
    at = [v * scale + h / 2, u * scale + w / 2]
    source = drawing.copy()
    source[..., :3] *= source[..., 3:]
    return np.stack([ndimage.map_coordinates(source[..., i], at, order=1) for i in range(4)], -1)


KINDS = ("floor", "white", "hills", "flat", "gradient")


def pair(root, number, size, rng):
    """Two views: colour (uint8), lines (None: to be found), figure (bool)."""
    name = NAMES[number]
    assert is_held_out(name), name
    drawing = figure(f"{root}/{name}.svg", round(1.5 * size))
    colors, kind = palette(rng, 4), KINDS[number % len(KINDS)]
    views = []
    for which in range(2):
        is_target = which == 0
        seen = view(
            drawing, size,
            fill=rng.uniform(0.82, 0.95) if is_target else rng.uniform(0.68, 1.05),
            turn=rng.uniform(-0.08, 0.08) if is_target else rng.uniform(-0.22, 0.22),
            mirrored=not is_target and number % 2 == 1,
            shift=rng.uniform(-0.03, 0.03, 2) if is_target else rng.uniform(-0.09, 0.09, 2),
            bend=0.01 if is_target else 0.02, rng=rng,
        )  # fmt: skip
        behind = ground(kind, colors, size, rng.uniform(0, 1))
        rgb = seen[..., :3] + (1 - seen[..., 3:]) * behind
        views.append(((rgb * 255).round().clip(0, 255).astype(np.uint8), None, seen[..., 3] > 0.5))
    return views
