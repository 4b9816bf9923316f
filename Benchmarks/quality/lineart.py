# SPDX-License-Identifier: Apache-2.0

"""Line art and regions of a picture, as a colourist would have them.

A line stands where ink stands, and where colours that touch differ by CIEDE2000 15 or more; a region
is what lines enclose. Softer steps (shading, gradients) are no lines, and stay inside of a region."""

import numpy as np
from scipy import ndimage
from skimage import color, morphology

SCALE = 2  # Pictures are analysed at this many times their final size.
STEP = 15.0  # The CIEDE2000 difference from which on a line is drawn between two colours.
KINDS = ("clean", "thin", "pencil", "heavy")


def lab_of(rgb):
    return color.rgb2lab(rgb.astype(np.float32) / 255)


def thin_ink(lab, radius=8):
    """Dark strokes, but no black areas."""
    dark = (lab[..., 0] < 28) & (np.hypot(lab[..., 1], lab[..., 2]) < 22)
    thick = ndimage.binary_opening(dark, morphology.disk(radius))
    return dark & ~ndimage.binary_dilation(thick, morphology.disk(3))


def flat(lab, step=3.0):
    """Where colours change little from pixel to pixel."""
    result = np.ones(lab.shape[:2], bool)
    for axis in (0, 1):
        change = np.sqrt((np.diff(lab, axis=axis) ** 2).sum(-1)) < step
        before, after = [(0, 0), (0, 0)], [(0, 0), (0, 0)]
        before[axis], after[axis] = (1, 0), (0, 1)
        result &= np.pad(change, before, constant_values=True)
        result &= np.pad(change, after, constant_values=True)
    return result


def components(allowed, figure, least):
    """Connected parts of at least so many pixels, figure and ground apart: labels from 1, 0 for none."""
    labels, count = np.zeros(allowed.shape, np.int32), 0
    for side in (figure, ~figure):
        found, n = ndimage.label(allowed & side)
        sizes = np.bincount(found.ravel(), minlength=n + 1)
        sizes[0] = 0
        keep = np.nonzero(sizes >= least)[0]
        table = np.zeros(n + 1, np.int32)
        table[keep] = np.arange(count + 1, count + 1 + len(keep))
        labels += table[found]
        count += len(keep)
    return labels


def grown(labels, where):
    """Every pixel of `where` with the label nearest to it; 0 elsewhere."""
    nearest = ndimage.distance_transform_edt(labels == 0, return_distances=False, return_indices=True)
    return np.where(where, labels[tuple(nearest)], 0)


def medians(lab, labels):
    index = np.arange(labels.max() + 1)
    return np.stack([ndimage.median(lab[..., c], labels, index) for c in range(3)], -1)


def merged(labels, filled, lab, figure):
    """Labels, with those that touch and are alike joined."""
    parent = np.arange(labels.max() + 1)

    def root(i):
        while parent[i] != i:
            i = parent[i]
        return i

    middle = medians(lab, labels)
    on_figure = ndimage.maximum(figure.astype(int), labels, np.arange(len(parent)))
    touching = set()
    for axis in (0, 1):
        a = filled[tuple(slice(None, -1) if i == axis else slice(None) for i in range(2))]
        b = filled[tuple(slice(1, None) if i == axis else slice(None) for i in range(2))]
        at = (a != b) & (a > 0) & (b > 0)
        touching |= set(map(tuple, np.unique(np.stack([a[at], b[at]], 1), axis=0)))
    for a, b in sorted(touching):
        if on_figure[a] == on_figure[b] and color.deltaE_ciede2000(middle[a], middle[b]) < STEP:
            parent[max(root(a), root(b))] = min(root(a), root(b))
    table = np.array([root(i) for i in range(len(parent))])
    return table[labels], table[filled]


