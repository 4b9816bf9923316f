# SPDX-License-Identifier: Apache-2.0

"""Drawn figures of many kinds, as pairs of views of one identity.

`scene(rng)` draws two views of one design with one palette, as a character sheet and a cut show
it: people of all proportions, animals, mascots, robots, vehicles, things, and random assemblies of
shapes, over grounds of one place (shares: `KINDS`, `CROPS`, `attempt`). Between the views the
joints, the turn, the expression, the crop, the shading and the pen differ; the colors of the parts
do not. Needs PIL and numpy only.

A drawing is a list of `Ink` (closed shapes and lines with a depth) in figure units, y down. It is
framed and rasterized last, into color, sketch and mask alike, so that what hides what agrees.

    python figures.py OUT.png COUNT     writes a sheet of pairs to look at
"""

import colorsys
import sys

import numpy as np
from PIL import Image, ImageChops, ImageDraw

SIZE = 256
SS = 2  # supersampling
N = SIZE * SS
TAU = 2 * np.pi


# ---------------------------------------------------------------------------------------- colors


def hsv(h, s, v):
    r, g, b = colorsys.hsv_to_rgb(h % 1.0, min(max(s, 0), 1), min(max(v, 0), 1))
    return int(r * 255), int(g * 255), int(b * 255)


def mixed(a, b, k):
    return tuple(int(x * (1 - k) + y * k) for x, y in zip(a, b))


def shaded(c, k=0.78, hue=0.0):
    h, s, v = colorsys.rgb_to_hsv(*[x / 255 for x in c])
    return hsv(h + hue, s * 1.12 + 0.03 * (s > 0.05), v * k)


ROLES = (
    "skin hair eye top bottom sleeve shoe accent accent2 metal hat cape sock prop muzzle inner "
    "c0 c1 c2 c3 c4 c5 c6 c7"
).split()


def any_color(r):
    u = r.random()
    if u < 0.1:
        return hsv(r.random(), r.uniform(0, 0.06), r.uniform(0.88, 1.0))
    if u < 0.17:
        return hsv(r.random(), r.uniform(0, 0.2), r.uniform(0.08, 0.35))
    if u < 0.24:
        return hsv(r.random(), r.uniform(0, 0.12), r.uniform(0.35, 0.85))
    return hsv(r.random(), 0.12 + 0.85 * r.random() ** 1.3, 1 - 0.6 * r.random() ** 1.8)


def skin_tone(r):
    k = r.random() ** 1.8
    light, dark = (255, 232, 214), (84, 52, 38)
    c = np.array(mixed(light, dark, k), float) + r.normal(0, 6, 3) + [0, r.uniform(-8, 4), 0]
    return tuple(int(v) for v in np.clip(c, 0, 255))


def palette(r):
    """A color for every role: half of the time random, half of the time of one plausible scheme;
    then some roles are made alike, equal or gray, as designers do."""
    p = {k: any_color(r) for k in ROLES}
    if r.random() < 0.5:
        base, spread = r.random(), r.uniform(0.03, 0.5)
        s0, v0 = r.uniform(0.08, 0.8), 1 - 0.5 * r.random() ** 1.6
        for k in ROLES:
            if r.random() < 0.75:
                s, v = s0 + r.uniform(-0.2, 0.2), v0 + r.uniform(-0.3, 0.25)
                p[k] = hsv(base + spread * r.uniform(-1, 1), s, v)
        natural = hsv(r.uniform(0.02, 0.12), r.uniform(0.2, 0.8), r.uniform(0.08, 0.9))
        p["hair"] = natural if r.random() < 0.5 else any_color(r)
        p["metal"] = hsv(r.random(), r.uniform(0, 0.2), r.uniform(0.5, 0.9))
    if r.random() < 0.75:
        p["skin"] = skin_tone(r)
    if r.random() < 0.7:
        p["eye"] = hsv(r.random(), r.uniform(0.3, 1), r.uniform(0.25, 0.9))
    names = list(ROLES)
    if r.random() < 0.35:
        for k in r.choice(names, 4, replace=False):
            u = r.random()
            p[k] = (248, 248, 246) if u < 0.4 else (34, 32, 38) if u < 0.7 else hsv(0, 0, u)
    for share, change in ((0.35, 0.0), (0.35, 0.12)):
        if r.random() < share:
            for _ in range(int(r.integers(1, 4))):
                a, b = r.choice(names, 2, replace=False)
                h, s, v = colorsys.rgb_to_hsv(*[x / 255 for x in p[a]])
                d = r.uniform(-1, 1, 3) * change
                p[b] = hsv(h + 0.4 * d[0], s + d[1], v + d[2]) if change else p[a]
    return p


# ---------------------------------------------------------------------------------------- shapes


def blob(x=0, y=0, rx=1, ry=None, n=32, power=2.0, wave=(), turn=0.0):
    """An ellipse; `power` makes it boxy, `wave` (amount, frequency, phase) makes it bumpy."""
    t = np.linspace(0, TAU, n, endpoint=False)
    c, s = np.cos(t), np.sin(t)
    e = 2.0 / power
    k = 1 + sum(a * np.cos(f * t + q) for a, f, q in wave) if wave else 1.0
    px = rx * np.sign(c) * np.abs(c) ** e * k
    py = (rx if ry is None else ry) * np.sign(s) * np.abs(s) ** e * k
    if turn:
        u, v = np.cos(turn), np.sin(turn)
        px, py = u * px - v * py, v * px + u * py
    return np.stack([x + px, y + py], 1)


def smooth(points, n=7, closed=True):
    """A Catmull-Rom curve through the points."""
    p = np.asarray(points, float)
    q = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, n, endpoint=False)[None, :, None]
    a, b, c, d = (q[i : len(q) - 3 + i, None] for i in range(4))
    out = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    out = out.reshape(-1, 2)
    return out if closed else np.concatenate([out, p[-1:]])


def xy(text):
    """Points written as "x y, x y"."""
    return [[float(v) for v in point.split()] for point in text.split(",")]


def scaled(text, sx, sy):
    return np.array(xy(text)) * [sx, sy]


def box(x0, y0, x1, y1):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)


