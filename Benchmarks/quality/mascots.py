# SPDX-License-Identifier: Apache-2.0

"""The second generator: geometric mascots in plain scenery. Nothing is ever trained on it.

`scene(rng, size)` draws two views of one mascot in one place: colour, lines and figure of each."""

import colorsys

import numpy as np
from PIL import Image, ImageDraw


def hsv(h, s, v):
    return tuple(round(255 * x) for x in colorsys.hsv_to_rgb(h % 1, s, v))


def palette(rng, count):
    """Colours apart from one another: hues around the circle, now and then pale or dark."""
    start, colors = rng.random(), []
    for i in range(count):
        kind = rng.random()
        s, v = rng.uniform(0.45, 0.9), rng.uniform(0.6, 1)
        if kind < 0.15:
            s, v = rng.uniform(0, 0.12), rng.uniform(0.9, 1)
        elif kind < 0.25:
            s, v = rng.uniform(0.3, 0.7), rng.uniform(0.25, 0.45)
        colors.append(hsv(start + 0.618 * i, s, v))
    return colors


def ellipse(x, y, rx, ry, turn=0.0, power=2.0, count=72):
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    u = rx * np.sign(np.cos(t)) * np.abs(np.cos(t)) ** (2 / power)
    v = ry * np.sign(np.sin(t)) * np.abs(np.sin(t)) ** (2 / power)
    return np.stack([x + u * np.cos(turn) - v * np.sin(turn), y + u * np.sin(turn) + v * np.cos(turn)], 1)


def box(x0, y0, x1, y1):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)


class Sheet:
    """Draws shapes into colour, lines and figure at once."""

    def __init__(self, size, width, ink):
        self.size, self.width, self.ink = size, width, ink
        self.on_figure, self.matrix = False, np.eye(2, 3)
        self.layers = [Image.new("RGB", (size, size)), Image.new("L", (size, size)), Image.new("L", (size, size))]
        self.color, self.lines, self.figure = (ImageDraw.Draw(x) for x in self.layers)

    def shape(self, points, fill):
        q = np.asarray(points, float) @ self.matrix[:, :2].T + self.matrix[:, 2]
        flat = [tuple(p) for p in q * self.size]
        self.color.polygon(flat, fill=fill)
        self.lines.polygon(flat, fill=0)
        self.figure.polygon(flat, fill=255 if self.on_figure else 0)
        self.stroke(points, closed=True)

    def stroke(self, points, closed=False):
        q = np.asarray(points, float) @ self.matrix[:, :2].T + self.matrix[:, 2]
        flat = [tuple(p) for p in q * self.size]
        flat += flat[:2] if closed else []
        self.color.line(flat, fill=self.ink, width=self.width, joint="curve")
        self.lines.line(flat, fill=255, width=self.width, joint="curve")
        if self.on_figure:
            self.figure.line(flat, fill=255, width=self.width, joint="curve")

    def result(self):
        color, lines, figure = (np.asarray(x) for x in self.layers)
        return color, lines > 127, figure > 127


def scenery(sheet, place, shift):
    """Behind the mascot: hills with a house, a shore, a room or a street of blocks."""
    sky, a, b, c, d = place["colors"]
    sheet.shape(box(-0.1, -0.1, 1.1, 1.1), sky)
    kind = place["kind"]
    x = np.linspace(-0.2, 1.2, 60)
    if kind == 0:
        sheet.shape(ellipse(0.8 - 0.4 * shift, 0.16, 0.09, 0.09), c)
        for level, fill in ((0.6, a), (0.76, b)):
            hill = level + 0.06 * np.sin(5 * x + 9 * level + 4 * shift)
            sheet.shape(np.concatenate([np.stack([x, hill], 1), [[1.2, 1.2], [-0.2, 1.2]]]), fill)
        h = 0.16 + 0.6 * shift
        sheet.shape(box(h - 0.08, 0.5, h + 0.08, 0.66), d)
        sheet.shape([[h - 0.11, 0.5], [h, 0.39], [h + 0.11, 0.5]], c)
    elif kind == 1:
        sheet.shape(box(-0.1, 0.5, 1.1, 1.1), a)
        sheet.shape(np.concatenate([np.stack([x, 0.78 + 0.03 * np.sin(9 * x + 6 * shift)], 1), [[1.2, 1.2], [-0.2, 1.2]]]), b)
        h = 0.78 - 0.5 * shift
        sheet.shape([[h, 0.46], [h, 0.18], [h + 0.16, 0.46]], c)
        sheet.shape([[h - 0.12, 0.48], [h + 0.18, 0.48], [h + 0.12, 0.57], [h - 0.06, 0.57]], d)
    elif kind == 2:
        sheet.shape(box(-0.1, 0.72, 1.1, 1.1), a)
        w = 0.1 + 0.5 * shift
        sheet.shape(box(w, 0.12, w + 0.28, 0.46), b)
        sheet.stroke([[w + 0.14, 0.12], [w + 0.14, 0.46]])
        sheet.shape(ellipse(0.5, 0.9, 0.42, 0.08), c)
        sheet.shape(box(w + 0.4, 0.5, w + 0.6, 0.8), d)
    else:
        for i, fill in enumerate((a, b, c, a, d)):
            left = -0.1 + 0.25 * i - 0.2 * shift
            sheet.shape(box(left, 0.25 + 0.1 * ((i * 7) % 3), left + 0.22, 1.1), fill)
        sheet.shape(box(-0.1, 0.84, 1.1, 1.1), b)