def analysed(rgb, figure, lines=None):
    """Lines (bool) and regions (labels from 1) of a picture at its large size.

    `lines` are given where the picture was drawn with some; then nothing else is a line."""
    lab = lab_of(rgb)
    least = (rgb.shape[0] // SCALE) ** 2 // 1200 * SCALE**2
    if lines is not None:
        open_area = ~ndimage.binary_dilation(lines, iterations=2)
        return lines, components(open_area, figure, 1), least
    ink = thin_ink(lab)
    edge = ndimage.binary_dilation(figure) & ~figure
    labels = components(flat(lab) & ~ink & ~edge, figure, 60 * SCALE**2)
    filled = grown(labels, ~ink)
    labels, filled = merged(labels, filled, lab, figure)
    border = np.zeros(ink.shape, bool)
    border[:, 1:] |= (filled[:, 1:] != filled[:, :-1]) & (filled[:, 1:] > 0) & (filled[:, :-1] > 0)
    border[1:] |= (filled[1:] != filled[:-1]) & (filled[1:] > 0) & (filled[:-1] > 0)
    return ink | ndimage.binary_dilation(border, morphology.disk(1)), labels, least


def regions(rgb, labels, lines, figure, least):
    """The labels at the final size: 1 to 255, 0 where there is a line, a seam or a small part.

    The figure's regions come first; their number is given too."""
    near = ndimage.binary_dilation(lines, iterations=2)
    labels = np.where(near, 0, labels)
    blocks = labels.reshape(labels.shape[0] // SCALE, SCALE, -1, SCALE).transpose(0, 2, 1, 3)
    blocks = blocks.reshape(*blocks.shape[:2], -1)
    small = np.where((blocks == blocks[..., :1]).all(-1), blocks[..., 0], 0)
    side = figure[SCALE // 2 :: SCALE, SCALE // 2 :: SCALE]
    sizes = np.bincount(small.ravel())
    sizes[0] = 0
    order = [i for i in np.argsort(-sizes, kind="stable") if sizes[i] * SCALE**2 >= least]
    first = [i for i in order if side[small == i].mean() > 0.5]
    ordered = (first + [i for i in order if i not in set(first)])[:255]
    table = np.zeros(len(sizes), np.uint8)
    for number, i in enumerate(ordered, 1):
        table[i] = number
    return table[small], len(first)


def shrunk(x):
    """Means of blocks."""
    x = x.astype(np.float32)
    shape = (x.shape[0] // SCALE, SCALE, x.shape[1] // SCALE, SCALE) + x.shape[2:]
    return x.reshape(shape).mean((1, 3))


def noise(shape, cell, rng):
    """Smooth noise around 0, of deviation about 1."""
    coarse = rng.standard_normal([s // cell + 4 for s in shape])
    fine = ndimage.zoom(coarse, cell, order=3)[: shape[0], : shape[1]]
    return fine / fine.std()


def drawn(lines, kind, rng):
    """The sketch: uint8, dark lines on paper."""
    if kind == "clean":
        ink = shrunk(lines)
    elif kind == "heavy":
        ink = shrunk(ndimage.binary_dilation(lines, morphology.disk(3)))
    else:
        bones = morphology.skeletonize(lines)
        if kind == "thin":
            ink = shrunk(ndimage.binary_dilation(bones, morphology.disk(1)))
        else:
            # Two passes of a pencil that wander apart by a pixel or so.
            ink, (y, x) = 0, np.mgrid[: lines.shape[0], : lines.shape[1]].astype(np.float32)
            stroke = ndimage.binary_dilation(bones, morphology.disk(1)).astype(np.float32)
            for _ in range(2):
                dy, dx = (1.2 * noise(lines.shape, 64, rng) for _ in range(2))
                pressure = np.clip(0.75 + 0.25 * noise(lines.shape, 48, rng), 0.3, 1)
                moved = ndimage.map_coordinates(stroke, [y + dy, x + dx], order=1, mode="nearest")
                ink = np.maximum(ink, moved * pressure)
            ink = ndimage.gaussian_filter(shrunk(ink), 0.5) * 0.8
            grain = np.clip(1 + 0.3 * rng.standard_normal(ink.shape), 0.2, 1.2)
            paper = 250 + 2 * rng.standard_normal(ink.shape)
            return np.clip(paper - 255 * ink * grain, 0, 255).round().astype(np.uint8)
    return (255 * (1 - ink)).round().astype(np.uint8)