def rounded(x0, y0, x1, y1, power=5.0):
    return blob((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2, 28, power)


def star(x, y, radius, spikes=5, inner=0.45, turn=0.0):
    t = np.arange(2 * spikes) * np.pi / spikes - np.pi / 2 + turn
    k = np.where(np.arange(2 * spikes) % 2, inner, 1.0) * radius
    return np.stack([x + k * np.cos(t), y + k * np.sin(t)], 1)


def heart(x, y, r):
    t = np.linspace(0, TAU, 36, endpoint=False)
    high = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([x + r * np.sin(t) ** 3, y - r * high / 16], 1)


def normals(line):
    d = np.gradient(line, axis=0)
    d /= np.maximum(np.hypot(d[:, 0], d[:, 1]), 1e-9)[:, None]
    return np.stack([-d[:, 1], d[:, 0]], 1), d


def tube(path, widths, start=0.0, stop=1.0, round_ends=True, n=7):
    """The outline of a bent limb: half widths along a smooth path, cut to a part of its length."""
    path = np.asarray(path, float)
    line = smooth(path, n, closed=False) if len(path) > 2 else path
    step = np.hypot(*np.diff(line, axis=0).T)
    length = np.concatenate([[0], np.cumsum(step)])
    length /= max(length[-1], 1e-9)
    t = np.linspace(start, stop, max(5, len(line)))
    line = np.stack([np.interp(t, length, line[:, i]) for i in (0, 1)], 1)
    w = np.interp(t, np.linspace(0, 1, len(widths)), widths)[:, None]
    side, along = normals(line)
    left, right = line + side * w, (line - side * w)[::-1]
    if not round_ends:
        return np.concatenate([left, right])
    a = np.linspace(0, np.pi, 7)[1:-1, None]
    end = line[-1] + w[-1] * (side[-1] * np.cos(a) + along[-1] * np.sin(a))
    head = line[0] - w[0] * (side[0] * np.cos(a) + along[0] * np.sin(a))
    return np.concatenate([left, end, right, head])


def around(points, yaw):
    """Points on the front of a ball (x and y in radii), turned by `yaw`."""
    p = np.array(points, float)
    a = np.arcsin(np.clip(p[:, 0], -1, 1)) + yaw
    p[:, 0] = np.sin(np.clip(a, -np.pi / 2, np.pi / 2)) + np.sign(p[:, 0]) * np.maximum(
        np.abs(p[:, 0]) - 1, 0
    )
    return p


def seen(x, yaw):
    """Whether a place at x on the front of a ball is still on this side."""
    return abs(np.arcsin(np.clip(x, -1, 1)) + yaw) < 1.4


# ------------------------------------------------------------------------------- frames and pages


def frame(x=0.0, y=0.0, turn=0.0, sx=1.0, sy=None):
    c, s = np.cos(turn), np.sin(turn)
    sy = sx if sy is None else sy
    return np.array([[c * sx, -s * sy, x], [s * sx, c * sy, y]])


def inside(m, x=0.0, y=0.0, turn=0.0, sx=1.0, sy=None):
    """The frame `frame(x, y, ...)` seen from within frame m."""
    f = frame(x, y, turn, sx, sy)
    out = m[:, :2] @ f
    out[:, 2] += m[:, 2]
    return out


def placed(m, points):
    return np.asarray(points, float) @ m[:, :2].T + m[:, 2]


class Ink:
    """One closed shape or line. `inner` are inks that are cut to it; `kind` is 'part' (outlined),
    'flat' (colored, no outline: a blush or a light), or 'line'. `detail` lines border nothing."""

    __slots__ = "points fill z kind width inner tag shade detail".split()

    def __init__(self, points, fill, z, kind, width, inner, tag, shade, detail):
        self.points, self.fill, self.z, self.kind, self.width = points, fill, z, kind, width
        self.inner, self.tag, self.shade, self.detail = inner, tag, shade, detail

    def moved(self, m):
        inner = [i.moved(m) for i in self.inner]
        points = placed(m, self.points)
        more = (self.z, self.kind, self.width, inner, self.tag, self.shade, self.detail)
        return Ink(points, self.fill, *more)


def part(points, fill, z=0.0, width=1.0, inner=(), tag="body", shade=True):
    return Ink(np.asarray(points, float), fill, z, "part", width, inner, tag, shade, False)


def flat(points, fill, z=0.0, tag="body"):
    return Ink(np.asarray(points, float), fill, z, "flat", 1, (), tag, False, False)


def line(points, z=0.0, width=1.0, fill=None, tag="body", detail=False):
    return Ink(np.asarray(points, float), fill, z, "line", width, (), tag, False, detail)


class Page(list):
    """A drawing: inks in figure units."""

    def put(self, m, *inks):
        self.extend(i.moved(m) for i in inks)

    def ordered(self):
        return sorted(self, key=lambda i: i.z)

    def bounds(self, tags=None):
        p = [i.points for i in self if tags is None or i.tag in tags]
        p = np.concatenate(p or [i.points for i in self])
        return np.concatenate([p.min(0), p.max(0)])


class Pose:
    """Joint angles and choices by name, drawn on first use. A pose made from another one keeps its
    values but for small changes."""

    def __init__(self, r, near=None, change=0.1):
        self.r, self.near, self.change, self.known = r, near, change, {}

    def unit(self, name):
        if name not in self.known:
            u = self.r.random()
            if self.near is not None:
                u = np.clip(self.near.unit(name) + self.change * self.r.normal(), 0, 0.999)
            self.known[name] = float(u)
        return self.known[name]

    def __call__(self, name, low, high):
        return low + (high - low) * self.unit(name)

    def pick(self, name, n):
        return int(self.unit(name) * n)

    def sure(self, name, share):
        return self.unit(name) < share


# ------------------------------------------------------------------------------------- patterns

PATTERNS = "plain plain plain stripes bands slant checks dots emblem zigzag patches rings".split()


def pattern(kind, x0, y0, x1, y1, color, color2, seed, z=0):
    """Inks for the inside of a shape with these bounds."""
    r = np.random.default_rng(seed)
    w, h = x1 - x0, y1 - y0
    k = max(w, h)
    out = []
    if kind in ("stripes", "bands"):
        n = int(r.integers(2, 6))
        a = r.uniform(0.3, 0.6)
        for i in range(n):
            if kind == "stripes":
                s = h / n
                b = box(x0 - w, y0 + i * s, x1 + w, y0 + (i + a) * s)
            else:
                s = w / n
                b = box(x0 + i * s, y0 - h, x0 + (i + a) * s, y1 + h)
            out.append(part(b, color2 if r.random() < 0.15 else color, z, 0.7, shade=False))
    elif kind == "slant":
        n, a = int(r.integers(2, 6)), r.uniform(0.3, 0.6)
        for i in range(-1, n + 1):
            x = x0 + (i - 0.5) * w / n
            p = [[x, y1], [x + a * w / n, y1], [x + a * w / n + 0.5 * h, y0], [x + 0.5 * h, y0]]
            out.append(part(p, color, z, 0.7, shade=False))
    elif kind == "checks":
        n = int(r.integers(3, 6))
        s = k / n
        for i in range(int(np.ceil(w / s))):
            for j in range(int(np.ceil(h / s))):
                if (i + j) % 2:
                    b = box(x0 + i * s, y0 + j * s, x0 + (i + 1) * s, y0 + (j + 1) * s)
                    out.append(part(b, color, z, 0.6, shade=False))
    elif kind == "dots":
        n = int(r.integers(2, 5))
        s = k / n
        for i in range(n + 1):
            for j in range(n + 1):
                x, y = x0 + (i + 0.25 + 0.5 * (j % 2)) * s, y0 + (j + 0.5) * s
                if x < x1 and y < y1:
                    out.append(part(blob(x, y, 0.27 * s, n=12), color, z, 0.7, shade=False))
    elif kind == "emblem":
        x, y, s = (x0 + x1) / 2, (y0 + y1) / 2 + r.uniform(-0.1, 0.1) * h, 0.3 * min(w, h)
        out.append(emblem(int(r.integers(7)), x, y, s, color, z))
    elif kind == "zigzag":
        y, n = y0 + h * r.uniform(0.3, 0.7), int(r.integers(3, 7))
        xs = np.linspace(x0 - 0.05 * w, x1 + 0.05 * w, 2 * n + 1)
        a = np.where(np.arange(2 * n + 1) % 2, 1, -1) * 0.1 * h
        low = np.stack([xs, y + a + 0.22 * h], 1)[::-1]
        out.append(
            part(np.concatenate([np.stack([xs, y + a], 1), low]), color, z, 0.8, shade=False)
        )
    elif kind == "patches":
        for _ in range(int(r.integers(2, 6))):
            x, y = r.uniform(x0, x1), r.uniform(y0, y1)
            bump = [(0.18, 3, r.uniform(0, TAU)), (0.1, 5, r.uniform(0, TAU))]
            b = blob(x, y, k * r.uniform(0.08, 0.22), k * r.uniform(0.08, 0.22), 20, wave=bump)
            out.append(part(b, color, z, 0.8, shade=False))
    elif kind == "rings":
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        out.append(part(blob(x, y, 0.36 * w, 0.36 * h), color, z, 0.8, shade=False))
        if r.random() < 0.5:
            out.append(part(blob(x, y, 0.18 * w, 0.18 * h), color2, z, 0.8, shade=False))
    return out


def emblem(kind, x, y, s, color, z=0):
    shapes = (
        lambda: star(x, y, s),
        lambda: heart(x, y, s),
        lambda: blob(x, y, s, n=18),
        lambda: star(x, y, s, 4, 0.35),
        lambda: np.array([[x, y - s], [x + 0.9 * s, y + 0.6 * s], [x - 0.9 * s, y + 0.6 * s]]),
        lambda: np.array([[x, y - s], [x + 0.7 * s, y], [x, y + s], [x - 0.7 * s, y]]),
        lambda: np.array(xy("0.2 -1, -0.6 0.15, -0.05 0.15, -0.2 1, 0.6 -0.2, 0.05 -0.2")) * s
        + [x, y],
    )
    return part(shapes[kind % len(shapes)](), color, z, 0.8, shade=False)


def patterned(points, fill, kind, color, color2, seed, z=0.0, more=(), **keys):
    """A part with a pattern inside."""
    points = np.asarray(points, float)
    lo, hi = points.min(0), points.max(0)
    return part(
        points, fill, z, inner=[*pattern(kind, *lo, *hi, color, color2, seed), *more], **keys
    )


# ----------------------------------------------------------------------------------------- faces

EYES = "anime anime anime dot round iris slit lidded button".split()


def face_design(r, animal=False):
    return dict(
        eye=str(r.choice(EYES)),
        ex=r.uniform(0.3, 0.5),
        ey=r.uniform(-0.05, 0.28),
        ew=r.uniform(0.13, 0.27),
        eh=r.uniform(0.75, 1.7),
        my=r.uniform(0.52, 0.72),
        nose=str(r.choice("none dot line bump".split())),
        brow=r.random() < 0.65,
        brow_width=r.uniform(0.8, 2.2),
        blush=r.random() < 0.35,
        freckles=r.random() < 0.08,
        beard=int(r.integers(1, 4)) if r.random() < 0.12 and not animal else 0,
        paint=int(r.integers(1, 4)) if r.random() < 0.1 else 0,
        sclera=(255, 255, 255) if r.random() < 0.85 else any_color(r),
        muzzle=animal and r.random() < 0.75,
        muzzle_size=r.uniform(0.3, 0.5),
        whiskers=animal and r.random() < 0.4,
        one_eye=r.random() < 0.04,
    )


def face(page, m, d, c, rx, ry, p, yaw, z, skin):
    """Eyes, brows, nose and mouth on the front of a head, turned with it."""
    dark = (40, 28, 36)

    def on(points):
        return around(points, yaw) * [rx, ry]

    put = lambda *inks: page.put(m, *inks)
    gaze = p("gaze", -0.25, 0.25)
    shut = p.pick("lids", 9)
    if d["paint"] and seen(0, yaw):
        if d["paint"] == 1:
            shape = [[-0.9, d["ey"] - 0.15], [0.9, d["ey"] - 0.15], [0.9, d["ey"] + 0.2]]
            shape += [[0, d["ey"] + 0.1], [-0.9, d["ey"] + 0.2]]
            put(part(on(shape), c["accent2"], z, 0.7, tag="head"))
        else:
            for x in (-0.6, 0.6):
                if seen(x, yaw):
                    put(part(on(star(x, 0.45, 0.16, 3)), c["accent2"], z, 0.7, tag="head"))
    if d["muzzle"] and seen(0, yaw):
        s = d["muzzle_size"]
        put(part(on(blob(0, d["my"] - 0.08, 1.3 * s, 0.8 * s)), c["muzzle"], z, 0.8, tag="head"))
    if d["beard"] == 1 and seen(0, yaw):
        shape = xy("-0.95 0.1, -0.75 0.5, 0 0.42, 0.75 0.5, 0.95 0.1, 0.7 0.95")
        put(part(on(smooth(shape + [[0, 1.3], [-0.7, 0.95]])), c["hair"], z, tag="head"))
    sides = (0,) if d["one_eye"] else (-1, 1)
    for s in sides:
        x, y, w = s * d["ex"], d["ey"], d["ew"] * (1.6 if d["one_eye"] else 1)
        if not seen(x, yaw):
            continue
        h = w * d["eh"] * rx / ry
        eye(put, on, d, c, x, y, w, h, gaze, shut, z + 0.1, skin)
        if d["brow"]:
            a = p("brow", -0.12, 0.12) * s
            b = [[x - 1.1 * w, y - 1.35 * h - a], [x, y - 1.6 * h], [x + 1.1 * w, y - 1.35 * h + a]]
            fill = mixed(c["hair"], dark, 0.4)
            put(line(on(smooth(b, 4, False)), z + 0.3, d["brow_width"], fill, "head"))
        if d["blush"]:
            red = mixed(skin, (255, 70, 80), 0.35)
            put(flat(on(blob(1.45 * x, y + 1.3 * h, 0.15, 0.08, 12)), red, z + 0.05, "head"))
        if d["freckles"]:
            for i in range(3):
                spot = blob(1.2 * x + 0.1 * i - 0.1, y + 1.5 * h + 0.05 * (i % 2), 0.02, n=6)
                put(flat(on(spot), mixed(skin, dark, 0.35), z + 0.05, "head"))
    if not seen(0, yaw):
        return
    ny = 0.55 * d["my"] + 0.45 * d["ey"]
    if d["muzzle"] or d["whiskers"]:
        ny = d["my"] - 0.28
        nose = smooth([[-0.13, ny - 0.07], [0.13, ny - 0.07], [0, ny + 0.1]], 6)
        put(part(on(nose), c["inner"], z + 0.2, 0.7, tag="head"))
        put(line(on([[0, ny + 0.1], [0, d["my"]]]), z + 0.2, 0.7, tag="head"))
    elif d["nose"] == "dot":
        put(line(on([[-0.02, ny], [0.04, ny + 0.03]]), z + 0.2, 0.8, tag="head"))
    elif d["nose"] == "line":
        put(
            line(
                on([[0.02, ny - 0.15], [0.09, ny + 0.03], [0, ny + 0.05]]), z + 0.2, 0.8, tag="head"
            )
        )
    elif d["nose"] == "bump":
        put(part(on(blob(0, ny, 0.1, 0.08, 14)), mixed(skin, (230, 60, 60), 0.15), z + 0.2, 0.8))
    if d["whiskers"]:
        for s in (-1, 1):
            for i in range(3):
                a = [[s * 0.35, d["my"] - 0.1 + 0.08 * i], [s * 1.1, d["my"] - 0.2 + 0.18 * i]]
                put(line(np.array(a) * [rx, ry], z + 0.2, 0.6, tag="head"))
    mouth(put, on, d["my"], p.pick("mouth", 8), p("mouth size", 0.7, 1.4), z + 0.2)
    if d["beard"] >= 2:
        y = d["my"] - 0.1
        shape = smooth([[0, y - 0.06], [0.35, y + 0.02], [0.5, y - 0.05], [0, y + 0.08]], 6)
        both = np.concatenate([shape, shape * [-1, 1]])
        put(part(on(both[: len(shape)]), c["hair"], z + 0.3, 0.7, tag="head"))
        put(part(on(both[len(shape) :]), c["hair"], z + 0.3, 0.7, tag="head"))


def eye(put, on, d, c, x, y, w, h, gaze, shut, z, skin):
    dark, kind = (34, 24, 32), d["eye"]
    iris = c["eye"]
    if shut <= 1 and kind != "button":  # closed, smiling or asleep
        bend = -0.5 * h if shut else 0.4 * h
        arc = smooth(
            [[x - w, y], [x - 0.5 * w, y + 0.8 * bend], [x, y + bend], [x + w, y]], 6, False
        )
        put(line(on(arc), z, 1.6, dark, "head"))
        return
    if kind == "dot":
        put(part(on(blob(x, y, 0.5 * w, 0.6 * h, 16)), dark, z, 0.6, tag="head", shade=False))
        put(flat(on(blob(x - 0.12 * w, y - 0.2 * h, 0.16 * w, 0.18 * h, 8)), (255, 255, 255), z))
        return
    if kind in ("iris", "button"):
        pupil = part(on(blob(x, y, 0.35 * w, 0.4 * h, 14)), dark, z, 0.6, shade=False)
        full = blob(x, y, 0.8 * w, 0.9 * h, 20)
        put(part(on(full), iris, z, 0.8, [pupil], "head", False))
        put(flat(on(blob(x - 0.25 * w, y - 0.3 * h, 0.2 * w, 0.2 * h, 8)), (255, 255, 255), z))
        return
    size = {"anime": 0.72, "round": 0.42, "slit": 0.8, "lidded": 0.6}[kind]
    gx = x + gaze * w
    inner = [part(on(blob(gx, y, size * w, 0.9 * h, 18)), iris, z, 0.7, shade=False)]
    thin = 0.15 if kind == "slit" else 0.4
    inner.append(part(on(blob(gx, y, thin * w, 0.5 * h, 14)), mixed(iris, dark, 0.75), z, 0.5))
    if kind == "anime":
        inner.append(flat(on(blob(gx, y - 0.8 * h, w, 0.5 * h, 14)), shaded(iris, 0.55), z))
    if kind == "lidded":
        inner.append(
            part(on(box(x - 1.3 * w, y - 1.5 * h, x + 1.3 * w, y - 0.15 * h)), skin, z, 0.8)
        )
    if shut == 2:
        inner.append(part(on(box(x - 1.3 * w, y - 1.5 * h, x + 1.3 * w, y)), skin, z, 0.8))
    inner.append(
        flat(on(blob(gx - 0.25 * w, y - 0.4 * h, 0.22 * w, 0.22 * h, 10)), (255, 255, 255), z)
    )
    white = on(blob(x, y, w, h, 22, 2.4 if kind == "anime" else 2.0))
    put(part(white, d["sclera"], z, 0.7, inner, "head", False))
    if kind in ("anime", "slit", "lidded"):
        lash = [[x - 1.1 * w, y - 0.35 * h], [x - 0.6 * w, y - 0.9 * h], [x, y - 1.08 * h]]
        lash += [[x + 0.6 * w, y - 0.9 * h], [x + 1.1 * w, y - 0.35 * h]]
        put(line(on(smooth(lash, 4, False)), z + 0.05, 1.7, dark, "head"))


def mouth(put, on, y, kind, s, z):
    red, dark = (190, 64, 72), (60, 30, 36)
    w = 0.22 * s
    if kind in (0, 1):
        arc = smooth([[-w, y], [0, y + 0.09 * s], [w, y]], 5, False)
        put(line(on(arc), z, 1, tag="head"))
    elif kind == 2:
        put(line(on([[-0.6 * w, y], [0.6 * w, y]]), z, 1, tag="head"))
    elif kind in (3, 4):
        tongue = part(on(blob(0, y + 0.2 * s, 0.8 * w, 0.1 * s, 12)), (240, 130, 130), z, 0.6)
        teeth = part(on(box(-w, y - 0.1, w, y + 0.035)), (255, 255, 255), z, 0.6)
        shape = smooth([[-w, y - 0.02], [0, y + 0.01], [w, y - 0.02], [0.6 * w, y + 0.16 * s]], 6)
        inner = [tongue] if kind == 3 else [teeth]
        put(part(on(shape), red if kind == 3 else dark, z, 0.8, inner, "head", False))
    elif kind == 5:
        put(part(on(blob(0, y + 0.04, 0.4 * w, 0.08 * s, 14)), red, z, 0.8, tag="head"))
    elif kind == 6:
        put(line(on(smooth([[-w, y + 0.07], [0, y], [w, y + 0.07]], 5, False)), z, 1, tag="head"))
    else:
        cat = [[-w, y - 0.03], [-0.5 * w, y + 0.05], [0, y], [0.5 * w, y + 0.05], [w, y - 0.03]]
        put(line(on(smooth(cat, 4, False)), z, 1, tag="head"))


# ------------------------------------------------------------------------------- hair, ears, hats

BACKS = "none none short bob long longer spikes tail twin braids buns afro mohawk curls".split()
HATS = "cap witch top beanie crown helmet straw band bow flower halo horns hood bun".split()
EARS = "cat dog rabbit bear fox mouse".split()


def hair_design(r):
    n = int(r.integers(2, 9))
    return dict(
        back=str(r.choice(BACKS)),
        fringe=str(r.choice("locks locks locks round swept parted none".split())),
        tips=[(r.uniform(-0.35, 0.35), r.uniform(-0.2, 0.2)) for _ in range(n)],
        low=r.uniform(-0.55, -0.05),
        part=r.uniform(-0.6, 0.6),
        sides=r.uniform(0.3, 1.6) if r.random() < 0.5 else 0,
        volume=r.uniform(1.04, 1.25),
        length=r.uniform(0.6, 1.6),
        wave=r.uniform(0, 0.15),
        spikes=[r.uniform(0.15, 0.6) for _ in range(11)],
        bald=r.random() < 0.06,
        two=r.random() < 0.12,  # the inside in another color
        tied=r.random() < 0.6,
        ahoge=r.random() < 0.15,
        strands=int(r.integers(0, 5)),
        streak=r.uniform(-0.7, 0.5) if r.random() < 0.12 else None,  # a lock of another color
        dipped=r.random() < 0.1,  # ends of another color
    )


def hair(page, m, d, c, rx, ry, yaw, z, p):
    """Hair in front of and behind a head whose middle is the origin."""
    col, under = c["hair"], c["accent2"] if d["two"] else shaded(c["hair"], 0.8)
    behind = abs(((yaw + np.pi) % TAU) - np.pi) > np.pi / 2
    v, sway = d["volume"], p("sway", -0.25, 0.25)
    back_z = z + 3 if behind else z - 8
    put = lambda *inks: page.put(m, *inks)
    keys = dict(tag="head")
    if d["bald"]:
        return
    style = d["back"]
    inner = col if behind else under
    if style in ("bob", "long", "longer"):
        n = {"bob": 0.9, "long": 2.0, "longer": 3.2}[style] * d["length"] * ry
        w = rx * v * (1.08 + 0.25 * (style != "bob"))
        k = [[-w * 0.9, -0.4 * ry], [-w, 0.3 * ry], [-w * (1 + d["wave"]) + sway * rx, n * 0.7]]
        k += [[-0.7 * w + sway * rx, n], [-0.3 * w + sway * rx, n * 0.92], [sway * rx, n]]
        k += [[0.4 * w + sway * rx, n * 0.93], [0.8 * w + sway * rx, n]]
        k += [[w * (1 + d["wave"]) + sway * rx, n * 0.65], [w, 0.3 * ry], [0.9 * w, -0.4 * ry]]
        ends = [part(box(-9 * rx, 0.6 * n, 9 * rx, 9 * n), c["accent2"])] if d["dipped"] else []
        tag = "head" if style == "bob" else "hair"
        put(part(smooth(k, 6), inner, back_z, inner=ends, tag=tag))
        for i in range(d["strands"]):
            x = (i - d["strands"] / 2 + 0.5) * 0.35 * rx
            a = [
                [x, 0.4 * ry],
                [x * 1.2 + 0.5 * sway * rx, 0.6 * n],
                [x * 1.2 + sway * rx, 0.9 * n],
            ]
            put(line(smooth(a, 4, False), back_z + 0.01, 0.7, detail=True, tag="hair"))
    elif style in ("tail", "twin", "braids"):
        for s in (1,) if style == "tail" else (-1, 1):
            x = 0.75 * s * rx if style != "tail" else -0.7 * np.sin(yaw) * rx
            y = -0.5 * ry if style != "braids" else 0.5 * ry
            n = d["length"] * 1.5 * ry
            a = s * (0.5 if style == "twin" else 0.1) + sway - (style == "tail") * 0.5
            path = [[x, y], [x + rx * 0.9 * np.sin(a + s * 0.3), y + 0.35 * n]]
            path += [
                [x + n * 0.6 * np.sin(a), y + 0.7 * n],
                [x + n * 0.7 * np.sin(a + sway), y + n],
            ]
            zz = back_z if not behind else z + 4
            if style == "braids":
                for t in np.linspace(0.1, 1, 5):
                    q = np.array(path[0]) * (1 - t) + np.array(path[-1]) * t
                    put(
                        part(
                            blob(*q, 0.22 * rx * (1.2 - 0.4 * t), 0.2 * ry, 16),
                            col,
                            zz - t,
                            tag="hair",
                        )
                    )
            else:
                w = rx * 0.34
                put(part(tube(path, [0.5 * w, w, 1.1 * w, 0.8 * w, 0.1 * w]), col, zz, tag="hair"))
            if d["tied"]:
                put(part(blob(x, y, 0.2 * rx, 0.18 * ry, 14), c["accent"], zz + 0.1, **keys))
    elif style == "buns":
        for s in (-1, 1):
            bun = blob(s * 0.75 * rx, -0.95 * ry, 0.42 * rx, 0.4 * ry)
            put(part(bun, col, z + 4 if behind else z - 1, **keys))
            if d["tied"]:
                put(part(blob(s * 0.6 * rx, -0.7 * ry, 0.2 * rx, 0.12 * ry), c["accent"], z + 4.1))
    elif style in ("afro", "curls"):
        wave = [(0.06, int(9 + 5 * d["length"]), 0)]
        big = blob(0, -0.25 * ry, rx * 1.3 * v, ry * 1.25 * v, 110, wave=wave)
        put(part(big, inner, back_z, **keys))
    elif style == "spikes":
        n = len(d["spikes"])
        points = []
        for i, k in enumerate(d["spikes"]):
            a = np.pi * (1.15 - 1.3 * (i / (n - 1))) if n > 1 else 0
            b = a - 0.65 * np.pi / n
            e = 1.15 + k
            points += [[e * np.cos(a) * rx, -e * np.sin(a) * ry]]
            points += [[1.02 * np.cos(b) * rx, -1.02 * np.sin(b) * ry]]
        put(part(points + [[0, 0.5 * ry]], col, back_z, **keys))
    elif style == "mohawk":
        k = xy("-0.3 -0.85, -0.35 -1.5, -0.1 -1.3, 0 -1.8, 0.15 -1.35, 0.4 -1.5")
        put(part(np.array(k + [[0.3, -0.85]]) * [rx, ry], col, z + 2, **keys))
    if behind:
        shape = blob(0, -0.08 * ry, rx * v, ry * (1.02 * v), 30)
        if style != "mohawk":
            put(part(shape, col, z + 2, **keys))
            for i in range(-1, 2):
                a = [[0.1 * i * rx, -0.9 * ry], [0.45 * i * rx, 0], [0.4 * i * rx, 0.7 * ry]]
                put(line(smooth(a, 4, False), z + 2.1, 0.7, detail=True, **keys))
        return
    streak = []
    if d["streak"] is not None:
        x = d["streak"] + 0.5 * np.sin(yaw)
        lock = np.array([[x, -1.3], [x + 0.2, -1.3], [x + 0.3, 0.4], [x - 0.05, 0.4]]) * [rx, ry]
        streak.append(part(lock, c["accent"], width=0.8))
    if style == "mohawk" or d["fringe"] == "none":
        if style != "mohawk":  # combed back
            k = xy("-1 0, -0.8 -0.5, 0 -0.68, 0.8 -0.5, 1 0")
            fringe(put, on_head(k, yaw, rx, ry, v), rx, ry, v, col, z + 2, d, streak)
        return
    fringe(put, on_head(fringe_edge(d), yaw, rx, ry, v), rx, ry, v, col, z + 2, d, streak)
    if d["sides"]:
        for s in (-1, 1):
            if seen(0.8 * s, yaw):
                n = 0.2 + d["sides"]
                k = np.array(
                    [[0.78, -0.3], [1.06, -0.2], [1.08, 0.4 * n], [0.9, n], [0.85, 0.4 * n]]
                )
                put(part(smooth(k * [s * rx * v, ry], 6), col, z + 1.9, **keys))
    if d["ahoge"]:
        k = smooth(xy("0 -1, 0.1 -1.4, 0.45 -1.45, 0.15 -1.3, 0.1 -1"), 6)
        put(part(k * [rx * v, ry * v], col, z + 1.8, **keys))


def fringe_edge(d):
    """The lower edge of the hair on the forehead, from left to right, in radii of the head."""
    low = d["low"]
    if d["fringe"] == "round":
        return [[-1.0, 0.25], [-0.85, low], [0, low - 0.05], [0.85, low], [1.0, 0.25]]
    if d["fringe"] == "swept":
        s = 1 if d["part"] > 0 else -1
        k = [[-1.0, 0.3], [-0.7, low + 0.1], [0.3, low - 0.1], [0.8, low - 0.5], [1.0, 0.1]]
        return k if s > 0 else [[-x, y] for x, y in k[::-1]]
    if d["fringe"] == "parted":
        x = d["part"]
        k = [[-1.0, 0.35], [-0.8, low], [0.5 * (x - 0.8), low - 0.25], [x, -0.75]]
        return k + [[0.5 * (x + 0.8), low - 0.25], [0.8, low], [1.0, 0.35]]
    n = len(d["tips"])
    k = [[-1.0, 0.3]]
    for i, (dx, dy) in enumerate(d["tips"]):
        x = -0.85 + 1.7 * (i + 0.5) / n
        k.append([x + dx / n, low + dy + 0.12])
        if i < n - 1:
            k.append([x + 0.85 / n, low - 0.22 + 0.5 * dy])
    return k + [[1.0, 0.3]]


def on_head(edge, yaw, rx, ry, v):
    edge = np.array(edge, float)
    return around(edge, 0.8 * yaw) * [rx * v, ry]


def fringe(put, edge, rx, ry, v, col, z, d, more):
    a = np.linspace(0.05, np.pi - 0.05, 14)
    top = np.stack([rx * v * np.cos(a), -0.02 * ry - ry * v * np.sin(a)], 1)
    if d["fringe"] != "locks":
        edge = smooth(edge, 4, closed=False)
    inner = list(more)
    if d["length"] > 1.1:
        light = mixed(col, (255, 255, 255), 0.45)
        arc = smooth(xy("-0.7 -0.55, 0 -0.78, 0.7 -0.55, 0 -0.62"), 6) * [rx, ry * v]
        inner.append(flat(arc, light))
    put(part(np.concatenate([edge, top]), col, z, inner=inner, tag="head"))
    for i in range(d["strands"]):
        x = (i - d["strands"] / 2 + 0.5) * 0.4
        a = np.array([[0.4 * x, -1.0], [0.9 * x, -0.8], [1.1 * x, -0.55]]) * [rx, ry * v]
        put(line(smooth(a, 4, False), z + 0.01, 0.7, detail=True, tag="head"))


def ears(page, m, kind, c, fill, rx, ry, z, p):
    """A pair of animal ears on a head."""
    for s in (-1, 1):
        e = inside(m, s * 0.6 * rx, -0.7 * ry, s * (0.25 + p(f"ear{s}", -0.2, 0.25)))
        shapes = {
            "cat": [[-0.4, 0.2], [-0.1, -0.75], [0.4, 0.2]],
            "fox": [[-0.42, 0.2], [0.05, -1.05], [0.42, 0.2]],
            "rabbit": xy("-0.25 0.2, -0.28 -0.9, 0 -1.7, 0.28 -0.9, 0.25 0.2"),
            "dog": xy("-0.3 -0.1, 0.2 -0.3, 0.6 0.3, 0.45 1.1, 0.1 0.6"),
            "bear": blob(0.05, -0.15, 0.42, 0.42, 16),
            "mouse": blob(0.2, -0.35, 0.62, 0.6, 18),
        }
        k = np.array(shapes[kind]) * [s * rx, ry]
        k = smooth(k, 4) if kind in ("rabbit", "dog") else k
        middle = k.mean(0)
        small = middle + (k - middle) * 0.55
        page.put(e, part(k, fill, z + 3 if kind == "dog" else z - 0.5, tag="head"))
        if kind != "dog":
            page.put(e, part(small, c["inner"], z - 0.4, 0.7, tag="head", shade=False))


def hat(page, m, kind, c, rx, ry, z, yaw, seed):
    r = np.random.default_rng(seed)
    put = lambda points, fill, dz=0.0, **k: page.put(m, part(points, fill, z + dz, tag="head", **k))
    col, band = c["hat"], c["accent"]
    k = [1.12 * rx, ry]
    if kind in ("cap", "helmet", "beanie"):
        a = np.linspace(0, np.pi, 14)
        h = {"cap": 1.25, "helmet": 1.35, "beanie": 1.4}[kind]
        dome = np.stack([np.cos(a), -0.35 - (h - 0.35) * np.sin(a)], 1) * k
        pat = str(r.choice(PATTERNS))
        page.put(m, patterned(dome, col, pat, band, c["accent2"], seed, z, tag="head"))
        if kind == "cap":
            x = np.sin(np.clip(yaw, -1.2, 1.2))
            put(
                smooth(np.array([[x - 0.8, -0.4], [x, -0.55], [x + 0.8, -0.4], [x, -0.1]]) * k),
                band,
                0.1,
            )
        else:
            put(rounded(-1.15 * rx, -0.55 * ry, 1.15 * rx, -0.22 * ry), band, 0.1)
        if kind == "beanie":
            put(blob(0, -1.5 * ry, 0.3 * rx, n=16), c["accent2"], 0.2)
        if kind == "helmet" and r.random() < 0.6:
            for s in (-1, 1):
                put(
                    np.array([[0.8, -0.7], [1.5, -1.3], [1.05, -0.4]]) * [s * rx, ry],
                    c["metal"],
                    0.2,
                )
    elif kind in ("witch", "top", "straw"):
        put(blob(0, -0.5 * ry, 1.7 * rx, 0.28 * ry), col)
        lean = r.uniform(-0.3, 0.6)
        if kind == "witch":
            crown = [[-0.85, -0.6], [-0.4, -1.4], [lean, -2.3], [0.4, -1.4], [0.85, -0.6]]
        elif kind == "top":
            crown = xy("-0.75 -0.6, -0.85 -1.8, 0.85 -1.8, 0.75 -0.6")
        else:
            crown = xy("-0.85 -0.6, -0.7 -1.2, 0 -1.4, 0.7 -1.2, 0.85 -0.6")
        crown = np.array(crown) * [rx, ry]
        strip = [part(box(-2 * rx, -0.9 * ry, 2 * rx, -0.45 * ry), band, width=0.8)]
        put(smooth(crown) if kind == "straw" else crown, col, 0.1, inner=strip)
    elif kind == "crown":
        p = xy("-0.8 -0.7, -0.9 -1.4, -0.45 -1.1, 0 -1.6, 0.45 -1.1, 0.9 -1.4, 0.8 -0.7")
        put(np.array(p) * [rx, ry], col)
        put(blob(0, -0.95 * ry, 0.14 * rx, n=12), band, 0.1)
    elif kind == "band":
        arc = around(xy("-0.98 -0.45, -0.5 -0.75, 0.5 -0.75, 0.98 -0.45"), 0)
        low = arc[::-1] + [0, 0.22]
        put(np.concatenate([arc, low]) * [1.15 * rx, ry], col)
    elif kind in ("bow", "flower"):
        x, y = r.choice([-0.7, 0.7, 0]) * rx, -0.95 * ry
        if kind == "bow":
            for s in (-1, 1):
                put(
                    smooth(np.array([[0, 0], [0.6, -0.35], [0.7, 0.3]]) * [s * rx, ry] + [x, y], 6),
                    col,
                )
            put(blob(x, y, 0.16 * rx, n=12), band, 0.1)
        else:
            for a in np.arange(5) * TAU / 5:
                put(
                    blob(x + 0.28 * rx * np.cos(a), y + 0.28 * rx * np.sin(a), 0.22 * rx, n=12), col
                )
            put(blob(x, y, 0.18 * rx, n=12), band, 0.1)
    elif kind == "halo":
        page.put(m, line(blob(0, -1.4 * ry, 0.7 * rx, 0.2 * ry), z, 2.2, col, "head"))
    elif kind == "horns":
        for s in (-1, 1):
            path = np.array([[0.45, -0.8], [0.75, -1.2], [0.65, -1.65]]) * [s * rx, ry]
            put(tube(path, [0.2 * rx, 0.13 * rx, 0.02 * rx]), c["metal"], -0.5)
    elif kind == "hood":
        edge = blob(0, 0, 1.3 * rx, 1.3 * ry, 30)
        page.put(m, part(edge, col, z - 9, tag="head"))
        a = np.linspace(-0.35, np.pi + 0.35, 18)
        outer = np.stack([1.32 * rx * np.cos(a), -1.32 * ry * np.sin(a)], 1)
        inner = np.stack([1.02 * rx * np.cos(a), -0.95 * ry * np.sin(a)], 1)[::-1]
        put(np.concatenate([outer, inner]), col, 0.2)
    else:
        put(blob(0, -1.2 * ry, 0.45 * rx, 0.4 * ry), c["hair"], -0.3)


def glasses(page, m, kind, d, c, rx, ry, yaw, z):
    for s in (-1, 1):
        x, w = s * d["ex"], 1.45 * d["ew"]
        if not seen(x, yaw) or (kind == "patch" and s < 0):
            continue
        shape = blob(x, d["ey"], w, 1.15 * w, 20, 2 if kind != "square" else 6)
        q = around(shape, yaw) * [rx, ry]
        if kind in ("dark", "patch"):
            page.put(m, part(q, c["prop"], z, tag="head", shade=False))
        else:
            page.put(m, line(np.concatenate([q, q[:1]]), z, 1.5, c["prop"], "head"))
    if seen(0, yaw):
        k = [[-d["ex"] + 1.3 * d["ew"], d["ey"]], [d["ex"] - 1.3 * d["ew"], d["ey"]]]
        page.put(m, line(around(k, yaw) * [rx, ry], z, 1.3, c["prop"], "head"))


# ---------------------------------------------------------------------------------------- people


def person_design(r):
    u = r.random()
    heads = r.uniform(2, 3) if u < 0.3 else r.uniform(3.2, 5) if u < 0.55 else r.uniform(5.5, 8)
    build = np.exp(r.normal(0, 0.2))
    animal = r.random() < 0.15
    one_of = lambda text: str(r.choice(text.split()))
    return dict(
        heads=heads,
        round=r.uniform(0.76, 1.0) if heads > 3.2 else r.uniform(0.95, 1.3),
        jaw=r.uniform(0.5, 0.95),
        build=build,
        belly=r.uniform(0.65, 1.0) if build < 1.15 else r.uniform(0.9, 1.45),
        hips=r.uniform(0.7, 1.15),
        limb=r.uniform(0.2, 0.36),
        animal=str(r.choice(EARS)) if animal else "",
        face=face_design(r, animal),
        hair=hair_design(r),
        haired=not animal or r.random() < 0.25,
        hat=str(r.choice(HATS)) if r.random() < 0.36 else "",
        ears=str(r.choice(EARS)) if r.random() < 0.08 else "",
        glasses=one_of("round square dark patch") if r.random() < 0.16 else "",
        top=one_of("shirt shirt jacket armor dress robe hoodie tank suit"),
        sleeve=one_of("none short long long long puffy wide"),
        legs=one_of("trousers trousers shorts skirt skirt long bare tights"),
        skirt=(r.uniform(0.3, 0.8), r.uniform(1.2, 2.4)),
        pleats=int(r.integers(0, 6)),
        shoe=one_of("shoe shoe boot bare sandal"),
        sock=r.uniform(0.2, 0.8) if r.random() < 0.35 else 0,
        glove=r.random() < 0.15,
        belt=r.random() < 0.4,
        collar=one_of("none none vee round sailor scarf tie bow ruff"),
        cape=r.random() < 0.14,
        wings=r.random() < 0.08,
        tail=r.random() < (0.8 if animal else 0.06),
        bag=r.random() < 0.1,
        buttons=int(r.integers(1, 5)) if r.random() < 0.35 else 0,
        pocket=r.random() < 0.2,
        pattern=str(r.choice(PATTERNS)),
        pattern2=str(r.choice(PATTERNS)),
        prop=(
            one_of("sword staff umbrella book balloon cup flag ball flower shield bagel")
            if r.random() < 0.3
            else ""
        ),
        pads=r.random() < 0.12,
        extra=one_of("none none none apron sash bib headphones elf mask bandage kneepads"),
        sleeve_pattern=str(r.choice(PATTERNS)) if r.random() < 0.25 else "plain",
        seed=int(r.integers(1 << 30)),
    )


def person(page, d, c, p, yaw):
    hh = 1 / d["heads"]
    leg = float(np.interp(d["heads"], [2, 3.5, 5, 8], [0.2, 0.3, 0.4, 0.49]))
    neck = float(np.interp(d["heads"], [2, 4, 8], [0.0, 0.015, 0.035]))
    torso = 1 - hh - leg - neck
    sw = 0.12 * d["build"] * (0.8 + 0.25 * torso / 0.35)
    turn = np.cos(yaw)
    thin = 0.62 + 0.38 * abs(turn)
    behind = turn < -0.2
    k = dict(leg=leg, torso=torso, sw=sw, thin=thin, turn=turn, behind=behind, yaw=yaw)
    whole = frame(0, 0, p("lean all", -0.25, 0.25) if p.sure("leaning", 0.3) else 0)
    body = inside(whole, 0, 0, p("lean", -0.18, 0.18))
    legs(page, whole, d, c, p, k)
    trunk(page, body, d, c, p, k)
    hands = arms(page, body, d, c, p, k)
    if d["prop"]:
        prop(page, body, d, c, p, hands[1], torso)
    rx, ry = 0.5 * hh * d["round"], 0.5 * hh
    head_at = inside(body, 0, -torso - neck - 0.86 * ry, p("nod", -0.25, 0.25))
    page.put(
        body,
        part(box(-0.3 * rx, -torso - neck - 0.3 * ry, 0.3 * rx, -torso + 0.2 * ry), fur(d, c), 0.9),
    )
    head(page, head_at, d, c, p, rx, ry, yaw + p("look", -0.25, 0.25), 4.0, fur(d, c))


def fur(d, c):
    return c["c0"] if d["animal"] else c["skin"]


def head(page, m, d, c, p, rx, ry, yaw, z, skin):
    behind = np.cos(yaw) < -0.2
    j = d["jaw"]
    shape = [
        [-1, -0.2],
        [-0.94, 0.3],
        [-0.62 * (0.5 + 0.5 * j), 0.5 + 0.35 * j],
        [-0.25 * j, 0.98],
        [0.25 * j, 0.98],
    ]
    shape = shape + [
        [0.62 * (0.5 + 0.5 * j), 0.5 + 0.35 * j],
        [0.94, 0.3],
        [1, -0.2],
        [0.6, -0.85],
        [0, -1],
        [-0.6, -0.85],
    ]
    shift = 0.12 * np.sin(yaw)  # the chin goes where the face looks
    shape = np.array(shape)
    shape[:, 0] += shift * np.maximum(shape[:, 1], 0)
    page.put(m, part(smooth(shape, 4) * [rx, ry], skin, z, tag="head"))
    kind = d["animal"] or d["ears"]
    if kind:
        ears(
            page,
            m,
            kind,
            c,
            skin if d["animal"] else c["hair"],
            rx,
            ry,
            z + (2.5 if d["ears"] else 0),
            p,
        )
    if not d["animal"]:
        for s in (-1, 1):
            if seen(0.95 * s, 0.4 * yaw) and not d["ears"]:
                page.put(
                    m,
                    part(
                        blob(s * rx, 0.15 * ry, 0.16 * rx, 0.22 * ry, 14), skin, z - 0.2, tag="head"
                    ),
                )
    if not behind:
        if abs(yaw) > 0.85:
            s = np.sign(np.sin(yaw))
            nose = smooth(np.array([[0.9, 0.05], [1.12, 0.38], [0.9, 0.5]]) * [s * rx, ry], 6)
            page.put(m, part(nose, skin, z - 0.1, tag="head"))
        face(page, m, d["face"], c, rx, ry, p, yaw, z + 0.2, skin)
        if d["glasses"]:
            glasses(page, m, d["glasses"], d["face"], c, rx, ry, yaw, z + 1)
    head_extra(page, m, d, c, rx, ry, yaw, z, skin)
    if d["haired"]:
        hair(page, m, d["hair"], c, rx, ry, yaw, z, p)
    if d["hat"]:
        hat(page, m, d["hat"], c, rx, ry, z + 4.5, yaw, d["seed"])


def head_extra(page, m, d, c, rx, ry, yaw, z, skin):
    """Headphones, long ears or a mask over the mouth."""
    kind = d.get("extra")
    if kind == "headphones":
        a = np.linspace(0.05, np.pi - 0.05, 16)
        arc = np.stack([1.2 * rx * np.cos(a), -1.22 * ry * np.sin(a)], 1)
        page.put(
            m,
            part(tube(arc, [0.09 * rx] * 2, round_ends=False, n=2), c["prop"], z + 3.5, tag="head"),
        )
        for s in (-1, 1):
            if seen(0.9 * s, 0.5 * yaw):
                cup = rounded(
                    s * 1.15 * rx - 0.2 * rx, -0.3 * ry, s * 1.15 * rx + 0.2 * rx, 0.35 * ry
                )
                page.put(m, part(cup, c["accent"], z + 3.6, tag="head"))
    elif kind == "elf":
        for s in (-1, 1):
            if seen(0.9 * s, 0.5 * yaw):
                ear = np.array([[0.85, -0.1], [1.75, -0.35], [0.9, 0.4]]) * [s * rx, ry]
                page.put(m, part(smooth(ear, 6), skin, z - 0.15, tag="head"))
    elif kind == "mask" and seen(0, yaw):
        q = xy("-0.85 0.35, 0 0.25, 0.85 0.35, 0.6 0.85, 0 1, -0.6 0.85")
        page.put(m, part(around(smooth(q, 6), yaw) * [rx, ry], c["sock"], z + 0.9, tag="head"))


def trunk(page, m, d, c, p, k):
    t, sw, thin, behind = k["torso"], k["sw"], k["thin"], k["behind"]
    s, w, h = sw * thin, sw * d["belly"] * thin, sw * d["hips"] * thin
    shape = [[-0.4 * s, -t], [-s, -0.93 * t], [-0.95 * s, -0.6 * t], [-w, -0.3 * t], [-h, 0.02]]
    shape = np.array(shape + [[-x, y] for x, y in shape[::-1]])
    body = smooth(shape, 4)
    col, trim, dark = c["top"], c["accent"], c["accent2"]
    more = []
    if d["top"] in ("jacket", "robe", "suit", "hoodie") and not behind:
        x = 0.3 * s + 0.4 * s * np.sin(k["yaw"])
        v = [
            [x - 0.45 * s, -1.1 * t],
            [x + 0.25 * s, -1.1 * t],
            [x, -0.45 * t if d["top"] != "robe" else 0.1 * t],
        ]
        more.append(part(v, c["sleeve"], width=0.8))
        more.append(line([[x, -0.5 * t], [x, 0.1 * t]], width=0.8))
    if d["top"] == "armor":
        more.append(part(box(-2 * s, -0.35 * t, 2 * s, -0.22 * t), c["metal"], width=0.8))
        more.append(part(blob(0, -0.65 * t, 0.4 * s, 0.2 * t), c["metal"], width=0.8))
    if d["top"] == "tank":
        more.append(part(box(-2 * s, -1.1 * t, 2 * s, -0.84 * t), fur(d, c), width=0.8))
    if d["extra"] == "bib":
        for q in (-0.5, 0.5):
            more.append(part(box((q - 0.15) * s, -1.2 * t, (q + 0.15) * s, -0.5 * t), c["bottom"]))
        more.append(part(box(-0.7 * s, -0.6 * t, 0.7 * s, 0.2 * t), c["bottom"]))
    elif d["extra"] == "sash":
        q = [[-1.2 * s, -1.05 * t], [-0.8 * s, -1.15 * t], [1.2 * w, -0.2 * t], [w, 0.05 * t]]
        more.append(part(q, c["cape"], width=0.9))
    if d["pocket"] and not behind:
        more.append(part(box(0.15 * s, -0.6 * t, 0.6 * s, -0.4 * t), dark, width=0.7))
    page.put(m, patterned(body, col, d["pattern"], trim, dark, d["seed"], 1, more, tag="bust"))
    x = 0.5 * s * np.sin(k["yaw"])
    for i in range(0 if behind else d["buttons"]):
        y = -0.75 * t + 0.6 * t * i / max(d["buttons"], 2)
        page.put(m, part(blob(x, y, 0.09 * s, n=12), dark, 1.2, 0.7, tag="bust"))
    for i in range(2):  # folds
        a = [
            [(0.8 - 0.2 * i) * s, (-0.3 - 0.1 * i) * t],
            [(0.4 - 0.1 * i) * s, (-0.22 - 0.1 * i) * t],
        ]
        page.put(m, line(a, 1.1, 0.7, detail=True))
    if d["top"] in ("dress", "robe"):
        skirt(page, m, d, c, k, c["top"], 0.55 + 0.4 * d["skirt"][0], d["skirt"][1])
    if d["belt"]:
        page.put(m, part(box(-1.02 * max(w, h), -0.13 * t, 1.02 * max(w, h), -0.01 * t), dark, 1.7))
        if not behind:
            page.put(
                m, part(box(x - 0.18 * s, -0.15 * t, x + 0.18 * s, 0.01 * t), c["metal"], 1.8, 0.8)
            )
    if d["extra"] == "apron" and not behind:
        low = 0.5 * k["leg"]
        q = [[x - 0.5 * s, -0.75 * t], [x + 0.5 * s, -0.75 * t], [x + 0.7 * w, -0.2 * t]]
        q += [[x + 1.1 * h, low], [x - 1.1 * h, low], [x - 0.7 * w, -0.2 * t]]
        page.put(m, patterned(q, c["muzzle"], d["pattern2"], trim, dark, d["seed"] + 5, 1.65))
    neckwear(page, m, d, c, p, t, s, x, behind)
    if d["cape"]:
        a = p("cape", -0.5, 0.5)
        e = 1.5 + p("cape wide", 0, 0.8)
        low = 0.75 * k["leg"]
        shape = [
            [-0.9 * s, -0.97 * t],
            [0.9 * s, -0.97 * t],
            [e * sw + a * sw, low],
            [a * sw, low * 0.9],
        ]
        z = 3.6 if behind else -6
        inner = pattern(d["pattern2"], -2 * sw, -t, 2 * sw, low, trim, dark, d["seed"] + 3)
        page.put(m, part(smooth(shape + [[-e * sw + a * sw, low]], 6), c["cape"], z, inner=inner))
    if d["wings"]:
        for q in (-1, 1):
            wing(
                page,
                inside(m, q * 0.3 * s, -0.8 * t, q * p("wing", -0.5, 0.4)),
                q,
                2.6 * sw,
                c,
                -5 if not behind else 3.7,
                d["seed"],
            )
    if d["tail"]:
        a = p("tail", -1, 1)
        path = [
            [0, -0.05 * t],
            [0.9 * sw * np.sign(a), 0.3 * t],
            [1.7 * sw * np.sign(a), 0.0],
            [2 * sw * np.sign(a), -0.4 * t],
        ]
        fat = 0.12 + 0.5 * (d["seed"] % 3 == 0)
        page.put(
            m,
            part(
                tube(path, [0.1 * sw, fat * sw, fat * sw, 0.05 * sw]),
                c["c0"] if d["animal"] else c["hair"],
                3.7 if behind else -4,
            ),
        )
    if d["bag"]:
        page.put(
            m,
            part(
                rounded(-0.75 * s, -0.9 * t, 0.75 * s, -0.1 * t), c["prop"], 3.8 if behind else -3
            ),
        )
        if not behind:
            for q in (-1, 1):
                page.put(
                    m,
                    part(
                        tube([[q * 0.55 * s, -0.98 * t], [q * 0.65 * s, -0.4 * t]], [0.09 * s] * 2),
                        c["prop"],
                        2.4,
                        0.8,
                    ),
                )


def neckwear(page, m, d, c, p, t, s, x, behind):
    kind, fill = d["collar"], c["accent"]
    put = lambda points, f=fill, z=2.0, w=0.9: page.put(m, part(points, f, z, w, tag="bust"))
    if kind == "scarf":
        put(rounded(-0.62 * s, -1.1 * t, 0.62 * s, -0.86 * t, 3), z=2.5)
        a = p("scarf", -0.5, 0.5)
        end = [[0.3 * s, -0.95 * t], [0.4 * s + a * s, -0.6 * t], [0.4 * s + 2 * a * s, -0.35 * t]]
        put(
            tube(end, [0.14 * s, 0.17 * s, 0.2 * s], round_ends=False), z=2.4 if not behind else 0.5
        )
    elif behind or kind == "none":
        if kind == "sailor":
            put(box(-0.8 * s, -1.0 * t, 0.8 * s, -0.6 * t))
    elif kind == "vee":
        put([[x - 0.4 * s, -1.02 * t], [x + 0.4 * s, -1.02 * t], [x, -0.72 * t]], c["skin"])
    elif kind == "round":
        put(blob(0, -0.98 * t, 0.5 * s, 0.09 * t))
    elif kind == "sailor":
        for q in (-1, 1):
            put(
                [
                    [x, -0.65 * t],
                    [q * 0.35 * s, -1.02 * t],
                    [q * 0.9 * s, -0.94 * t],
                    [q * 0.7 * s, -0.72 * t],
                ]
            )
        put(
            smooth([[x, -0.66 * t], [x + 0.3 * s, -0.5 * t], [x - 0.3 * s, -0.5 * t]], 6),
            c["accent2"],
            2.1,
        )
    elif kind == "tie":
        put(
            [
                [x - 0.1 * s, -0.98 * t],
                [x + 0.1 * s, -0.98 * t],
                [x + 0.17 * s, -0.4 * t],
                [x, -0.3 * t],
                [x - 0.17 * s, -0.4 * t],
            ]
        )
    elif kind == "bow":
        for q in (-1, 1):
            put(
                smooth(
                    [[x, -0.9 * t], [x + q * 0.5 * s, -1.0 * t], [x + q * 0.5 * s, -0.76 * t]], 6
                )
            )
        put(blob(x, -0.89 * t, 0.13 * s, n=12), c["accent2"], 2.1)
    else:
        put(blob(0, -0.98 * t, 0.75 * s, 0.1 * t, 90, wave=[(0.1, 11, 0)]))


def wing(page, m, side, size, c, z, seed):
    if seed % 2:
        shape = xy("0 0, 0.5 -0.7, 1.3 -0.8, 1.1 -0.35, 1.2 0.1, 0.8 0.05, 0.7 0.45, 0.4 0.2")
        shape = np.array(shape)
    else:
        shape = smooth(xy("0 0, 0.4 -0.7, 1.2 -0.9, 1.2 -0.2, 0.9 0.3, 0.4 0.4"), 6)
    inner = [line([[0, 0], [0.9 - 0.2 * i, -0.5 + 0.3 * i]], width=0.7) for i in range(3)]
    inner = [i.moved(frame(0, 0, 0, side * size, size)) for i in inner]
    page.put(m, part(shape * [side * size, size], c["c1"], z, inner=inner))


def skirt(page, m, d, c, k, fill, length, flare):
    h = k["sw"] * d["hips"] * k["thin"] * 1.02
    n = k["leg"] * length
    e = h * flare
    n_wave = 2 * max(d["pleats"], 2) + 1
    xs = np.linspace(e, -e, n_wave)
    low = np.stack(
        [xs, n + 0.02 * n * np.where(np.arange(n_wave) % 2, 1, -1) * (d["pleats"] > 0)], 1
    )
    shape = np.concatenate([[[-h, -0.1 * k["torso"]], [h, -0.1 * k["torso"]]], low])
    page.put(
        m, patterned(shape, fill, d["pattern2"], c["accent2"], c["accent"], d["seed"] + 1, 1.5)
    )
    for i in range(d["pleats"]):
        u = (i + 1) / (d["pleats"] + 1) * 2 - 1
        page.put(
            m,
            line(
                [[0.8 * u * h, 0.1 * n], [0.95 * u * e, 0.97 * n]],
                1.55,
                0.7,
                detail=d["pleats"] > 3,
            ),
        )


def limb_path(x, y, side, a, bend, l1, l2):
    """Joints of a two-bone limb: `a` is measured outward from straight down."""
    e = [x + l1 * np.sin(a) * side, y + l1 * np.cos(a)]
    return np.array(
        [[x, y], e, [e[0] + l2 * np.sin(a + bend) * side, e[1] + l2 * np.cos(a + bend)]]
    )


def arms(page, m, d, c, p, k):
    sw, t = k["sw"], k["torso"]
    w = sw * d["limb"] * (0.9 + 0.3 * (d["heads"] < 3.5))
    n = 0.5 * (0.75 * t + 0.32 * k["leg"])
    hands = []
    for s in (-1, 1):
        mode = p.pick(f"arm{s}", 6)
        a, bend = (
            (p(f"a{s}", 0.05, 0.45), p(f"b{s}", -0.4, 0.1)),
            (p(f"a{s}", 0.5, 1.5), p(f"b{s}", -0.8, 0.8)),
            (p(f"a{s}", 1.8, 2.8), p(f"b{s}", -0.6, 0.6)),
            (p(f"a{s}", 0.5, 0.9), p(f"b{s}", -2.2, -1.5)),
            (p(f"a{s}", 0.1, 0.4), p(f"b{s}", -1.7, -0.9)),
            (p(f"a{s}", 0.1, 0.6), p(f"b{s}", 1.2, 2.6)),
        )[mode]
        x = s * 0.84 * sw * max(abs(k["turn"]), 0.25)
        far = s * np.sin(k["yaw"]) > 0.35
        z = -2.0 if far or (mode < 3 and p.sure(f"under{s}", 0.45)) else 3.0
        path = limb_path(x, -0.9 * t, s, a, bend, n, 0.92 * n)
        skin = fur(d, c)
        bare = d["sleeve"] in ("none", "short", "puffy")
        fill = skin if bare else c["sleeve"] if d["top"] in ("shirt", "armor", "tank") else c["top"]
        widths = [1.05 * w, 0.85 * w, 0.7 * w]
        if d["sleeve"] == "wide":
            page.put(m, part(tube(path, [0.7 * w, 0.6 * w, 0.5 * w]), skin, z - 0.02))
            widths = [1.0 * w, 1.1 * w, 1.7 * w]
        hand = path[2] + (path[2] - path[1]) * 0.12
        glove = c["accent"] if d["glove"] else skin
        page.put(m, part(blob(*hand, 0.95 * w, 0.9 * w, 16), glove, z - 0.01, tag="hand"))
        arm = tube(path, widths, 0, 0.93, d["sleeve"] != "wide")
        name = "plain" if bare else d["sleeve_pattern"]
        page.put(
            m, patterned(arm, fill, name, c["accent"], c["accent2"], d["seed"] + 7, z, tag="arm")
        )
        if d["extra"] == "bandage" and s > 0:
            page.put(
                m, part(tube(path, [1.1 * w] * 2, 0.55, 0.75, False), (240, 236, 224), z + 0.04)
            )
        sleeve = c["top"] if d["sleeve"] != "puffy" else c["sleeve"]
        if d["sleeve"] == "short":
            page.put(m, part(tube(path, [1.3 * w, 1.3 * w], 0, 0.36, False), sleeve, z + 0.02))
        elif d["sleeve"] == "puffy":
            page.put(
                m, part(tube(path, [1.2 * w, 2.0 * w, 1.6 * w, 1.0 * w], 0, 0.4), sleeve, z + 0.02)
            )
        elif d["sleeve"] == "long" and d["seed"] % 2:
            page.put(
                m, part(tube(path, [0.95 * w] * 2, 0.82, 0.95, False), c["accent"], z + 0.02, 0.8)
            )
        if d["glove"] and bare:
            page.put(m, part(tube(path, [1.0 * w] * 2, 0.7, 0.97, False), glove, z + 0.02, 0.8))
        if d["pads"]:
            page.put(m, part(blob(x * 1.05, -0.92 * t, 1.6 * w, 1.4 * w, 20), c["metal"], z + 0.1))
        page.put(
            m, line(path[1] + np.array([[-0.5, 0], [0.5, 0.1]]) * w, z + 0.03, 0.7, detail=True)
        )
        hands.append((hand, z))
    return hands


def legs(page, m, d, c, p, k):
    sw, n, turn = k["sw"], 0.5 * k["leg"], abs(k["turn"])
    w = sw * d["limb"] * 1.35 * min(1.3, 0.6 + 0.5 * d["hips"])
    mode = p.pick("legs", 7)
    x0 = max(0.45 * sw * d["hips"], 0.6 * w) * max(turn, 0.3)
    over = c["bottom"]
    for s in (-1, 1):
        l1 = l2 = n
        if mode <= 2:
            a, bend = p(f"l{s}", -0.02, 0.22), p(f"k{s}", -0.12, 0.05)
        elif mode == 3:  # running
            a, bend = s * p("stride", 0.3, 1.0), -s * p(f"k{s}", 0.0, 0.9)
            a, bend = a * s, bend * s
            a, bend = (a, bend) if s > 0 else (p("stride", 0.2, 0.9), p(f"k{s}", -1.2, 0))
        elif mode == 4:  # jumping
            a, bend = p(f"l{s}", 0.3, 1.1), p(f"k{s}", -1.9, -0.4)
        elif mode == 5:  # sitting, seen from the front
            a, bend, l1 = p(f"l{s}", 0.2, 0.6), p(f"k{s}", -0.6, -0.2), 0.5 * n
        else:  # sitting, seen from the side
            a, bend = s * p("seat", 1.2, 1.5), -s * p(f"k{s}", 0.9, 1.6)
        path = limb_path(s * x0, 0, s, a, bend, l1, l2)
        z = 0.0 + 0.1 * s * np.sign(np.sin(k["yaw"]) + 1e-6)
        skin = fur(d, c)
        kind = d["legs"]
        fill = {"trousers": over, "long": over, "tights": c["sock"]}.get(kind, skin)
        widths = [w, 0.9 * w, 0.62 * w] if kind != "long" else [w, 1.0 * w, 1.1 * w]
        page.put(m, part(tube(path, widths, 0, 1, True), fill, z, tag="leg"))
        page.put(
            m, line(path[1] + np.array([[-0.6, 0.1], [0.5, -0.1]]) * w, z + 0.03, 0.7, detail=True)
        )
        if d["extra"] == "kneepads":
            page.put(m, part(blob(*path[1], 1.1 * w, 1.2 * w), c["metal"], z + 0.08))
        if kind == "shorts":
            page.put(m, part(tube(path, [1.15 * w, 1.2 * w], 0, 0.45, False), over, z + 0.03))
        if d["sock"] and kind in ("shorts", "skirt", "bare"):
            page.put(
                m,
                part(tube(path, [0.92 * w, 0.72 * w], 1 - d["sock"] * 0.6, 1), c["sock"], z + 0.02),
            )
        foot(page, m, d, c, path, w, s, k, z, skin)
    hips = rounded(
        -sw * d["hips"] * k["thin"], -0.12 * k["torso"], sw * d["hips"] * k["thin"], 0.75 * w, 3
    )
    if d["legs"] in ("trousers", "shorts", "long", "tights"):
        page.put(m, part(hips, over if d["legs"] != "tights" else c["sock"], 0.3))
    else:
        page.put(m, part(hips, over, 0.3))
    if d["legs"] == "skirt" and d["top"] not in ("dress", "robe"):
        skirt(page, m, d, c, k, over, *d["skirt"])


def foot(page, m, d, c, path, w, s, k, z, skin):
    a = np.arctan2(*(path[2] - path[1])[::-1]) - np.pi / 2
    out = s * 0.35 + 1.0 * np.sin(k["yaw"])
    f = inside(m, *path[2], a)
    fill = c["shoe"] if d["shoe"] != "bare" else skin
    sole = blob(out * 0.5 * w, 0.35 * w, (0.85 + 0.5 * abs(out)) * w, 0.62 * w, 18, 2.6)
    inner = []
    if d["shoe"] == "shoe":
        inner = [part(box(-4 * w, 0.62 * w, 4 * w, 3 * w), c["accent2"], width=0.7)]
    elif d["shoe"] == "sandal":
        inner = [
            part(box(out * w * 0.5 - 0.25 * w, -w, out * w * 0.5 + 0.2 * w, w), skin, width=0.7)
        ]
    page.put(f, part(sole, fill, z + 0.05, inner=inner, tag="foot"))
    if d["shoe"] == "boot":
        page.put(m, part(tube(path, [1.0 * w, 0.9 * w], 0.68, 1.0, False), fill, z + 0.06))
        page.put(
            m,
            part(tube(path, [1.08 * w, 1.05 * w], 0.66, 0.74, False), c["accent2"], z + 0.07, 0.8),
        )


def prop(page, m, d, c, p, hand, t):
    (x, y), z = hand
    f = inside(m, x, y, p("prop", -0.7, 0.7))
    kind, col, two, k = d["prop"], c["prop"], c["accent2"], 0.45 * t + 0.06
    put = lambda points, fill, dz=-0.1, **keys: page.put(f, part(points, fill, z + dz, **keys))
    if kind == "sword":
        put(scaled("-0.1 0, -0.1 -1.7, 0 -2, 0.1 -1.7, 0.1 0", k, k), c["metal"])
        put(rounded(-0.35 * k, -0.08 * k, 0.35 * k, 0.06 * k), two, -0.05)
        put(box(-0.06 * k, 0.05 * k, 0.06 * k, 0.4 * k), col, -0.06)
    elif kind in ("staff", "flag"):
        put(box(-0.05 * k, -1.6 * k, 0.05 * k, 1.6 * k), col)
        if kind == "staff":
            put(blob(0, -1.75 * k, 0.25 * k, n=18), two)
        else:
            q = smooth(scaled("0 -1.6, 0.5 -1.7, 1.1 -1.5, 1.1 -0.9, 0.5 -1.05, 0 -0.9", k, k), 5)
            page.put(f, patterned(q, two, d["pattern2"], c["accent"], col, d["seed"], z - 0.2))
    elif kind == "umbrella":
        put(box(-0.04 * k, -1.4 * k, 0.04 * k, 0.3 * k), col)
        a = np.linspace(0, np.pi, 12)
        dome = np.stack([1.1 * k * np.cos(a), -1.2 * k - 0.75 * k * np.sin(a)], 1)
        page.put(f, patterned(dome, two, "bands", c["accent"], col, d["seed"], z + 0.5))
    elif kind == "balloon":
        page.put(
            f, line(smooth([[0, 0], [0.1 * k, -0.8 * k], [0, -1.5 * k]], 6, False), z - 0.1, 0.8)
        )
        put(blob(0, -2 * k, 0.5 * k, 0.6 * k), two)
    elif kind == "flower":
        put(tube([[0, 0.3 * k], [0, -0.7 * k]], [0.04 * k] * 2), (70, 140, 70))
        for a in np.arange(6) * TAU / 6:
            put(
                blob(0.2 * k * np.cos(a), -0.8 * k + 0.2 * k * np.sin(a), 0.16 * k, n=12),
                two,
                -0.05,
            )
        put(blob(0, -0.8 * k, 0.14 * k, n=12), col, -0.04)
    elif kind == "ball":
        page.put(
            f,
            patterned(
                blob(0, -0.2 * k, 0.5 * k), col, "slant", two, c["accent"], d["seed"], z + 0.3
            ),
        )
    elif kind == "shield":
        q = smooth(scaled("-0.6 -0.6, 0 -0.75, 0.6 -0.6, 0.5 0.3, 0 0.8, -0.5 0.3", k, k), 6)
        page.put(f, patterned(q, col, "emblem", two, c["accent"], d["seed"], z + 0.4))
    elif kind == "book":
        put(box(-0.4 * k, -0.6 * k, 0.4 * k, 0.1 * k), col, 0.2)
        put(box(-0.3 * k, -0.5 * k, 0.3 * k, -0.3 * k), two, 0.25, width=0.8)
    else:
        put(np.array(xy("-0.3 -0.6, 0.3 -0.6, 0.22 0.15, -0.22 0.15")) * k, col, 0.2)
        put(box(-0.27 * k, -0.4 * k, 0.27 * k, -0.15 * k), two, 0.25, width=0.8)


# -------------------------------------------------------------------- mascots, monsters, assemblies

BODIES = "egg ghost square pear star cloud drop bun onigiri cup mushroom berry cactus flower heart"


def body_shape(kind, seed=0):
    """An outline about two units high around the origin."""
    shapes = {
        "egg": lambda: blob(0, 0, 0.82, 1),
        "square": lambda: rounded(-0.85, -0.85, 0.85, 0.85),
        "pear": lambda: smooth(
            xy("0 -1, 0.5 -0.7, 0.6 -0.1, 0.95 0.5, 0.5 1, -0.5 1, -0.95 0.5, -0.6 -0.1, -0.5 -0.7")
        ),
        "star": lambda: smooth(star(0, 0, 1.15, 5, 0.6), 4),
        "cloud": lambda: blob(0, 0, 1.05, 0.8, 80, wave=[(0.06, 8, seed)]),
        "drop": lambda: smooth(
            xy("0 -1.2, 0.35 -0.5, 0.85 0.3, 0.5 0.95, -0.5 0.95, -0.85 0.3, -0.35 -0.5")
        ),
        "bun": lambda: blob(0, 0.1, 1.1, 0.75, 30, 2.6),
        "onigiri": lambda: smooth(
            xy("0 -1, 0.35 -0.75, 0.95 0.5, 0.7 0.9, -0.7 0.9, -0.95 0.5, -0.35 -0.75")
        ),
        "cup": lambda: np.array(xy("-0.8 -0.9, 0.8 -0.9, 0.6 0.95, -0.6 0.95")),
        "mushroom": lambda: rounded(-0.55, -0.3, 0.55, 1, 3),
        "berry": lambda: smooth(
            xy("0 -0.75, 0.7 -0.85, 0.95 -0.3, 0.5 0.6, 0 1, -0.5 0.6, -0.95 -0.3, -0.7 -0.85")
        ),
        "cactus": lambda: rounded(-0.5, -1.1, 0.5, 1, 3),
        "flower": lambda: blob(0, 0, 0.7, 0.7),
        "heart": lambda: heart(0, 0, 1.05),
        "ghost": lambda: smooth(
            xy(
                "0 -1, 0.75 -0.6, 0.85 0.3, 0.95 1, 0.5 0.8, 0.2 1.05,"
                " -0.2 0.8, -0.5 1.05, -0.95 0.9, -0.85 0.2, -0.75 -0.6"
            )
        ),
    }
    return shapes[kind]()


def mascot_design(r):
    return dict(
        body=str(r.choice(BODIES.split())),
        size=(r.uniform(0.8, 1.25), r.uniform(0.8, 1.2)),
        face=face_design(r, r.random() < 0.2),
        face_y=r.uniform(-0.35, 0.1),
        face_size=r.uniform(0.5, 0.75),
        arms=str(r.choice("tube line none fin".split())),
        legs=str(r.choice("tube tube line none stub stub tentacles".split())),
        spikes=int(r.integers(3, 8)) if r.random() < 0.15 else 0,
        limb=r.uniform(0.08, 0.2),
        length=r.uniform(0.4, 1.1),
        hat=str(r.choice(HATS)) if r.random() < 0.4 else "",
        ears=str(r.choice(EARS)) if r.random() < 0.3 else "",
        pattern=str(r.choice(PATTERNS)),
        belly=r.random() < 0.35,
        band=r.random() < 0.35,
        cape=r.random() < 0.15,
        tail=r.random() < 0.2,
        leaf=r.random() < 0.25,
        seed=int(r.integers(1 << 30)),
    )


def mascot(page, d, c, p, yaw):
    sx, sy = d["size"]
    yaw = float(np.clip(((yaw + np.pi) % TAU) - np.pi, -0.7, 0.7))
    squash = p("squash", -0.1, 0.1)
    m = frame(0, 0, p("lean", -0.25, 0.25), sx * (1 + squash), sy * (1 - squash))
    shape = body_shape(d["body"], d["seed"] % 6)
    more = []
    if d["belly"]:
        more.append(
            part(blob(0.4 * np.sin(yaw), 0.6, 0.5, 0.5), c["muzzle"], shade=False, width=0.8)
        )
    if d["body"] == "onigiri":
        more.append(part(box(-0.45, 0.35, 0.45, 1.5), c["c3"], shade=False))
    if d["band"]:
        more.append(part(box(-2, 0.28, 2, 0.5), c["accent"], shade=False))
    if d["body"] == "flower":
        for a in np.arange(8) * TAU / 8:
            page.put(m, part(blob(0.8 * np.cos(a), 0.8 * np.sin(a), 0.36, n=18), c["c1"], -1))
    page.put(
        m, patterned(shape, c["c0"], d["pattern"], c["c1"], c["c2"], d["seed"], 1, more, tag="head")
    )
    top = shape[:, 1].min()
    if d["body"] == "mushroom":
        a = np.linspace(0, np.pi, 16)
        cap = np.stack([1.15 * np.cos(a), -0.2 - 1.0 * np.sin(a)], 1)
        page.put(m, patterned(cap, c["c3"], "dots", c["c4"], c["c2"], d["seed"], 1.5, tag="head"))
        top = -1.2
    if d["body"] in ("cup", "bun"):
        page.put(
            m,
            part(
                blob(0, -0.9 if d["body"] == "cup" else -0.5, 0.82, 0.25), c["c2"], 1.2, tag="head"
            ),
        )
    if d["body"] == "cactus":
        for s in (-1, 1):
            path = [[0.3 * s, 0.2 * s], [0.85 * s, 0.2 * s], [0.9 * s, -0.5]]
            page.put(m, part(tube(path, [0.2, 0.22, 0.2]), c["c0"], 0.5))
    if d["body"] == "berry" or d["leaf"]:
        for a in (-0.9, 0, 0.9):
            leaf = smooth(xy("0 0, 0.2 -0.25, 0 -0.6, -0.2 -0.25"), 6)
            page.put(inside(m, 0, top + 0.12, a), part(leaf, c["c5"], 1.6, tag="head"))
    f = inside(m, 0, d["face_y"] + (0.2 if d["hat"] else 0))
    k = d["face_size"]
    face(page, f, d["face"], c, k, 0.85 * k, p, yaw, 2, c["c0"])
    if d["ears"]:
        ears(page, inside(m, 0, 0.25), d["ears"], c, c["c0"], 0.75, -top * 0.95, 1.2, p)
    if d["hat"]:
        hat(
            page,
            inside(m, 0, 0.05 + 0.3 * (1 + top)),
            d["hat"],
            c,
            0.72,
            -top * 0.9,
            4,
            yaw,
            d["seed"],
        )
    mascot_limbs(page, m, d, c, p)
    if d["cape"]:
        a = p("cape", -0.5, 0.5)
        page.put(
            m,
            part(
                smooth([[-0.6, -0.5], [0.6, -0.5], [1.3 + a, 1.1], [a, 1.0], [-1.3 + a, 1.1]], 6),
                c["cape"],
                -3,
            ),
        )
    if d["tail"]:
        a = p("tail", -0.6, 0.6)
        page.put(
            m,
            part(
                tube([[0.5, 0.6], [1.2, 0.7 + a], [1.5, 0.1 + a]], [0.15, 0.2, 0.05]), c["c2"], -2
            ),
        )


def mascot_limbs(page, m, d, c, p):
    w, n = d["limb"], d["length"]
    for i in range(d["spikes"]):
        a = np.pi * (0.15 + 0.7 * (i + 0.5) / d["spikes"])
        spike = inside(m, 0.75 * np.cos(a), -0.75 * np.sin(a), np.pi / 2 - a)
        page.put(spike, part(xy("-0.15 0.1, 0 -0.5, 0.15 0.1, 0 0.2"), c["c3"], -0.3))
    for i in range(6 if d["legs"] == "tentacles" else 0):
        x = 0.25 * (i - 2.5)
        k = p(f"tentacle{i}", -0.5, 0.5)
        path = [
            [x, 0.7],
            [1.5 * x, 1.0],
            [1.8 * x + k, 1.2 + 0.2 * n],
            [2 * x + 1.5 * k, 1.2 + 0.5 * n],
        ]
        dots = pattern("dots", -2, 0.7, 2, 2.2, c["muzzle"], c["c1"], 1) if d["seed"] % 2 else []
        arm = tube(path, [0.16, 0.14, 0.11, 0.03])
        page.put(m, part(arm, c["c0"], 0.1 + 0.1 * (i % 2), inner=dots, tag="foot"))
    for s in (-1, 1):
        a = p(f"arm{s}", 0.2, 2.7)
        x = 0.7 * s
        path = limb_path(x, 0.25, s, a, p(f"bend{s}", -0.9, 0.9), 0.5 * n, 0.5 * n)
        z = 3.0 if p.sure(f"front{s}", 0.3) else -0.5
        if d["arms"] == "tube":
            page.put(
                m, part(tube(path, [w, w]), c["c0"] if d["seed"] % 2 else c["c2"], z, tag="arm")
            )
            page.put(m, part(blob(*path[2], 1.5 * w, 1.4 * w, 16), c["c4"], z + 0.1))
        elif d["arms"] == "line":
            page.put(m, line(smooth(path, 4, False), z, 1.6))
            page.put(m, part(blob(*path[2], 1.2 * w, n=14), c["c4"], z + 0.1))
        elif d["arms"] == "fin":
            page.put(m, part(tube(path[:2] * [1, 1], [1.5 * w, 0.8 * w]), c["c0"], z, tag="arm"))
        a = p(f"leg{s}", -0.1, 0.5)
        path = limb_path(0.38 * s, 0.75, s, a, p(f"knee{s}", -0.6, 0.2), 0.35 * n, 0.35 * n)
        foot_at = blob(path[2][0] + 0.6 * w * s, path[2][1], 1.9 * w, 1.2 * w, 16)
        if d["legs"] == "tube":
            page.put(m, part(tube(path, [1.2 * w, w]), c["c0"] if d["seed"] % 2 else c["c2"], 0.2))
        elif d["legs"] == "line":
            page.put(m, line(smooth(path, 4, False), 0.2, 1.6))
        elif d["legs"] == "stub":
            foot_at = blob(0.42 * s + 0.2 * a * s, 0.98, 0.26, 0.18, 16)
        if d["legs"] not in ("none", "tentacles"):
            page.put(m, part(foot_at, c["shoe"], 0.3, tag="foot"))


SHAPES = "blob blob polygon capsule strand ribbon leaf box star ring".split()


def assembly_design(r):
    """A random tree: every piece hangs on an earlier one, with a joint where they meet."""
    n = int(r.integers(5, 21))
    pieces = []
    paired = r.random() < 0.6
    for i in range(n):
        root = i == 0
        kind = (
            str(r.choice(["blob", "polygon", "box", "capsule"])) if root else str(r.choice(SHAPES))
        )
        size = 1.0 if root else float(np.clip(np.exp(r.normal(-0.75, 0.45)), 0.18, 1.1))
        parent = 0 if root or r.random() < 0.55 else int(r.integers(max(1, i)))
        pieces.append(
            dict(
                kind=kind,
                size=size,
                parent=parent,
                at=r.uniform(0, TAU),
                side=paired and not root and r.random() < 0.55,
                long=r.uniform(0.7, 2.6),
                swing=r.uniform(0.1, 0.8),
                turn=r.normal(0, 0.5),
                front=r.random() < 0.35,
                color=f"c{int(r.integers(8))}",
                color2=f"c{int(r.integers(8))}",
                pattern=str(r.choice(PATTERNS)),
                wave=[
                    (r.uniform(0, 0.16), int(r.integers(2, 7)), r.uniform(0, TAU)) for _ in range(2)
                ],
                power=r.uniform(1.6, 4),
                corners=int(r.integers(3, 8)),
                detail=int(r.integers(9)),
                seed=int(r.integers(1 << 30)),
            )
        )
    wide = [
        i
        for i, q in enumerate(pieces)
        if q["kind"] in ("blob", "polygon", "box") and q["size"] > 0.4
    ]
    face_on = 0 if r.random() < 0.6 else int(r.choice(wide or [0]))
    has_face = face_on in wide and r.random() < 0.8
    if has_face and r.random() < 0.7:  # a calm ground for the face
        pieces[face_on].update(pattern="plain", detail=8)
    return dict(
        pieces=pieces,
        face=face_design(r, r.random() < 0.4) if has_face else None,
        face_on=face_on,
        hair=hair_design(r) if r.random() < 0.15 else None,
    )


def piece_shape(d):
    """The outline of a piece that hangs at the origin and points down, and its middle."""
    s, k = d["size"], d["kind"]
    r = np.random.default_rng(d["seed"])
    n = s * d["long"]
    if k == "blob":
        return blob(0, 0.5 * s, 0.55 * s, 0.62 * s, 48, d["power"], d["wave"])
    if k == "polygon":
        a = (
            np.sort(np.arange(d["corners"]) + r.uniform(-0.3, 0.3, d["corners"]))
            * TAU
            / d["corners"]
        )
        q = np.stack([0.6 * s * np.cos(a), 0.55 * s + 0.6 * s * np.sin(a)], 1)
        return smooth(q, 4) if d["seed"] % 2 else q
    if k == "box":
        return rounded(
            -0.5 * s, -0.05 * s, 0.5 * s, (0.4 + 0.4 * d["long"]) * s, 4 + 6 * (d["seed"] % 2)
        )
    if k == "star":
        return star(0, 0.5 * s, 0.65 * s, d["corners"], 0.55)
    if k == "ring":
        return blob(0, 0.45 * s, 0.5 * s)
    if k == "leaf":
        return smooth(scaled("0 0, 0.35 0.35, 0.05 1, -0.35 0.35", s, n), 6)
    bend = np.array(
        [
            [0, 0],
            [r.uniform(-0.3, 0.3) * s, 0.4 * n],
            [r.uniform(-0.5, 0.5) * s, 0.75 * n],
            [r.uniform(-0.6, 0.6) * s, n],
        ]
    )
    widths = {
        "capsule": [0.25, 0.22, 0.24],
        "strand": [0.22, 0.2, 0.03],
        "ribbon": [0.1, 0.16, 0.22],
    }[k]
    return tube(bend, np.array(widths) * s, round_ends=k != "ribbon")


def piece_details(d, c, shape):
    lo, hi = shape.min(0), shape.max(0)
    (x, y), (w, h) = (lo + hi) / 2, hi - lo
    fill, k = c[d["color2"]], d["detail"]
    out = pattern(d["pattern"], *lo, *hi, fill, c["accent"], d["seed"])
    if k == 0:
        out += [part(box(lo[0] - w, hi[1] - 0.25 * h, hi[0] + w, hi[1] + h), fill, width=0.8)]
    elif k == 1:
        out += [
            part(blob(x, y - 0.2 * h + 0.2 * h * i, 0.08 * w, n=12), fill, width=0.7)
            for i in range(3)
        ]
    elif k == 2:
        ball = [part(blob(x, y, 0.12 * w, n=12), (30, 26, 34), width=0.7)]
        out += [part(blob(x, y, 0.25 * w, n=16), (255, 255, 255), width=0.8, inner=ball)]
    elif k == 3:
        out += [part(box(x - 0.25 * w, y - 0.1 * h, x + 0.25 * w, y + 0.25 * h), fill, width=0.8)]
    elif k == 4:
        ends = [[lo[0], y], [x, y + 0.15 * h], [hi[0], y]]
        out += [line(smooth(ends, 4, False), width=0.8)]
    elif k == 5:
        out += [
            line([[x + 0.15 * w * i, lo[1]], [x + 0.1 * w * i, hi[1]]], width=0.7, detail=True)
            for i in (-1, 0, 1)
        ]
    return out


def assembly(page, d, c, p, yaw):
    yaw = float(np.clip(((yaw + np.pi) % TAU) - np.pi, -0.8, 0.8))
    frames, shapes = [], []
    for i, q in enumerate(d["pieces"]):
        shape = piece_shape(q)
        shapes.append(shape)
        if i == 0:
            frames.append(
                [inside(frame(0, 0, p("root", -0.4, 0.4)), 0, 0, 0, 0.8 + 0.2 * np.cos(yaw), 1)]
            )
        else:
            frames.append([])
            base = shapes[q["parent"]]
            middle = base.mean(0)
            for mirror in (1, -1) if q["side"] else (1,):
                a = q["at"]
                direction = np.array([np.cos(a) * mirror, np.sin(a)])
                reach = ((base - middle) @ direction).argmax()
                joint = middle + 0.8 * (base[reach] - middle)
                out = np.arctan2(*(base[reach] - middle)[::-1]) - np.pi / 2
                swing = p(f"joint{i}{mirror}", -1, 1) * q["swing"] + mirror * q["turn"] * 0.5
                for up in frames[q["parent"]][:1]:
                    frames[i].append(inside(up, *joint, out + swing, mirror, 1))
        z = 0 if i == 0 else (1 if q["front"] else -1) * (0.2 + 0.05 * i)
        tag = "head" if i == d["face_on"] else "body"
        for m in frames[i]:
            page.put(m, part(shape, c[q["color"]], z, inner=piece_details(q, c, shape), tag=tag))
            if q["kind"] == "ring":
                lo, hi = shape.min(0), shape.max(0)
                hole = (shape - (lo + hi) / 2) * 0.5 + (lo + hi) / 2
                page.put(m, part(hole, c[q["color2"]], z + 0.01))
    if d["face"]:
        i = d["face_on"]
        q = shapes[i]
        lo, hi = q.min(0), q.max(0)
        x, y = (lo + hi) / 2
        k = 0.42 * min(hi[0] - lo[0], hi[1] - lo[1])
        m = frames[i][0]
        turn = -np.arctan2(m[1, 0], m[0, 0]) * 0.85
        f = inside(m, x, y, turn)
        z = 0 if i == 0 else 1 if d["pieces"][i]["front"] else -0.2
        face(page, f, d["face"], c, k, k, p, yaw, z + 0.9, c[d["pieces"][i]["color"]])
        if d["hair"]:
            hair(page, f, d["hair"], c, 1.2 * k, 1.2 * k, yaw, z + 0.9, p)


# --------------------------------------------------------------------------------------- animals


def beast_design(r):
    long_neck = r.random() < 0.2
    return dict(
        length=r.uniform(0.7, 1.4),
        height=r.uniform(0.28, 0.5),
        leg=r.uniform(0.25, 0.8),
        leg_width=r.uniform(0.07, 0.15),
        neck=r.uniform(0.6, 1.2) if long_neck else r.uniform(0.0, 0.4),
        neck_width=r.uniform(0.1, 0.22),
        head=r.uniform(0.28, 0.5) * (0.75 if long_neck else 1),
        snout=r.uniform(0.2, 1.1),
        ears=str(r.choice(EARS + ["none"])),
        tail=str(r.choice("thin bushy curl short fat none".split())),
        pattern=str(r.choice(PATTERNS)),
        belly=r.random() < 0.4,
        socks=r.random() < 0.4,
        collar=r.random() < 0.35,
        horns=r.random() < 0.15,
        mane=r.random() < 0.2,
        plates=int(r.integers(4, 9)) if r.random() < 0.18 else 0,
        saddle=r.random() < 0.15,
        shell=r.random() < 0.08,
        upright=r.random() < 0.12,
        wings=r.random() < 0.07,
        hat=str(r.choice(HATS)) if r.random() < 0.12 else "",
        face=face_design(r, True),
        jaw=0.7,
        seed=int(r.integers(1 << 30)),
    )


def beast(page, d, c, p, yaw):
    fur_, dark = c["c0"], shaded(c["c0"], 0.85)
    front = p.sure("faces us", 0.5)
    mode = p.pick("stance", 5)  # 3: sitting, 4: lying
    n, h = d["length"], d["height"]
    if d["upright"]:  # on its hind legs, small arms in front
        mode = 0
    tilt = -0.75 if mode == 3 or d["upright"] else p("tilt", -0.12, 0.12)
    m = frame(0, 0, tilt)
    body = smooth(
        scaled(
            "-0.5 -0.3, -0.55 0.2, -0.3 0.55, 0.2 0.5, 0.52 0.3, 0.55 -0.2, 0.3 -0.5, -0.2 -0.48",
            n,
            h,
        )
    )
    more = []
    if d["belly"]:
        more.append(part(blob(0, 0.55 * h, 0.5 * n, 0.28 * h), c["muzzle"], width=0.8))
    page.put(m, patterned(body, fur_, d["pattern"], c["c1"], c["c2"], d["seed"], 0, more))
    length = d["leg"] * {4: 0.25}.get(mode, 1)
    for i, x in enumerate((-0.4, -0.32, 0.34, 0.42)):
        far = i in (0, 3)
        w = d["leg_width"]
        x0, y0 = placed(m, [[x * n, 0.25 * h]])[0]
        a = p(f"leg{i}", -0.5, 0.5)
        if mode == 3:
            a = -1.3 if x < 0 else 0.05
        long = length
        if d["upright"]:
            a, long = (a, 1.3 * length) if x < 0 else (a + 0.8, 0.4 * length)
        bend = p(f"knee{i}", -0.5, 0.5) * (mode != 3)
        q = limb_path(x0, y0, 1, a, bend, 0.5 * long + 0.15, 0.5 * long)
        z = -1.0 if far else 0.5
        page.put(
            frame(),
            part(tube(q, [1.4 * w, 1.1 * w, 0.9 * w]), dark if far and d["seed"] % 2 else fur_, z),
        )
        paw = c["c3"] if d["socks"] else fur_
        page.put(
            frame(),
            part(blob(q[2][0] + 0.5 * w, q[2][1], 1.4 * w, 0.9 * w, 16), paw, z + 0.05, tag="foot"),
        )
    beast_tail(page, m, d, c, p, n, h)
    if d["saddle"]:
        page.put(m, part(rounded(-0.25 * n, -0.6 * h, 0.2 * n, 0.15 * h), c["cape"], 0.7))
    if d["shell"]:
        a = np.linspace(0, np.pi, 18)
        dome = np.stack([0.55 * n * np.cos(a), 0.25 * h - 1.2 * h * np.sin(a)], 1)
        page.put(m, patterned(dome, c["c6"], "checks", c["c7"], c["c1"], d["seed"], 0.75))
        page.put(m, part(rounded(-0.6 * n, 0.15 * h, 0.6 * n, 0.4 * h), c["c5"], 0.8))
    if d["plates"]:
        for x in np.linspace(-0.45, 0.45, d["plates"]) * n:
            s = 0.25 * h + 0.1 * (0.5 - abs(x) / n)
            page.put(
                m,
                part(
                    [[x - 0.6 * s, -0.35 * h], [x, -0.45 * h - s], [x + 0.6 * s, -0.35 * h]],
                    c["c3"],
                    -0.3,
                ),
            )
    if d["wings"]:
        wing(
            page,
            inside(m, 0.05 * n, -0.3 * h, -0.8 + p("wing", -0.5, 0.5)),
            1,
            0.7,
            c,
            1,
            d["seed"],
        )
    a = p("neck", 0.3, 1.0)
    start = placed(m, [[0.42 * n, -0.15 * h]])[0]
    k = d["head"]
    end = start + (d["neck"] + 0.35 * k) * np.array([np.sin(a), -np.cos(a)])
    w = d["neck_width"]
    page.put(
        frame(),
        part(tube([start, (start + end) / 2 + [0.05, 0], end], [1.4 * w, w, 0.9 * w]), fur_, 0.2),
    )
    if d["mane"]:
        page.put(
            frame(),
            part(
                blob(*end, 1.4 * k, 1.35 * k, 110, wave=[(0.07, 13, 0)]), c["hair"], 0.9, tag="head"
            ),
        )
    if d["collar"]:
        t = inside(frame(), *(0.5 * start + 0.5 * end + (end - start) * 0.1), a)
        page.put(t, part(rounded(-1.15 * w, -0.06, 1.15 * w, 0.06), c["accent"], 0.8))
        page.put(t, part(blob(0.8 * w, 0.1, 0.06, n=12), c["metal"], 0.85))
    f = inside(frame(), *end, p("nod", -0.3, 0.3))
    beast_head(page, f, d, c, p, k, front, yaw)


def beast_head(page, f, d, c, p, k, front, yaw):
    turn = float(np.clip(((yaw + np.pi) % TAU) - np.pi, -0.6, 0.6))
    page.put(f, part(blob(0, 0, k, 0.9 * k, 28, 2.2), c["c0"], 2, tag="head"))
    if d["ears"] != "none":
        ears(page, f, d["ears"], c, c["c0"] if d["seed"] % 3 else c["c1"], k, 0.9 * k, 2, p)
    if d["horns"]:
        hat(page, f, "horns", c, k, 0.9 * k, 3, 0, 1)
    if front:
        face(page, f, d["face"], c, 0.92 * k, 0.9 * k, p, turn, 2.5, c["c0"])
    else:  # in profile, looking to the right
        n = k * (0.7 + d["snout"])
        snout = smooth(
            [
                [0.2 * k, -0.1 * k],
                [n, 0.1 * k],
                [1.02 * n, 0.4 * k],
                [0.6 * n, 0.65 * k],
                [0.1 * k, 0.7 * k],
            ],
            5,
        )
        page.put(f, part(snout, c["muzzle"] if d["face"]["muzzle"] else c["c0"], 2.4, tag="head"))
        page.put(
            f, part(blob(n, 0.14 * k, 0.16 * k, 0.13 * k, 14), c["inner"], 2.6, 0.8, tag="head")
        )
        page.put(
            f,
            line(
                smooth([[0.95 * n, 0.42 * k], [0.6 * n, 0.48 * k], [0.35 * n, 0.4 * k]], 6, False),
                2.6,
                0.8,
                tag="head",
            ),
        )
        put = lambda *inks: page.put(f, *inks)
        w = d["face"]["ew"] * k
        eye(
            put,
            lambda q: q,
            d["face"],
            c,
            0.25 * k,
            -0.2 * k,
            w,
            w,
            0.1,
            p.pick("lids", 9),
            2.7,
            c["c0"],
        )
    if d["hat"]:
        hat(page, f, d["hat"], c, 0.85 * k, 0.85 * k, 6, 0, d["seed"])


def beast_tail(page, m, d, c, p, n, h):
    kind, a = d["tail"], p("tail", -0.9, 0.9)
    x, y = -0.48 * n, -0.1 * h
    path = np.array(
        [
            [x, y],
            [x - 0.3, y - 0.1 - 0.2 * a],
            [x - 0.45, y - 0.45 * (1 + a)],
            [x - 0.35, y - 0.7 * (1 + 0.6 * a)],
        ]
    )
    if kind == "none":
        return
    if kind == "short":
        page.put(m, part(blob(x - 0.04, y, 0.13, n=14), c["muzzle"], -0.5))
    elif kind == "fat":
        path = [
            [x + 0.1, y + 0.1],
            [x - 0.4, y + 0.2],
            [x - 0.8, y + 0.15 - 0.2 * a],
            [x - 1.1, y - 0.2 * a],
        ]
        page.put(m, part(tube(path, [0.8 * h * 0.5, 0.28 * h, 0.15 * h, 0.02]), c["c0"], -0.2))
    else:
        widths = {
            "thin": [0.05, 0.05, 0.045, 0.04],
            "bushy": [0.06, 0.16, 0.2, 0.04],
            "curl": [0.08, 0.1, 0.1, 0.08],
        }[kind]
        shape = tube(path, widths)
        page.put(m, part(shape, c["c0"], -0.5))
        if kind == "bushy":
            page.put(m, part(tube(path, widths, 0.7, 1.0), c["c3"], -0.45))


def bird_design(r):
    return dict(
        body=(r.uniform(0.4, 0.6), r.uniform(0.3, 0.5)),
        head=r.uniform(0.22, 0.4),
        neck=r.uniform(0.05, 0.7) if r.random() < 0.3 else 0.1,
        beak=(r.uniform(0.15, 0.5), r.uniform(0.08, 0.2)),
        leg=r.uniform(0.08, 0.5),
        tail=r.uniform(0.25, 0.8),
        wing=r.uniform(0.5, 1.0),
        crest=int(r.integers(0, 4)),
        pattern=str(r.choice(PATTERNS)),
        belly=r.random() < 0.6,
        face=face_design(r),
        hat=str(r.choice(HATS)) if r.random() < 0.15 else "",
        seed=int(r.integers(1 << 30)),
    )


def bird(page, d, c, p, yaw):
    w, h = d["body"]
    m = frame(0, 0, p("tilt", -0.5, 0.25))
    more = (
        [part(blob(0.5 * w, 0.6 * h, 0.8 * w, 0.7 * h), c["c2"], width=0.8)] if d["belly"] else []
    )
    page.put(
        m,
        patterned(
            blob(0, 0, w, h, 30), c["c0"], d["pattern"], c["c4"], c["c5"], d["seed"], 0, more
        ),
    )
    for i in (-1, 0, 1):
        k = inside(m, -0.85 * w, 0, 0.25 * i + p("tail", -0.3, 0.3))
        page.put(
            k,
            part(
                smooth(
                    [
                        [0.1, -0.08],
                        [-d["tail"], -0.07],
                        [-d["tail"] - 0.08, 0.02],
                        [-d["tail"], 0.08],
                        [0.1, 0.08],
                    ],
                    5,
                ),
                c["c1"],
                -0.5 - 0.1 * i,
            ),
        )
    flying = p.sure("flying", 0.45)
    for s in (-1, 1):
        a = p(f"wing{s}", -2.4, -0.9) if flying else p(f"fold{s}", -0.25, 0.35)
        k = inside(m, 0.15 * w, -0.15 * h, a, -1 if not flying else s if s > 0 else -1, 1)
        n = d["wing"] * (1.2 if flying else 0.8)
        shape = smooth(scaled("0 -0.12, 0.5 -0.28, 1 -0.05, 0.8 0.15, 0.4 0.25, 0 0.15", n, 1), 6)
        inner = [part(blob(n, 0, 0.45 * n, 0.5), c["c4"], width=0.8)]
        inner += [
            line([[0.3 * n, 0.0 + 0.1 * i], [0.75 * n, 0.1 * i]], width=0.7, detail=True)
            for i in (-1, 0, 1)
        ]
        if s > 0 or flying:
            page.put(k, part(shape, c["c1"], 1.0 if s > 0 else -1.0, inner=inner))
    start, end = [0.7 * w, -0.4 * h], [0.8 * w + 0.4 * d["neck"], -0.6 * h - d["neck"]]
    page.put(m, part(tube([start, end], [0.2, 0.15]), c["c0"], 0.2))
    r = d["head"]
    f = inside(m, end[0] + 0.3 * r, end[1] - 0.3 * r, p("nod", -0.4, 0.4))
    bw, bh = d["beak"]
    page.put(f, part(blob(0, 0, r, r, 24), c["c3"] if d["seed"] % 2 else c["c0"], 1.5, tag="head"))
    gape = p("gape", 0, 0.12) * p.pick("open", 2)
    page.put(
        f,
        part(
            smooth([[0.7 * r, -bh], [r + bw, 0.05 - gape], [0.7 * r, 0.06]], 6),
            c["accent"],
            1.7,
            tag="head",
        ),
    )
    page.put(
        f,
        part(
            smooth([[0.7 * r, 0.03], [r + 0.8 * bw, 0.06 + gape], [0.7 * r, bh]], 6),
            c["accent"],
            1.6,
            tag="head",
        ),
    )
    for i in range(d["crest"]):
        page.put(
            inside(f, 0, -0.9 * r, -0.4 * i),
            part(smooth([[-0.06, 0.05], [-0.1, -0.3], [0.06, 0.05]], 6), c["c1"], 1.4, tag="head"),
        )
    e = d["face"]["ew"] * r * 1.2
    eye(
        lambda *inks: page.put(f, *inks),
        lambda q: q,
        d["face"],
        c,
        0.25 * r,
        -0.15 * r,
        e,
        e,
        0.1,
        p.pick("lids", 9),
        1.8,
        c["c0"],
    )
    if d["hat"]:
        hat(page, f, d["hat"], c, 0.85 * r, 0.85 * r, 5, 0, d["seed"])
    if not flying or d["leg"] > 0.25:
        for s in (-1, 1):
            x, y = placed(m, [[0.1 * s * w, 0.85 * h]])[0]
            q = limb_path(
                x,
                y,
                1,
                p(f"leg{s}", -0.4, 0.4),
                p(f"knee{s}", -0.5, 0.5),
                0.5 * d["leg"] + 0.05,
                0.5 * d["leg"] + 0.05,
            )
            page.put(frame(), part(tube(q, [0.06, 0.035, 0.035]), c["accent"], -0.4))
            x, y = q[2]
            toes = [[x - 0.1, y + 0.05], [x, y - 0.03], [x + 0.2, y + 0.05]]
            page.put(frame(), part(smooth(toes, 4), c["accent"], -0.35))


def fish_design(r):
    return dict(
        size=(r.uniform(0.5, 1.0), r.uniform(0.25, 0.6)),
        tail=(r.uniform(0.2, 0.6), r.uniform(0.2, 0.6)),
        fins=int(r.integers(1, 4)),
        spiky=r.random() < 0.3,
        pattern=str(r.choice(PATTERNS)),
        cap=r.random() < 0.4,
        whale=r.random() < 0.25,
        scales=r.random() < 0.3,
        face=face_design(r),
        hat=str(r.choice(HATS)) if r.random() < 0.12 else "",
        seed=int(r.integers(1 << 30)),
    )


def fish(page, d, c, p, yaw):
    w, h = d["size"]
    m = frame(0, 0, p("tilt", -0.4, 0.4), 0.85 + 0.15 * np.cos(yaw), 1)
    bend = p("bend", -0.5, 0.5)
    body = smooth(
        [
            [w, 0.05 * h],
            [0.6 * w, -0.75 * h],
            [-0.1 * w, -h],
            [-0.8 * w, -0.3 * h + 0.2 * bend],
            [-1.0 * w, 0.2 * bend],
            [-0.8 * w, 0.3 * h + 0.2 * bend],
            [-0.1 * w, 0.95 * h],
            [0.6 * w, 0.7 * h],
        ]
    )
    more = []
    if d["whale"]:
        more.append(
            part(smooth(scaled("1.2 0.3, 0 0.45, -1 0.2, 0 2, 1.2 2", w, h)), c["c2"], width=0.8)
        )
    if d["cap"]:
        more.append(part(box(0.4 * w, -2 * h, 2 * w, 2 * h), c["c3"], width=0.8))
    if d["scales"]:
        for i in range(3):
            for j in range(3):
                a = blob((0.2 - 0.28 * i) * w, (-0.4 + 0.4 * j) * h, 0.12 * w, 0.2 * h, 16)[:8]
                more.append(line(a, width=0.7, detail=True))
    page.put(
        m, patterned(body, c["c0"], d["pattern"], c["c1"], c["c4"], d["seed"], 0, more, tag="head")
    )
    n, q = d["tail"]
    t = inside(m, -0.92 * w, 0.2 * bend, bend)
    page.put(t, part(smooth([[0.1, 0], [-n, -q], [-0.6 * n, 0], [-n, q]], 5), c["c5"], -0.5))
    for i in range(d["fins"]):
        x = (0.3 - 0.4 * i) * w
        fin = [[x + 0.2 * w, -0.7 * h], [x - 0.1 * w, -1.5 * h], [x - 0.35 * w, -0.7 * h]]
        page.put(m, part(fin if d["spiky"] else smooth(fin, 5), c["c5"], -0.4))
    page.put(
        m,
        part(
            smooth([[-0.1 * w, 0.7 * h], [-0.3 * w, 1.5 * h], [-0.45 * w, 0.6 * h]], 5),
            c["c5"],
            -0.3,
        ),
    )
    f = inside(m, 0.15 * w, 0.2 * h, p("fin", 0.1, 1.2))
    page.put(
        f, part(smooth(scaled("0 -0.1, -0.5 -0.05, -0.45 0.35, 0 0.15", w, h), 6), c["c5"], 0.6)
    )
    k = d["face"]["ew"] * min(w, h) * 1.1
    eye(
        lambda *inks: page.put(m, *inks),
        lambda z: z,
        d["face"],
        c,
        0.6 * w,
        -0.2 * h,
        k,
        k,
        0.1,
        p.pick("lids", 9),
        1,
        c["c0"],
    )
    page.put(
        m,
        line(
            smooth(
                [
                    [0.9 * w, 0.2 * h],
                    [0.75 * w, 0.3 * h],
                    [0.65 * w, 0.25 * h - p("mouth", 0, 0.2) * h],
                ],
                6,
                False,
            ),
            1,
            1.1,
        ),
    )
    if d["hat"]:
        hat(page, inside(m, 0.4 * w, 0, 0.4), d["hat"], c, 0.35 * w, 0.8 * h, 3, 0, d["seed"])


def insect_design(r):
    return dict(
        segments=int(r.integers(2, 8)),
        kind=str(r.choice("butterfly beetle bee caterpillar spider snail".split())),
        fat=r.uniform(0.18, 0.4),
        wings=[(r.uniform(0.5, 1.1), r.uniform(0.35, 0.7)) for _ in range(2)],
        pattern=str(r.choice(PATTERNS)),
        pattern2=str(r.choice(PATTERNS)),
        face=face_design(r),
        seed=int(r.integers(1 << 30)),
    )


def insect(page, d, c, p, yaw):
    turn = float(np.clip(((yaw + np.pi) % TAU) - np.pi, -0.6, 0.6))
    m = frame(0, 0, p("tilt", -0.6, 0.6))
    w, kind = d["fat"], d["kind"]
    if kind in ("caterpillar", "snail"):
        n = d["segments"] + 2
        y = 0
        for i in range(n):
            y = 0.25 * np.sin(p("hump", 0, TAU) + i * p("wavy", 0.5, 1.3))
            fill = c["c0"] if i % 2 else c["c1"]
            page.put(m, part(blob(i * 1.2 * w, y, w, 1.1 * w, 22), fill, 0.1 * i))
            page.put(m, part(blob(i * 1.2 * w, y + w, 0.35 * w, 0.3 * w, 12), c["shoe"], -1))
        if kind == "snail":
            shell = patterned(
                blob(n * 0.4 * w, -1.2 * w, 2.2 * w, 2.1 * w),
                c["c3"],
                "rings",
                c["c4"],
                c["c5"],
                d["seed"],
                2,
            )
            page.put(m, shell)
        at = inside(m, n * 1.2 * w, y - 0.6 * w, -p("tilt", -0.6, 0.6))
    else:
        legs_n = 4 if kind == "spider" else 3
        for s in (-1, 1):
            for i in range(legs_n):
                a = (0.9 + 0.5 * i) + p(f"leg{i}{s}", -0.25, 0.25)
                q = limb_path(
                    0.5 * w * s,
                    (0.3 * i - 0.3) * w,
                    s,
                    np.pi - a,
                    p(f"knee{i}{s}", -0.9, -0.2),
                    1.6 * w,
                    1.5 * w,
                )
                page.put(m, part(tube(q, [0.13 * w, 0.1 * w, 0.05 * w]), c["c2"], -1))
        body = blob(0, 0.4 * w, w, (1.2 + 0.15 * d["segments"]) * w, 28)
        page.put(
            m,
            patterned(
                body,
                c["c0"],
                "stripes" if kind == "bee" else d["pattern"],
                c["c1"],
                c["c3"],
                d["seed"],
                0,
            ),
        )
        if kind == "beetle":
            o = p("open", 0, 0.5)
            for s in (-1, 1):
                half = smooth(xy("0 -0.7, 0.7 -0.6, 1.1 0.4, 0.6 1.6, 0 1.9"), 6) * [s * w, w]
                page.put(
                    inside(m, 0, 0, -s * o),
                    patterned(half, c["c4"], d["pattern2"], c["c5"], c["c3"], d["seed"], 1),
                )
        if kind in ("butterfly", "bee"):
            for i, (a, b) in enumerate(d["wings"]):
                for s in (-1, 1):
                    flap = p("flap", 0.55, 1.0) * (1 + 0.2 * turn * s)
                    k = inside(
                        m,
                        0.4 * s * w,
                        (0.5 * i - 0.3) * w,
                        s * (0.7 * i - 0.45 + p("wing", -0.2, 0.2)),
                    )
                    shape = smooth(scaled("0 0, 0.5 -0.5, 1 -0.55, 1.05 0.1, 0.5 0.4", a, b), 6) * [
                        s * flap,
                        1,
                    ]
                    page.put(
                        k,
                        patterned(
                            shape,
                            c[f"c{4 + i}"],
                            d["pattern2"],
                            c["accent"],
                            c["accent2"],
                            d["seed"] + i,
                            -0.5 - 0.2 * i,
                        ),
                    )
        at = inside(m, 0, -1.5 * w, -0.6 * p("tilt", -0.6, 0.6))
    for s in (-1, 1):
        q = smooth(
            [
                [0.4 * s * w, -0.6 * w],
                [0.7 * s * w, -1.5 * w],
                [(1.0 + p(f"feeler{s}", -0.3, 0.5)) * s * w, -1.9 * w],
            ],
            6,
            False,
        )
        page.put(at, line(q, 2, 1.3, tag="head"))
        page.put(at, part(blob(*q[-1], 0.18 * w, n=12), c["accent"], 2.1, tag="head"))
    page.put(at, part(blob(0, 0, 1.05 * w, 0.95 * w, 24), c["c6"], 3, tag="head"))
    face(page, at, d["face"], c, w, 0.9 * w, p, turn, 3.2, c["c6"])


# ------------------------------------------------------------------------- robots, vehicles, things


def robot_design(r):
    one_of = lambda text: str(r.choice(text.split()))
    return dict(
        head=one_of("box dome round tall wedge"),
        body=one_of("box barrel taper round"),
        base=one_of("legs legs wheel treads float"),
        size=(r.uniform(0.3, 0.65), r.uniform(0.5, 0.95)),
        head_size=(r.uniform(0.22, 0.5), r.uniform(0.2, 0.42)),
        eyes=one_of("two visor one two bar"),
        limb=r.uniform(0.07, 0.16),
        arm=r.uniform(0.6, 1.1),
        antenna=int(r.integers(0, 3)),
        hand=one_of("claw ball box drill"),
        chest=one_of("panel dial emblem vents none"),
        pads=r.random() < 0.6,
        pattern=str(r.choice(PATTERNS)),
        pack=r.random() < 0.3,
        seed=int(r.integers(1 << 30)),
    )


def robot(page, d, c, p, yaw):
    turn = float(np.clip(((yaw + np.pi) % TAU) - np.pi, -0.8, 0.8))
    w, h = d["size"]
    thin, x = 0.75 + 0.25 * np.cos(turn), 0.4 * w * np.sin(turn)
    m = frame(0, 0, p("lean", -0.2, 0.2))
    shapes = {
        "box": rounded(-w, -h, w, 0, 8),
        "barrel": rounded(-w, -h, w, 0, 3),
        "taper": np.array(scaled("-1 -1, 1 -1, 0.6 0, -0.6 0", w, h)),
        "round": blob(0, -0.5 * h, w, 0.55 * h),
    }
    body = shapes[d["body"]] * [thin, 1]
    more = []
    if d["chest"] == "panel":
        lights = [
            part(
                blob(x - 0.3 * w + 0.3 * w * i, -0.6 * h, 0.09 * w, n=12), c[f"c{3 + i}"], width=0.7
            )
            for i in range(3)
        ]
        more = [
            part(rounded(x - 0.6 * w, -0.8 * h, x + 0.6 * w, -0.35 * h, 8), c["c2"], inner=lights)
        ]
    elif d["chest"] == "dial":
        more = [
            part(blob(x, -0.55 * h, 0.4 * w), c["c2"]),
            line([[x, -0.55 * h], [x + 0.25 * w, -0.7 * h]]),
        ]
    elif d["chest"] == "emblem":
        more = [emblem(d["seed"] % 7, x, -0.55 * h, 0.35 * w, c["c3"])]
    elif d["chest"] == "vents":
        more = [
            part(
                box(x - 0.5 * w, (-0.8 + 0.17 * i) * h, x + 0.5 * w, (-0.72 + 0.17 * i) * h),
                c["c2"],
                width=0.8,
            )
            for i in range(3)
        ]
    page.put(
        m,
        patterned(
            body,
            c["c0"],
            d["pattern"] if d["chest"] == "none" else "plain",
            c["c1"],
            c["c2"],
            d["seed"],
            0,
            more,
            tag="bust",
        ),
    )
    robot_head(page, m, d, c, p, h, turn)
    k = d["limb"]
    for s in (-1, 1):
        sx = s * w * thin * 1.02
        q = limb_path(
            sx,
            -0.82 * h,
            s,
            p(f"arm{s}", 0.1, 2.6),
            p(f"elbow{s}", -1.2, 1.2),
            0.5 * d["arm"],
            0.5 * d["arm"],
        )
        z = 1.5 if p.sure(f"front{s}", 0.5) else -1.0
        page.put(
            m,
            part(tube(q[:2], [k, k]), c["c1"], z),
            part(tube(q[1:], [k, 1.35 * k]), c["c0"], z + 0.1),
        )
        page.put(m, part(blob(*q[1], 1.2 * k, n=16), c["metal"], z + 0.2))
        if d["pads"]:
            page.put(m, part(blob(sx, -0.85 * h, 2.0 * k, 1.8 * k, 20), c["c4"], z + 0.3))
        out = np.arctan2(*(q[2] - q[1])[::-1]) - np.pi / 2
        hand = inside(m, *q[2], out)
        robot_hand(page, hand, d["hand"], k, c, z)
    robot_base(page, m, d, c, p, w, thin)
    if d["pack"]:
        page.put(m, part(rounded(-1.25 * w, -0.95 * h, 1.25 * w, -0.25 * h), c["c6"], -2))


def robot_hand(page, m, kind, k, c, z):
    if kind == "claw":
        for s in (-1, 1):
            page.put(
                m,
                part(
                    smooth(scaled("0 0, 1.6 0.8, 0.6 2.6, 0.7 1.1", k * s, k), 5),
                    c["metal"],
                    z - 0.1,
                ),
            )
    elif kind == "box":
        page.put(m, part(rounded(-1.5 * k, -0.3 * k, 1.5 * k, 2.2 * k), c["c5"], z + 0.15))
    elif kind == "drill":
        page.put(m, part([[-1.4 * k, 0], [1.4 * k, 0], [0, 3 * k]], c["metal"], z + 0.15))
    else:
        page.put(m, part(blob(0, 0.8 * k, 1.7 * k, n=18), c["c5"], z + 0.15))


def robot_head(page, m, d, c, p, h, turn):
    a, b = d["head_size"]
    f = inside(m, 0, -h - 0.04, p("nod", -0.25, 0.25))
    page.put(m, part(box(-0.3 * a, -h - 0.12, 0.3 * a, -h + 0.05), c["metal"], -0.3))
    shapes = {
        "box": rounded(-a, -1.9 * b, a, 0, 9),
        "dome": np.concatenate([[[a, 0]], blob(0, -0.6 * b, a, 1.2 * b, 30)[15:], [[a, -0.6 * b]]]),
        "round": blob(0, -b, a, b),
        "tall": rounded(-0.7 * a, -2.6 * b, 0.7 * a, 0, 5),
        "wedge": np.array(
            scaled("-0.7 0, 0.7 0, 1.15 -1.2, 0.6 -1.9, -0.6 -1.9, -1.15 -1.2", a, b)
        ),
    }
    if d["head"] == "dome":
        t = np.linspace(0, np.pi, 14)
        shapes["dome"] = np.concatenate(
            [[[-a, 0], [a, 0]], np.stack([a * np.cos(t), -0.7 * b - 1.1 * b * np.sin(t)], 1)]
        )
    page.put(f, part(shapes[d["head"]], c["c1"] if d["seed"] % 2 else c["c0"], 0.5, tag="head"))
    x, y = 0.35 * a * np.sin(turn), -1.1 * b
    put = lambda points, fill, z=0.8: page.put(
        f, part(points, fill, z, 0.8, tag="head", shade=False)
    )
    glow = c["eye"]
    if d["eyes"] in ("two", "one"):
        for s in (-1, 1) if d["eyes"] == "two" else (0,):
            e = (0.24 if s else 0.4) * a
            put(blob(x + 0.38 * s * a, y, e, e, 18), glow)
            put(
                blob(x + 0.38 * s * a + p("gaze", -0.3, 0.3) * e, y, 0.45 * e, n=12),
                (34, 30, 40),
                0.9,
            )
    else:
        put(
            rounded(x - 0.65 * a, y - 0.3 * b, x + 0.65 * a, y + 0.25 * b),
            (40, 40, 52) if d["eyes"] == "visor" else glow,
        )
        if d["eyes"] == "visor":
            for s in (-1, 1):
                put(
                    blob(x + 0.3 * s * a + p("gaze", -0.1, 0.1) * a, y, 0.12 * a, 0.14 * b, 12),
                    glow,
                    0.9,
                )
    grill = [
        line(
            [[x - 0.2 * a + 0.2 * a * i, -0.6 * b], [x - 0.2 * a + 0.2 * a * i, -0.2 * b]],
            width=0.7,
        )
        for i in range(3)
    ]
    page.put(
        f,
        part(
            rounded(x - 0.4 * a, -0.55 * b, x + 0.4 * a, -0.25 * b),
            c["metal"],
            0.8,
            0.8,
            grill,
            "head",
        ),
    )
    for i in range(d["antenna"]):
        q = (0.0 if d["antenna"] == 1 else (-0.6, 0.6)[i]) * a
        k = p(f"antenna{i}", -0.1, 0.1)
        page.put(
            f,
            part(
                tube([[q, -1.7 * b], [q + k, -2.7 * b]], [0.03, 0.025]), c["metal"], 0.3, tag="head"
            ),
        )
        page.put(f, part(blob(q + k, -2.75 * b, 0.07, n=14), c["accent"], 0.4, tag="head"))
    for s in (-1, 1):
        page.put(
            f,
            part(rounded(s * a - 0.07, -1.3 * b, s * a + 0.07, -0.7 * b), c["c4"], 0.4, tag="head"),
        )


def robot_base(page, m, d, c, p, w, thin):
    k = 1.25 * d["limb"]
    if d["base"] == "wheel":
        hub = [part(blob(0, 0.35, 0.14, n=16), c["metal"])]
        page.put(m, part(blob(0, 0.35, 0.33), c["shoe"], -0.2, inner=hub))
    elif d["base"] == "treads":
        wheels = [
            part(blob(x, 0.22, 0.13, n=16), c["metal"]) for x in np.linspace(-0.9, 0.9, 4) * w
        ]
        page.put(m, part(rounded(-1.25 * w, 0, 1.25 * w, 0.45, 4), c["shoe"], -0.2, inner=wheels))
    elif d["base"] == "float":
        page.put(m, part(scaled("-0.5 -0.02, 0.5 -0.02, 0.2 0.3, -0.2 0.3", w, 1), c["c2"], -0.2))
        flame = smooth(
            [
                [-0.2 * w, 0.28],
                [0.2 * w, 0.28],
                [0.1 * w, 0.6],
                [0, 0.85 + p("flame", -0.1, 0.3)],
                [-0.1 * w, 0.6],
            ],
            6,
        )
        page.put(m, part(flame, c["accent"], -0.3))
    else:
        page.put(m, part(rounded(-0.75 * w * thin, -0.08, 0.75 * w * thin, 0.12), c["c2"], 0.1))
        for s in (-1, 1):
            q = limb_path(
                0.5 * s * w * thin,
                0.05,
                s,
                p(f"leg{s}", -0.1, 0.6),
                p(f"knee{s}", -0.7, 0.1),
                0.4,
                0.4,
            )
            page.put(
                m,
                part(tube(q[:2], [k, k]), c["c1"], -0.1),
                part(tube(q[1:], [k, 1.5 * k]), c["c0"], 0),
            )
            page.put(m, part(blob(*q[1], 1.15 * k, n=16), c["metal"], 0.2))
            x, y = q[2]
            page.put(
                m,
                part(
                    rounded(x - 2 * k, y - 0.5 * k, x + 2 * k, y + 1.2 * k, 4),
                    c["shoe"],
                    0.3,
                    tag="foot",
                ),
            )


def vehicle_design(r):
    return dict(
        kind=str(r.choice("car car bus truck plane rocket boat train".split())),
        length=r.uniform(1.5, 2.4),
        height=r.uniform(0.35, 0.6),
        cabin=(r.uniform(-0.3, 0.1), r.uniform(0.35, 0.6), r.uniform(0.3, 0.5)),
        wheels=int(r.integers(2, 5)),
        wheel=r.uniform(0.16, 0.3),
        stripe=str(r.choice(PATTERNS)),
        extra=int(r.integers(5)),
        face=face_design(r) if r.random() < 0.2 else None,
        seed=int(r.integers(1 << 30)),
    )


def vehicle(page, d, c, p, yaw):
    kind, n, h = d["kind"], d["length"], d["height"]
    m = frame(0, 0, p("tilt", -0.15, 0.15), 0.75 + 0.25 * abs(np.cos(yaw)), 1)
    if kind == "rocket" or kind == "plane":
        flyer(
            page,
            inside(m, 0, 0, p("climb", -0.6, 0.4) if kind == "plane" else p("climb", -0.4, 0.4)),
            d,
            c,
            p,
        )
        return
    half = n / 2
    glass = c["c5"]
    if kind == "boat":
        hull = [[-half, -0.1], [half * 1.1, -0.2], [0.75 * half, 0.45], [-0.8 * half, 0.45]]
        page.put(m, patterned(hull, c["c0"], "stripes", c["c1"], c["c2"], d["seed"], 1))
        page.put(m, part(box(-0.5 * half, -0.55, 0.3 * half, -0.1), c["c2"], 0.5))
        for i in range(2):
            page.put(m, part(blob(-0.3 * half + 0.4 * half * i, -0.33, 0.1, n=16), glass, 0.6))
        page.put(m, part(tube([[0.05, -0.5], [0.05, -1.7]], [0.04, 0.04]), c["c3"], 0.2))
        a = p("sail", 0.5, 1.0)
        if d["extra"] % 2:
            page.put(
                m,
                patterned(
                    smooth([[0.1, -1.65], [0.1 + 0.9 * a, -0.75], [0.1, -0.7]], 5),
                    c["c4"],
                    d["stripe"],
                    c["c6"],
                    c["c1"],
                    d["seed"],
                    0.7,
                ),
            )
            page.put(m, part([[0, -1.5], [-0.7 * a, -0.75], [0, -0.75]], c["c6"], 0.6))
        else:
            page.put(m, part(box(-0.35 * half, -0.95, -0.05 * half, -0.55), c["c4"], 0.4))
        return
    if kind in ("bus", "train"):
        top = -0.95 * (0.8 + h)
        body = rounded(-half, top, half, 0, 9)
        more = [part(box(-2 * half, -0.35, 2 * half, -0.2), c["c1"], width=0.8)]
        page.put(m, part(body, c["c0"], 1, inner=more))
        k = 3 + d["seed"] % 3
        for i in range(k):
            x = -0.85 * half + 1.7 * half * i / k
            page.put(m, part(rounded(x, 0.82 * top, x + 1.3 * half / k, 0.42 * top, 9), glass, 1.2))
        if kind == "train":
            page.put(m, part(rounded(-half, 1.12 * top, half, 0.97 * top), c["c2"], 1.3))
    else:
        x, w, ch = d["cabin"]
        if kind == "truck":
            page.put(
                m,
                patterned(
                    box(-half, -h - 0.55, 0.3 * half, 0),
                    c["c4"],
                    d["stripe"],
                    c["c6"],
                    c["c1"],
                    d["seed"],
                    1,
                ),
            )
            x, w = 0.62, 0.3
        cabin = [
            [(x - w) * half, -h],
            [(x - 0.65 * w) * half, -h - ch],
            [(x + 0.5 * w) * half, -h - ch],
            [(x + w) * half, -h],
        ]
        q = np.array(cabin)
        mid = q.mean(0)
        page.put(
            m,
            part(
                q,
                c["c2"],
                0.8,
                inner=[
                    part(mid + (q - mid) * 0.75, glass, width=0.8),
                    line([[mid[0], -3], [mid[0], 0]]),
                ],
            ),
        )
        body = smooth(
            [
                [-half, -0.05],
                [-half, -0.8 * h],
                [-0.5 * half, -h],
                [0.5 * half, -h],
                [0.97 * half, -0.75 * h],
                [half, -0.05],
            ],
            6,
        )
        pat = d["stripe"] if kind == "car" else "plain"
        page.put(m, patterned(body, c["c0"], pat, c["c1"], c["c6"], d["seed"], 1.1))
        page.put(m, line([[mid[0], -h], [mid[0] - 0.05, -0.1]], 1.2, 0.8))
        page.put(m, part(blob(0.93 * half, -0.55 * h, 0.09, 0.11, 14), c["accent"], 1.4))
        page.put(m, part(rounded(-half - 0.05, -0.2 * h, half + 0.08, 0.05), c["metal"], 1.3))
        if d["extra"] == 0:
            page.put(
                m,
                part(
                    rounded(mid[0] - 0.2, -h - ch - 0.14, mid[0] + 0.2, -h - ch), c["accent2"], 0.7
                ),
            )
        elif d["extra"] == 1:
            page.put(
                m,
                part(
                    [
                        [-half, -0.7 * h],
                        [-half - 0.1, -h - 0.35],
                        [-half + 0.35, -h - 0.3],
                        [-0.7 * half, -0.8 * h],
                    ],
                    c["accent2"],
                    0.7,
                ),
            )
    for i in range(d["wheels"]):
        x = half * (-0.68 + 1.36 * i / (d["wheels"] - 1))
        hub = [part(blob(x, 0.05, 0.5 * d["wheel"], n=16), c["metal"], width=0.8)]
        a = p("roll", 0, TAU)
        hub.append(
            line(
                [
                    [x - 0.4 * d["wheel"] * np.cos(a), 0.05 - 0.4 * d["wheel"] * np.sin(a)],
                    [x + 0.4 * d["wheel"] * np.cos(a), 0.05 + 0.4 * d["wheel"] * np.sin(a)],
                ],
                width=0.7,
            )
        )
        page.put(m, part(blob(x, 0.05, d["wheel"]), c["shoe"], 2, inner=hub))
    if d["face"]:
        face(
            page,
            inside(m, 0.3 * half, -0.45 * h),
            d["face"],
            c,
            0.7 * h,
            0.6 * h,
            p,
            0.0,
            1.6,
            c["c0"],
        )


def flyer(page, m, d, c, p):
    n, h = d["length"], d["height"] * 0.7
    if d["kind"] == "rocket":
        n *= 0.55
        body = smooth(
            [
                [0, -1.4 * n],
                [0.55 * h + 0.1, -0.6 * n],
                [0.6 * h + 0.1, 0.3 * n],
                [0.4 * h, 0.7 * n],
                [-0.4 * h, 0.7 * n],
                [-0.6 * h - 0.1, 0.3 * n],
                [-0.55 * h - 0.1, -0.6 * n],
            ],
            5,
        )
        nose = part(box(-2, -3 * n, 2, -0.75 * n), c["c1"], width=0.9)
        band = part(box(-2, 0.35 * n, 2, 0.5 * n), c["c2"], width=0.9)
        page.put(
            m, patterned(body, c["c0"], d["stripe"], c["c4"], c["c6"], d["seed"], 1, [nose, band])
        )
        for s in (-1, 1):
            page.put(
                m,
                part(smooth(scaled("0.3 0.1, 1.6 0.6, 1.5 1, 0.3 0.6", h * s, n), 5), c["c3"], 0.5),
            )
        page.put(
            m,
            part(blob(0, -0.3 * n, 0.4 * h + 0.03), c["metal"], 1.5),
            part(blob(0, -0.3 * n, 0.28 * h + 0.02), c["c5"], 1.6),
        )
        tip = 1.1 * n + p("flame", 0, 0.4)
        page.put(
            m,
            part(
                smooth([[-0.35 * h, 0.68 * n], [0.35 * h, 0.68 * n], [0, tip]], 5), c["accent"], 0.2
            ),
        )
        return
    half = n / 2
    body = smooth(scaled("1 0, 0.8 -0.7, 0 -0.8, -1 -0.3, -1 0.1, 0 0.7, 0.8 0.6", half, h))
    page.put(m, patterned(body, c["c0"], d["stripe"], c["c1"], c["c2"], d["seed"], 1))
    page.put(m, part(scaled("-0.7 -0.3, -1.1 -1.7, -0.9 -1.7, -0.4 -0.5", half, h), c["c3"], 0.8))
    a = p("wing", 0.3, 1.1)
    page.put(
        m,
        part(
            [[0.2 * half, 0.1], [-0.2 * half, a], [-0.45 * half, a], [-0.25 * half, 0.1]],
            c["c4"],
            2,
        ),
    )
    page.put(
        m,
        part(
            [
                [0.2 * half, -0.4 * h],
                [-0.1 * half, -0.8 * a],
                [-0.3 * half, -0.8 * a],
                [-0.2 * half, -0.4 * h],
            ],
            c["c4"],
            0.5,
        ),
    )
    for i in range(3):
        page.put(
            m,
            part(
                blob((0.5 - 0.28 * i) * half, -0.25 * h, 0.16 * h + 0.02, n=14), c["c5"], 1.5, 0.8
            ),
        )
    page.put(m, part(blob(0.72 * half, -0.55 * h, 0.22 * half, 0.45 * h, 18), c["c5"], 0.9))
    if d["extra"] > 1:
        page.put(
            inside(m, half, 0, p("spin", -0.6, 0.6)),
            part(blob(0, 0, 0.05, 1.4 * h, 16), c["metal"], 1.8),
            part(blob(0.03, 0, 0.1, n=12), c["accent"], 1.9),
        )


THINGS = "chair lamp cup teapot house plant tree clock guitar gift bag cake toy bottle".split()


def thing_design(r):
    return dict(
        kind=str(r.choice(THINGS)),
        a=r.uniform(0.7, 1.3),
        b=r.uniform(0.7, 1.3),
        n=int(r.integers(3, 7)),
        pattern=str(r.choice(PATTERNS)),
        pattern2=str(r.choice(PATTERNS)),
        face=face_design(r) if r.random() < 0.25 else None,
        seed=int(r.integers(1 << 30)),
    )


def thing(page, d, c, p, yaw):
    a, b, n, kind = d["a"], d["b"], d["n"], d["kind"]
    m = frame(0, 0, p("tilt", -0.25, 0.25), 0.7 + 0.3 * abs(np.cos(yaw)), 1)
    put = lambda q, fill, z=0.0, width=1.0, inner=(): page.put(m, part(q, fill, z, width, inner))
    pat = lambda q, fill, name, z=0.0, more=(): page.put(
        m, patterned(q, fill, name, c["c6"], c["c7"], d["seed"], z, more)
    )
    sway = p("sway", -0.3, 0.3)
    if kind == "chair":
        pat(rounded(-0.5 * a, -1.3 * b, 0.5 * a, -0.1), c["c0"], d["pattern"])
        pat(rounded(-0.6 * a, -0.15, 0.6 * a, 0.15), c["c1"], d["pattern2"], 1)
        for x in (-0.5, -0.3, 0.3, 0.5):
            put(
                tube([[x * a, 0.1], [x * a * 1.1, 0.9 * b - 0.2 * (abs(x) < 0.4)]], [0.06, 0.05]),
                c["c2"],
                -0.5,
            )
        for s in (-1, 1):
            put(
                tube(
                    [[0.55 * a * s, 0.0], [0.6 * a * s, -0.45], [0.5 * a * s, -0.5]], [0.07, 0.07]
                ),
                c["c3"],
                1.5,
            )
    elif kind == "lamp":
        put(rounded(-0.35 * a, 0.85, 0.35 * a, 1.0), c["c1"])
        q = [[0, 0.9], [0.2 * sway, 0.2], [sway, -0.4 * b]]
        put(tube(q, [0.06, 0.05, 0.05]), c["c2"], -0.2)
        k = inside(m, sway, -0.4 * b, sway)
        page.put(
            k,
            patterned(
                scaled("-0.3 -0.5, 0.3 -0.5, 0.6 0.2, -0.6 0.2", a, 1),
                c["c0"],
                d["pattern"],
                c["c6"],
                c["c7"],
                d["seed"],
                1,
            ),
        )
        page.put(
            k,
            part(blob(0, 0.22, 0.16, n=16), c["accent"], 0.5),
            line([[0.3, 0.2], [0.3 + 0.2 * sway, 0.55]], 0.4),
        )
    elif kind in ("cup", "teapot"):
        band = [part(box(-2, 0.25, 2, 0.5), c["c3"], width=0.9)]
        body = smooth(
            scaled("-0.6 -0.5, 0.6 -0.5, 0.65 0.2, 0.35 0.7, -0.35 0.7, -0.65 0.2", a, 1), 5
        )
        pat(
            body if kind == "teapot" else scaled("-0.6 -0.7, 0.6 -0.7, 0.45 0.7, -0.45 0.7", a, 1),
            c["c0"],
            d["pattern"],
            1,
            band,
        )
        put(tube(scaled("0.5 -0.4, 1 -0.3, 1 0.2, 0.5 0.35", a, 1), [0.1, 0.1]), c["c1"], 0.5)
        if kind == "teapot":
            put(
                tube([[-0.5 * a, 0.3], [-0.9 * a, 0.0], [-1.1 * a, -0.5]], [0.2, 0.12, 0.1]),
                c["c1"],
                0.5,
            )
            put(blob(0, -0.5, 0.5 * a, 0.2), c["c2"], 1.2)
            put(blob(0, -0.75, 0.14, n=14), c["accent"], 1.3)
        else:
            put(blob(0, -0.7, 0.6 * a, 0.16), c["c4"], 1.2)
            put(tube([[0.1, -0.7], [0.3 + sway, -1.5]], [0.06, 0.06]), c["c5"], 1.3)
            put(blob(0, 0.85, 0.85 * a, 0.15), c["c2"], 0)
    elif kind == "house":
        pat(box(-0.8 * a, -0.4, 0.8 * a, 0.8), c["c0"], d["pattern"])
        put([[-a, -0.4], [0, -0.4 - 0.8 * b], [a, -0.4]], c["c1"], 0.5)
        put(box(0.4 * a, -1.1 * b, 0.6 * a, -0.5), c["c2"], -0.3)
        put(
            box(-0.2, 0.2, 0.15, 0.8),
            c["c3"],
            0.6,
            inner=[part(blob(0.08, 0.5, 0.03, n=8), c["metal"])],
        )
        for s in (-1, 1):
            put(box(0.52 * s * a - 0.16, -0.15, 0.52 * s * a + 0.16, 0.2), c["c5"], 0.6)
            page.put(m, line([[0.52 * s * a, -0.15], [0.52 * s * a, 0.2]], 0.7, 0.8))
        put(blob(0.9 * a, 0.75, 0.3, 0.25, 30, wave=[(0.1, 6, 0)]), c["c4"], 0.9)
    elif kind in ("plant", "tree"):
        if kind == "plant":
            pat(scaled("-0.45 0.2, 0.45 0.2, 0.3 0.95, -0.3 0.95", a, 1), c["c0"], d["pattern"], 1)
            put(rounded(-0.52 * a, 0.1, 0.52 * a, 0.3), c["c1"], 1.2)
        else:
            put(
                tube([[0, 0.95], [0.1 * sway, 0.3], [sway * 0.4, -0.4]], [0.22, 0.14, 0.1]),
                c["c0"],
                -0.2,
            )
        for i in range(n):
            t = (i + 0.5) / n * 2 - 1
            angle = t * 1.1 + p(f"leaf{i}", -0.25, 0.25)
            k = inside(m, 0.1 * t, 0.2 if kind == "plant" else -0.2, angle)
            size = b * (0.9 + 0.3 * np.cos(3 * i + d["seed"] % 5))
            if kind == "plant" and d["seed"] % 2:
                page.put(
                    k,
                    part(
                        smooth(scaled("0 0, 0.2 -0.5, 0 -1.1, -0.2 -0.5", 1, size), 5),
                        c["c2"],
                        0.1 * (i % 3),
                    ),
                )
                page.put(k, line([[0, 0], [0, -0.9 * size]], 0.1 * (i % 3) + 0.05, 0.7))
            elif kind == "plant":
                page.put(
                    k,
                    part(
                        tube([[0, 0], [0.08, -0.5], [0, -0.9 * size]], [0.04, 0.04]), c["c2"], -0.1
                    ),
                )
                for w in np.arange(5) * TAU / 5:
                    page.put(
                        k,
                        part(
                            blob(0.15 * np.cos(w), -size + 0.15 * np.sin(w), 0.13, n=12),
                            c[f"c{3 + i % 2}"],
                            0.2,
                        ),
                    )
                page.put(k, part(blob(0, -size, 0.1, n=12), c["accent"], 0.3))
            else:
                page.put(
                    k,
                    part(
                        blob(0, -0.6, 0.5 * size, 0.45 * size, 60, wave=[(0.08, 6, i)]),
                        c[f"c{2 + i % 2}"],
                        0.1 * (i % 4),
                    ),
                )
                page.put(k, part(blob(0.1, -0.7, 0.09, n=12), c["accent"], 0.6))
    elif kind == "clock":
        for s in (-1, 1):
            put(tube([[0.5 * s, 0.6], [0.75 * s, 1.1]], [0.1, 0.08]), c["c1"], -0.3)
            put(blob(0.55 * s * a, -0.85, 0.32, 0.25), c["c2"], -0.2)
        dial = [part(blob(0, 0, 0.72 * a, 0.72), c["c3"])]
        put(blob(0, 0, 0.95 * a, 0.95), c["c0"], 0, inner=dial)
        for i in range(2):
            w = p(f"hand{i}", 0, TAU)
            page.put(
                inside(m, 0, 0, w),
                part([[-0.05, 0.05], [0, -0.6 + 0.2 * i], [0.05, 0.05]], c["accent"], 0.6, 0.8),
            )
        put(blob(0, 0, 0.08, n=12), c["c4"], 0.7)
    elif kind == "guitar":
        put(tube([[0, 0], [0, -1.6 * b]], [0.09, 0.07]), c["c1"], 0.5)
        put(scaled("-0.15 -1.5, 0.15 -1.5, 0.2 -1.9, -0.2 -1.9", 1, b), c["c2"], 0.6)
        pat(
            smooth(
                scaled(
                    "0 -0.5, 0.4 -0.4, 0.3 0, 0.6 0.5, 0 0.85, -0.6 0.5, -0.3 0, -0.4 -0.4", a, 1
                )
            ),
            c["c0"],
            d["pattern"],
            0.2,
        )
        put(blob(0, 0.05, 0.18), c["c3"], 0.6)
        put(box(-0.25, 0.45, 0.25, 0.55), c["c4"], 0.7)
        for i in (-1, 0, 1):
            page.put(m, line([[0.04 * i, -1.5 * b], [0.04 * i, 0.5]], 0.8, 0.5))
    elif kind == "gift":
        pat(box(-0.7 * a, -0.5, 0.7 * a, 0.7), c["c0"], d["pattern"])
        k = inside(m, 0, -0.5, p("lid", -0.35, 0.2))
        page.put(
            k,
            part(box(-0.8 * a, -0.25, 0.8 * a, 0.02), c["c1"], 0.5),
            part(box(-0.12, -0.25, 0.12, 0.02), c["c2"], 0.6),
        )
        put(box(-0.12, -0.48, 0.12, 0.7), c["c2"], 0.4)
        for s in (-1, 1):
            page.put(
                k, part(smooth([[0, -0.25], [0.4 * s, -0.7], [0.6 * s, -0.35]], 5), c["c3"], 0.7)
            )
        page.put(k, part(blob(0, -0.28, 0.11, n=14), c["accent"], 0.8))
    elif kind == "bag":
        put(tube(xy("-0.35 -0.4, -0.3 -1, 0.3 -1, 0.35 -0.4"), [0.07, 0.07]), c["c1"], -0.2)
        pat(rounded(-0.7 * a, -0.6, 0.7 * a, 0.8, 4), c["c0"], d["pattern"])
        put(rounded(-0.45 * a, 0.1, 0.45 * a, 0.65), c["c2"], 0.5)
        put(rounded(-0.72 * a, -0.62, 0.72 * a, -0.1, 3), c["c3"], 0.6)
        put(rounded(-0.1, -0.25, 0.1, 0.05), c["metal"], 0.7)
    elif kind == "cake":
        y = 0.7
        for i in range(n // 2 + 1):
            w = (0.9 - 0.22 * i) * a
            drip = [
                part(
                    smooth(
                        [
                            [-2, y - 0.6],
                            [2, y - 0.6],
                            [0.7 * w, y - 0.2],
                            [0.4 * w, y - 0.3],
                            [0, y - 0.15],
                            [-0.5 * w, y - 0.3],
                        ],
                        6,
                    ),
                    c["c1"],
                )
            ]
            put(rounded(-w, y - 0.45, w, y, 7), c[f"c{2 + i % 3}"], 0.1 * i, inner=drip)
            y -= 0.42
        for i in (-1, 0, 1):
            put(box(0.2 * i - 0.04, y - 0.3, 0.2 * i + 0.04, y), c["c5"], -0.2)
            put(blob(0.2 * i + 0.1 * sway, y - 0.36, 0.05, 0.1, 12), c["accent"], 0.5)
        put(blob(0, 0.75, 1.15 * a, 0.14), c["c6"], -0.5)
    elif kind == "toy":
        for i in range(n):
            w = a * (0.9 - 0.65 * i / n)
            x = sway * 0.25 * i
            k = rounded(x - w, 0.6 - 0.35 * i, x + w, 0.97 - 0.35 * i, 3)
            put(k, c[f"c{i}"], 0.1 * i)
        put(star(sway * 0.25 * n, 0.6 - 0.35 * n, 0.35), c["accent"], 2)
    else:
        body = smooth(
            [
                [-0.45 * a, 0.9],
                [-0.5 * a, -0.1],
                [-0.15, -0.6],
                [-0.14, -1.0],
                [0.14, -1.0],
                [0.15, -0.6],
                [0.5 * a, -0.1],
                [0.45 * a, 0.9],
            ],
            5,
        )
        fill = [part(box(-2, -0.2 + 0.3 * sway, 2, 3), c["c1"], width=0.8)]
        put(body, c["c0"], inner=fill)
        pat(box(-0.49 * a, 0.05, 0.49 * a, 0.6), c["c2"], d["pattern"], 0.5)
        put(rounded(-0.2, -1.25, 0.2, -0.95), c["c3"], 0.6)
    if d["face"]:
        face(page, inside(m, 0, 0.2), d["face"], c, 0.5, 0.4, p, 0.4 * np.sin(yaw), 3, c["c0"])


KINDS = {
    "person": (40, person_design, person),
    "assembly": (15, assembly_design, assembly),
    "mascot": (9, mascot_design, mascot),
    "beast": (10, beast_design, beast),
    "bird": (4, bird_design, bird),
    "fish": (3, fish_design, fish),
    "insect": (3, insect_design, insect),
    "robot": (6, robot_design, robot),
    "vehicle": (4, vehicle_design, vehicle),
    "thing": (6, thing_design, thing),
}


# ------------------------------------------------------------------------------- pen and painting


class Style:
    """How a view is drawn: pens of the color picture and of the sketch, shading, light."""

    def __init__(self, r):
        width = lambda: float(np.clip(np.exp(r.normal(0.38, 0.38)), 0.7, 4.0))
        self.seed = int(r.integers(1 << 30))
        self.outline = str(
            r.choice(["dark", "tinted", "none", "colored"], p=[0.5, 0.22, 0.16, 0.12])
        )
        self.ink = hsv(r.random(), r.uniform(0, 0.5), r.uniform(0.02, 0.28))
        if self.outline == "colored":
            self.ink = hsv(r.random(), r.uniform(0.3, 0.9), r.uniform(0.2, 0.6))
        self.color_width = width()
        self.sketch_width = self.color_width if r.random() < 0.5 else width()
        self.shading = str(r.choice(["none", "cel", "soft"], p=[0.42, 0.4, 0.18]))
        self.dim, self.hue = r.uniform(0.6, 0.88), r.normal(0, 0.03)
        a = r.uniform(0, TAU)
        self.light = np.array([np.cos(a), -abs(np.sin(a)) - 0.3])
        self.lights = r.random() < 0.5
        self.details = r.random() < 0.7
        self.color_details = self.details and r.random() < 0.75
        self.hatching = r.random() < 0.1
        self.tint = r.random() < 0.12
        self.pen(r)

    def pen(self, r):
        u = r.random()
        self.gray = 0 if u < 0.7 else int(r.integers(30, 140))
        self.wobble = r.uniform(0.4, 1.1) if r.random() < 0.3 else 0.0
        self.double = r.random() < 0.12
        self.gaps = r.random() < 0.15
        self.taper = r.random() < 0.35
        if u > 0.85:
            self.sketch_width = r.uniform(0.7, 1.2)

    def like(self, other):
        """The same production: its outlines, not its shading or sketch."""
        self.outline, self.ink, self.color_width = other.outline, other.ink, other.color_width


GRADIENT = Image.linear_gradient("L")


class Painter:
    """Rasterizes inks into a color picture, a sketch and a mask at once."""

    def __init__(self, style):
        self.style, self.r = style, np.random.default_rng(style.seed)
        self.color = Image.new("RGB", (N, N), (255, 255, 255))
        self.sketch, self.mask = Image.new("L", (N, N), 255), Image.new("L", (N, N), 0)
        self.pens = [ImageDraw.Draw(i) for i in (self.color, self.sketch, self.mask)]
        self.figure = False

    def paint(self, inks, m):
        for ink in inks:
            self.one(ink, m)

    def one(self, ink, m):
        style = self.style
        q = placed(m, ink.points) * SS
        lo, hi = q.min(0), q.max(0)
        if (hi < -8).any() or (lo > N + 8).any():
            return
        if ink.kind == "flat":
            if style.lights and len(q) > 2:
                self.pens[0].polygon(q.ravel().tolist(), fill=ink.fill)
            return
        if ink.kind == "line":
            self.stroke(q, ink, False, 1e9)
            return
        flat_list = q.ravel().tolist()
        color, sketch, mask = self.pens
        color.polygon(flat_list, fill=ink.fill)
        sketch.polygon(flat_list, fill=255)
        mask.polygon(flat_list, fill=255 if self.figure else 0)
        nxt = np.roll(q, -1, 0)
        area = abs(np.sum(q[:, 0] * nxt[:, 1] - q[:, 1] * nxt[:, 0])) / 2
        thick = 2 * area / max(np.hypot(*(nxt - q).T).sum(), 1e-6)
        shading = style.shading if ink.shade and thick > 5 else "none"
        hatch = style.hatching and ink.shade and thick > 12
        if ink.inner or shading != "none" or hatch:
            self.within(ink, m, q, lo, hi, thick, shading, hatch)
        self.stroke(q, ink, True, thick)

    def within(self, ink, m, q, lo, hi, thick, shading, hatch):
        """Shading and inner inks, cut to the shape."""
        x0, y0 = np.clip(np.floor(lo), 0, N - 1).astype(int).tolist()
        x1, y1 = np.clip(np.ceil(hi) + 1, 1, N).astype(int).tolist()
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        corner, size = np.array([x0, y0]), (x1 - x0, y1 - y0)
        own = Image.new("L", size, 0)
        ImageDraw.Draw(own).polygon((q - corner).ravel().tolist(), fill=255)
        if ink.inner:
            self.insides(ink, m, q)
        if shading == "none" and not hatch:
            return
        away = q - corner + self.style.light * min(0.4 * thick, 40)
        side = own.copy()
        ImageDraw.Draw(side).polygon(away.ravel().tolist(), fill=0)
        if shading != "none":
            dark = own if shading == "soft" else side
            if shading == "soft":
                dark = ImageChops.multiply(own, GRADIENT.resize(size))
            if ink.inner:  # several colors: darken what is there
                seen_now = self.color.crop((x0, y0, x1, y1))
                k = self.style.dim
                self.color.paste(seen_now.point(lambda v: int(v * k)), (x0, y0), dark)
            else:
                shade = shaded(ink.fill, self.style.dim, self.style.hue)
                self.color.paste(shade, (x0, y0, x1, y1), dark)
        if hatch:
            lines = Image.new("L", size, 0)
            d, w, h = ImageDraw.Draw(lines), *size
            for x in range(-h, w, int(self.r.integers(6, 12))):
                d.line((x, h, x + h, 0), fill=255, width=2)
            gray = max(self.style.gray, 40)
            self.sketch.paste(gray, (x0, y0, x1, y1), ImageChops.darker(lines, side))

    def insides(self, ink, m, q):
        """Inner inks: drawn over everything, then what they spilled is put back."""
        every = np.concatenate([q] + [placed(m, i.points) * SS for i in ink.inner])
        x0, y0 = np.clip(np.floor(every.min(0)) - 10, 0, N - 1).astype(int).tolist()
        x1, y1 = np.clip(np.ceil(every.max(0)) + 10, 1, N).astype(int).tolist()
        outside = Image.new("L", (x1 - x0, y1 - y0), 255)
        ImageDraw.Draw(outside).polygon((q - [x0, y0]).ravel().tolist(), fill=0)
        pictures = (self.color, self.sketch, self.mask)
        kept = [i.crop((x0, y0, x1, y1)) for i in pictures]
        for i in ink.inner:
            self.one(i, m)
        for picture, old in zip(pictures, kept):
            picture.paste(old, (x0, y0), outside)

    def stroke(self, q, ink, closed, thick):
        style = self.style
        if ink.detail and not style.details:
            return
        if closed:
            q = np.concatenate([q, q[:1]])
        most = 0.3 * thick + 0.7  # thin parts have thin lines
        w = min(style.color_width * SS * ink.width, most)
        color = style.ink
        if ink.fill is not None and ink.kind == "line":
            color = ink.fill
        elif style.outline == "tinted":
            color = mixed(shaded(ink.fill or (90, 90, 90), 0.42), (20, 10, 20), 0.15)
        if (style.outline != "none" or ink.kind == "line") and not (
            ink.detail and not style.color_details
        ):
            self.draw(self.pens[0], q, w, color, self.figure)
        w = min(style.sketch_width * SS * ink.width, most)
        if ink.detail:
            w *= 0.75
        if not style.double:
            self.penned(q, w, closed)
        else:
            self.penned(self.shaken(q, 1.4), 0.7 * w, closed)
            self.penned(self.shaken(q, 1.4), 0.7 * w, closed)

    def shaken(self, q, amount):
        t = np.linspace(0, 1, len(q))
        f = self.r.uniform(0.7, 3.5, 4)[:, None]
        p = self.r.uniform(0, TAU, 4)[:, None]
        d = np.sin(TAU * f * t + p) * amount * 0.6 * SS
        return q + np.stack([d[0] + d[1], d[2] + d[3]], 1) * min(1.0, np.ptp(q, 0).max() / 60)

    def penned(self, q, w, closed):
        """A line of the sketch."""
        style, pen = self.style, self.pens[1]
        if style.wobble:
            q = self.shaken(q, style.wobble)
        if style.gaps and len(q) > 12 and self.r.random() < 0.6:
            cut = int(self.r.integers(2, len(q) - 2))
            pieces = [q[:cut], q[cut + 1 :]]
        else:
            pieces = [q]
        for piece in pieces:
            if len(piece) < 2:
                continue
            if style.taper and len(piece) > 6 and w > 2:
                self.tapered(pen, piece, w, closed)
            else:
                self.draw(pen, piece, w, style.gray, False)

    def tapered(self, pen, q, w, closed):
        t = np.linspace(0, 1, len(q))
        k = 0.55 + 0.45 * np.sin(TAU * t * 2 + 1) if closed else np.sin(np.pi * t) * 0.8 + 0.25
        widths = np.maximum(1, np.round(w * k)).astype(int)
        edges = np.nonzero(np.diff(widths))[0] + 1
        for a, b in zip([0, *edges], [*edges, len(q)]):
            pen.line(q[a : min(b + 1, len(q))].ravel().tolist(), self.style.gray, int(widths[a]))

    def draw(self, pen, q, w, color, mask):
        w = max(1, int(round(w)))
        points = q.ravel().tolist()
        pen.line(points, color, w)
        if mask:
            self.pens[2].line(points, 255, w)
        if w >= 4:  # round the corners that wide lines leave open
            d = np.diff(q, axis=0)
            a = np.arctan2(d[:, 1], d[:, 0])
            sharp = np.abs((np.diff(a) + np.pi) % TAU - np.pi) > 0.45
            h = w / 2 - 0.5
            for x, y in q[1:-1][sharp]:
                pen.ellipse((x - h, y - h, x + h, y + h), fill=color)

    def result(self, r):
        s = (SIZE, SIZE)
        color = self.color.resize(s, Image.Resampling.LANCZOS)
        sketch, mask = self.sketch.reduce(SS), np.asarray(self.mask.reduce(SS))
        color = np.array(color)
        if self.style.tint:  # one light over the figure
            x, y = np.meshgrid(np.linspace(-1, 1, SIZE), np.linspace(-1, 1, SIZE))
            k = 1 - 0.16 * (1 + np.sin(r.uniform(0, TAU)) * x + y) * mask / 255.0
            color = np.clip(color * k[..., None], 0, 255).astype(np.uint8)
        return color, np.asarray(sketch), mask


# --------------------------------------------------------------------------------------- grounds


def ground(r, page):
    """Fills the page with the inks of a place, in picture units from -0.6 to 1.6; returns the
    colors of its sky, from top to bottom."""
    c = [any_color(r) for _ in range(5)]
    if r.random() < 0.5:
        h = r.random()
        c = [hsv(h + r.uniform(-0.2, 0.2), r.uniform(0, 0.6), r.uniform(0.4, 1)) for _ in range(5)]
    u = r.random()
    if u < 0.35:
        return (255, 255, 255), (255, 255, 255)
    if u < 0.55:
        return c[0], c[0]
    if u < 0.65:
        return c[0], c[1]
    sky = (c[0], mixed(c[0], (255, 255, 255), r.uniform(0, 0.6)))
    kinds = (room, hills, street, clouds, tiles, abstract, forest)
    kinds[int(r.integers(len(kinds)))](r, page, c)
    return sky


def plain(points, fill, width=0.8):
    return part(points, fill, 0, width, shade=False)


def room(r, page, c):
    y = r.uniform(0.65, 0.85)
    page.append(plain(box(-0.7, y, 1.7, 1.7), c[1]))
    if r.random() < 0.5:
        page.append(plain(box(-0.7, y - 0.03, 1.7, y), c[2]))
    for x in np.arange(-0.5, 1.4, r.uniform(0.38, 0.6)):
        u, w = r.random(), r.uniform(0.18, 0.32)
        top = r.uniform(0.05, 0.25)
        if u < 0.3:  # a window
            h = r.uniform(0.25, 0.4)
            page.append(plain(box(x, top, x + w, top + h), c[3]))
            page.append(plain(box(x + 0.02, top + 0.02, x + w - 0.02, top + h - 0.02), c[4]))
            page.append(line([[x + w / 2, top], [x + w / 2, top + h]]))
            page.append(line([[x, top + h / 2], [x + w, top + h / 2]]))
        elif u < 0.5:  # a door
            page.append(plain(box(x, top, x + w, y), c[2]))
            page.append(plain(box(x + 0.04, top + 0.05, x + w - 0.04, y - 0.3), c[3]))
            page.append(plain(blob(x + w - 0.03, y - 0.2, 0.015, n=10), c[4]))
        elif u < 0.75:  # a shelf
            page.append(plain(box(x, top + 0.2, x + w, top + 0.23), c[3]))
            for i in range(int(r.integers(2, 6))):
                h, k = r.uniform(0.08, 0.16), x + i * w / 6
                page.append(plain(box(k, top + 0.2 - h, k + w / 7, top + 0.2), c[1 + i % 4]))
        else:  # a poster
            page.append(plain(box(x, top, x + w, top + 0.25), c[4]))
            page.append(emblem(int(r.integers(7)), x + w / 2, top + 0.125, 0.07, c[1]))


def wave_line(r, y, amount):
    xs = np.linspace(-0.7, 1.7, 22)
    ys = y + amount * np.sin(xs * r.uniform(3, 9) + r.uniform(0, TAU))
    return np.concatenate([np.stack([xs, ys], 1), [[1.7, 1.8], [-0.7, 1.8]]])


def cloud(r, x, y, s, fill):
    bumps = [(0.14, int(r.integers(4, 8)), r.uniform(0, TAU))]
    return plain(blob(x, y, s, 0.45 * s, 64, wave=bumps), fill)


def hills(r, page, c):
    if r.random() < 0.6:
        page.append(plain(blob(r.uniform(0, 1), r.uniform(0.05, 0.3), r.uniform(0.06, 0.13)), c[4]))
    y = r.uniform(0.4, 0.65)
    for i in range(int(r.integers(2, 4))):
        page.append(plain(wave_line(r, y + 0.14 * i, r.uniform(0.01, 0.08)), c[1 + i]))
    if r.random() < 0.5:
        page.append(cloud(r, r.uniform(0, 1), r.uniform(0, 0.3), r.uniform(0.1, 0.2), c[4]))


def street(r, page, c):
    x = -0.6
    while x < 1.6:
        w, h = r.uniform(0.15, 0.35), r.uniform(0.3, 0.8)
        page.append(plain(box(x, 0.85 - h, x + w, 0.86), c[1 + int(r.integers(2))]))
        if r.random() < 0.3:
            roof = [[x - 0.02, 0.85 - h], [x + w / 2, 0.72 - h], [x + w + 0.02, 0.85 - h]]
            page.append(plain(roof, c[3]))
        step = r.uniform(0.08, 0.14)
        for wy in np.arange(0.9 - h, 0.75, 1.4 * step):
            for wx in np.arange(x + 0.03, x + w - 0.06, step):
                page.append(plain(box(wx, wy, wx + 0.5 * step, wy + 0.7 * step), c[4], 0.6))
        x += w
    page.append(plain(box(-0.7, 0.85, 1.7, 1.8), c[3]))


def clouds(r, page, c):
    for _ in range(int(r.integers(3, 8))):
        s = r.uniform(0.08, 0.25)
        page.append(cloud(r, r.uniform(-0.3, 1.3), r.uniform(-0.2, 1.1), s, c[1]))
    if r.random() < 0.4:
        page.append(plain(wave_line(r, r.uniform(0.7, 0.95), 0.02), c[2]))


def tiles(r, page, c):
    s = r.uniform(0.12, 0.3)
    shape = int(r.integers(4))
    for i, x in enumerate(np.arange(-0.5, 1.5, s)):
        for j, y in enumerate(np.arange(-0.5, 1.5, s)):
            fill = c[1 + (i + 2 * j) % (2 + shape % 2)]
            if shape == 0 and (i + j) % 2:
                page.append(plain(box(x, y, x + s, y + s), fill, 0.6))
            elif shape == 1:
                page.append(plain(blob(x + (j % 2) * s / 2, y, 0.3 * s, n=14), fill, 0.6))
            elif shape == 2 and j == 0:
                page.append(plain(box(x, -0.7, x + 0.5 * s, 1.7), fill, 0.6))
            elif shape == 3 and (i + j) % 2:
                page.append(plain(star(x, y, 0.35 * s), fill, 0.6))


def abstract(r, page, c):
    for _ in range(int(r.integers(2, 7))):
        x, y, s = *r.uniform(-0.2, 1.2, 2), r.uniform(0.1, 0.5)
        u = r.random()
        fill = c[int(r.integers(1, 5))]
        if u < 0.4:
            bumps = [(0.2, int(r.integers(2, 5)), r.uniform(0, TAU))]
            page.append(plain(blob(x, y, s, s * r.uniform(0.4, 1), 48, wave=bumps), fill))
        elif u < 0.7:
            page.append(plain(star(x, y, s, int(r.integers(3, 9)), r.uniform(0.4, 1)), fill))
        else:
            a = r.uniform(0, TAU)
            path = np.array([[np.cos(a), np.sin(a)], [-np.cos(a), -np.sin(a)]]) * 2 + [x, y]
            page.append(plain(tube(path, [0.3 * s, 0.3 * s]), fill))


def forest(r, page, c):
    y = r.uniform(0.6, 0.8)
    page.append(plain(wave_line(r, y, 0.02), c[1]))
    for x in np.arange(-0.5, 1.5, r.uniform(0.2, 0.4)):
        s, b = r.uniform(0.1, 0.2), y + r.uniform(0, 0.12)
        page.append(plain(box(x - 0.15 * s, b - 1.5 * s, x + 0.15 * s, b), c[2]))
        if r.random() < 0.5:
            bumps = [(0.1, 6, r.uniform(0, TAU))]
            page.append(plain(blob(x, b - 2 * s, s, 1.2 * s, 60, wave=bumps), c[3]))
        else:
            page.append(plain([[x - s, b - s], [x, b - 3.4 * s], [x + s, b - s]], c[3]))


# ----------------------------------------------------------------------------------------- scenes


class Identity:
    """A kind of figure, its design and its colors."""

    def __init__(self, r):
        names = list(KINDS)
        shares = np.array([KINDS[k][0] for k in names], float)
        self.kind = str(r.choice(names, p=shares / shares.sum()))
        self.colors = palette(r)
        self.design = KINDS[self.kind][1](r)

    def drawn(self, pose, yaw):
        page = Page()
        KINDS[self.kind][2](page, self.design, self.colors, pose, yaw)
        return page


def some_yaw(r):
    """Mostly from the front or a little from the side; sometimes in profile or from behind."""
    u = r.random()
    if u < 0.8:
        return r.uniform(-0.65, 0.65)
    return r.choice([-1, 1]) * r.uniform(0.9, 1.3) if u < 0.92 else np.pi + r.uniform(-0.5, 0.5)


def composed(who, poses, yaws, swap):
    """One page of one or two figures."""
    pages = [i.drawn(p, y) for i, p, y in zip(who, poses, yaws)]
    if len(pages) == 1:
        return pages[0]
    page, x = Page(), 0.0
    for k, one in enumerate(pages[::-1] if swap else pages):
        x0, y0, x1, y1 = one.bounds()
        s = 1 / max(y1 - y0, 0.6 * (x1 - x0), 1e-3)
        for ink in one:
            ink.z += 100 * k
        page.put(frame(x - x0 * s, -y1 * s, 0, s), *one)
        x += (x1 - x0) * s * 0.92
    return page


def bent(r, page):
    """Small changes of proportion that no joint makes: a taper and a slant."""
    x0, y0, x1, y1 = page.bounds()
    middle, h = np.array([(x0 + x1) / 2, (y0 + y1) / 2]), max(y1 - y0, 1e-3)
    taper, slant = r.normal(0, 0.12), r.normal(0, 0.08)

    def bend(inks):
        for ink in inks:
            q = ink.points - middle
            q[:, 0] = q[:, 0] * (1 + taper * np.clip(q[:, 1] / h, -1, 1)) + slant * q[:, 1]
            ink.points = q + middle
            bend(ink.inner)

    bend(page)


def framing(r, page, crop, flip, least):
    """Figure units to pixels: the whole figure, its upper half or its head fills the picture."""
    tags = {"bust": ("head", "bust"), "head": ("head",)}.get(crop)
    x0, y0, x1, y1 = page.bounds(tags)
    whole = page.bounds()
    w = max(x1 - x0, least * (whole[2] - whole[0]), 1e-3)
    h = max(y1 - y0, least * (whole[3] - whole[1]), 1e-3)
    if crop == "head":
        k = r.uniform(0.75, 1.05)
    elif crop == "bust":
        k = r.uniform(0.85, 1.15)
    else:
        k = r.uniform(0.84, 1.0) if r.random() < 0.88 else r.uniform(0.6, 0.84)
    if crop == "part":
        k *= r.uniform(1.15, 1.7)
    s = k / max(w, h) if crop not in ("bust", "part") else k / max(0.8 * w, h, 0.45 * max(w, h))
    free = np.maximum(1 - s * np.array([w, h]), 0)
    center = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    if crop == "part":
        center = center + r.uniform(-0.2, 0.2, 2) * [w, h]
    turn = r.normal(0, 0.06) if r.random() < 0.94 else r.uniform(-1.6, 1.6)
    m = frame(0, 0, turn, s * (-1 if flip else 1), s)
    m[:, 2] = 0.5 + 0.45 * r.uniform(-1, 1, 2) * free - m[:, :2] @ center
    return m * SIZE


def view(r, page, m, sky, place, shift, style):
    """Color, sketch and mask of one page over one ground."""
    painter = Painter(style)
    top, low = sky
    if top == low:
        painter.color.paste(top, (0, 0, N, N))
    else:
        g = np.linspace(0, 1, N)[:, None, None]
        rows = np.array(top) * (1 - g) + np.array(low) * g
        rows = np.broadcast_to(rows.astype(np.uint8), (N, N, 3))
        painter.color.paste(Image.fromarray(np.ascontiguousarray(rows)))
    painter.paint(place, shift)
    painter.figure = True
    painter.paint(page.ordered(), m)
    return painter.result(r)


CROPS = (("full", "full"), ("full", "bust"), ("full", "head"), ("bust", "head"))
CROPS += (("bust", "bust"), ("head", "head"))


def attempt(rng):
    """A pair, before it is known whether both figures are in the picture."""
    two = rng.random() < 0.08
    who = [Identity(rng) for _ in range(2 if two else 1)]
    poses = [[Pose(rng) for _ in who]]
    same = rng.random() < 0.2
    poses.append([Pose(rng, p if same else None, 0.06) for p in poses[0]])
    first = [some_yaw(rng) for _ in who]
    second = [y + rng.normal(0, 0.12) if same else some_yaw(rng) for y in first]
    swap = rng.random() < 0.3
    crops = CROPS[rng.choice(len(CROPS), p=[0.46, 0.14, 0.12, 0.07, 0.12, 0.09])]
    crops = crops[:: int(rng.choice([-1, 1]))]
    flip = rng.random() < 0.5
    twice = int(rng.integers(2)) if not two and rng.random() < 0.07 else -1
    place = Page()
    sky = ground(rng, place)
    styles = [Style(rng), Style(rng)]
    if rng.random() < 0.7:
        styles[1].like(styles[0])
    views = []
    for k, yaws in enumerate((first, second)):
        page = composed(who, poses[k], yaws, swap and k)
        if k == twice:  # a sheet: the same one again, turned
            again = [poses[k][0], Pose(rng)]
            page = composed(who * 2, again, [yaws[0], some_yaw(rng)], swap)
        bent(rng, page)
        crop = crops[k]
        if two or k == twice:
            crop = "full"
        elif crop != "full" and not any(i.tag == "head" for i in page):
            crop = "part"
        m = framing(rng, page, crop, flip and k, 0.04 if who[0].kind == "person" else 0.4)
        s = rng.uniform(0.85, 1.3)
        shift = frame(*(0.5 - 0.5 * s + rng.uniform(-0.15, 0.15, 2)), 0, s) * SIZE
        views.append(view(rng, page, m, sky, place, shift, styles[k]))
    return {
        k: np.ascontiguousarray(np.stack(v))
        for k, v in zip(("color", "sketch", "mask"), zip(*views))
    }


def scene(rng):
    """Two views of one identity: color uint8 [2, 256, 256, 3], sketch uint8 [2, 256, 256] (dark
    lines on white) and mask uint8 [2, 256, 256] (255 where the figure is)."""
    while True:
        d = attempt(rng)
        share = (d["mask"] > 127).mean((1, 2))
        if share.min() > 0.05:
            return d


def sheet(count, seed=0):
    """Color, sketch and mask of both views, pair after pair."""
    rows = []
    for i in range(count):
        d = scene(np.random.default_rng(seed + i))
        gray = lambda a: np.repeat(a[..., None], 3, -1)
        row = [(d["color"][k], gray(d["sketch"][k]), gray(d["mask"][k])) for k in (0, 1)]
        rows.append(np.concatenate([*row[0], *row[1]], 1))
    if len(rows) % 2 == 0:  # two pairs a row
        rows = [np.concatenate(rows[i : i + 2], 1) for i in range(0, len(rows), 2)]
    return Image.fromarray(np.concatenate(rows, 0))


if __name__ == "__main__":
    sheet(int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0).save(sys.argv[1])