def mascot(sheet, who, pose):
    """Feet, arms, ears, body with belly, face, scarf, hat."""
    sheet.on_figure = True
    s, f, t = pose["scale"], -1 if pose["mirrored"] else 1, pose["tilt"]
    sheet.matrix = np.array(
        [[f * s * np.cos(t), -s * np.sin(t), pose["x"]], [f * s * np.sin(t), s * np.cos(t), pose["y"]]]
    )
    main, limbs, belly, scarf, hat, band = who["colors"]
    power, wide, tall = who["power"], who["wide"], who["tall"]
    if who["tail"]:
        sheet.shape(ellipse(-wide - 0.07, tall * 0.5, 0.13, 0.05, pose["arms"]), limbs)
    for side in (-1, 1):
        sheet.shape(ellipse(side * wide * 0.5, tall + 0.02, 0.09, 0.05), limbs)
        lift = pose["arms"] if side > 0 else -0.4
        sheet.shape(ellipse(side * (wide + 0.05), 0.04 - 0.08 * lift, 0.11, 0.045, -side * lift), limbs)
        x = side * wide * 0.55
        if who["ears"] == 0:
            sheet.shape(ellipse(x, -tall * 0.95, 0.07, 0.07), limbs)
            sheet.shape(ellipse(x, -tall * 0.95, 0.035, 0.035), belly)
        elif who["ears"] == 1:
            sheet.shape([[x - 0.07, -tall * 0.7], [x + side * 0.05, -tall * 1.3], [x + 0.07, -tall * 0.7]], main)
        else:
            sheet.stroke([[x * 0.5, -tall * 0.9], [x, -tall * 1.25]])
            sheet.shape(ellipse(x, -tall * 1.25, 0.035, 0.035), scarf)
    sheet.shape(ellipse(0, 0, wide, tall, power=power), main)
    sheet.shape(ellipse(0, tall * 0.5, wide * 0.6, tall * 0.38), belly)
    for side in (-1, 1):
        sheet.shape(ellipse(side * wide * 0.4, -tall * 0.42, 0.045, 0.055), (255, 255, 255))
        sheet.shape(ellipse(side * wide * 0.4 + 0.012, -tall * 0.4, 0.02, 0.025), (24, 22, 28))
    smile = np.linspace(-1, 1, 15)
    sheet.stroke(np.stack([smile * 0.06, -tall * 0.16 + 0.03 * (1 - smile**2)], 1))
    if who["scarf"]:
        w = wide * 1.02
        sheet.shape([[-w, -0.01], [w, -0.01], [w, 0.055], [-w, 0.055]], scarf)
        sheet.shape([[w * 0.4, 0.055], [w * 0.7, 0.055], [w * 0.75, 0.2], [w * 0.45, 0.2]], scarf)
    if who["hat"] == 0:
        sheet.shape([[-0.12, -tall * 0.86], [0.12, -tall * 0.86], [0.02, -tall * 0.86 - 0.24]], hat)
        sheet.shape(box(-0.14, -tall * 0.9, 0.14, -tall * 0.9 + 0.05), band)
    elif who["hat"] == 1:
        sheet.shape(box(-0.1, -tall * 0.88 - 0.16, 0.1, -tall * 0.88), hat)
        sheet.shape(box(-0.1, -tall * 0.88 - 0.06, 0.1, -tall * 0.88), band)
        sheet.shape(box(-0.17, -tall * 0.88, 0.17, -tall * 0.88 + 0.035), hat)


def scene(rng, size, number):
    who = dict(
        colors=palette(rng, 6), power=rng.choice([1.7, 2.0, 2.8, 4.0]), wide=rng.uniform(0.17, 0.24),
        tall=rng.uniform(0.2, 0.27), ears=number % 3, hat=(number + 1) % 3, scarf=number % 2 == 0, tail=rng.random() < 0.6,
    )  # fmt: skip
    place = dict(colors=palette(rng, 5), kind=number % 4)
    ink = hsv(rng.random(), 0.4, rng.uniform(0.08, 0.2))
    views = []
    for view in range(2):
        sheet = Sheet(size, round(size * rng.uniform(0.005, 0.008)), ink)
        scenery(sheet, place, rng.uniform(0, 0.6))
        pose = dict(
            scale=rng.uniform(0.95, 1.35), mirrored=rng.random() < 0.5, tilt=rng.uniform(-0.2, 0.2),
            x=0.5 + rng.uniform(-0.12, 0.12), y=0.56 + rng.uniform(-0.05, 0.05), arms=rng.uniform(-0.5, 1.0),
        )  # fmt: skip
        mascot(sheet, who, pose)
        views.append(sheet.result())
    return views
