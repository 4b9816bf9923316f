# SPDX-License-Identifier: Apache-2.0

"""Scenes that other processes draw while a device trains, so that no scene is seen for long.

A scene is uint8 [2, 5, 256, 256]: two views; color, figure mask, sketch (dark on white)."""

import os
import time
from multiprocessing import get_context

import numpy as np

import cels
import figures

CHUNK = 16  # scenes of a file
WAITING = 48  # files that may wait before drawing pauses
FIGURES = 0.7  # the share of `figures.py`; the others are of `cels.py`


def scene(seed):
    rng = np.random.default_rng(1000003 * (seed + 1))
    d = (figures if rng.random() < FIGURES else cels).scene(rng)
    color = np.concatenate([d["color"], d["mask"][..., None]], -1).transpose(0, 3, 1, 2)
    return np.concatenate([color, d["sketch"][:, None]], 1)


def _draw(folder, worker):
    os.nice(5)
    for number in range(1 << 30):
        while len(os.listdir(folder)) > WAITING:
            time.sleep(0.1)
        first = (worker + 1) * 10_000_000 + number * CHUNK
        file = os.path.join(folder, f"{number}-{worker}")
        np.save(file + ".tmp", np.stack([scene(first + i) for i in range(CHUNK)]))
        os.replace(file + ".tmp.npy", file + ".npy")


class Feed:
    """Starts `workers` processes that draw into `folder`; they end with this one."""

    def __init__(self, folder, workers):
        self.folder = os.path.join(folder, "feed")
        os.makedirs(self.folder, exist_ok=True)
        for name in os.listdir(self.folder):
            os.remove(os.path.join(self.folder, name))
        for worker in range(workers):
            get_context("fork").Process(
                target=_draw, args=(self.folder, worker), daemon=True
            ).start()

    def take(self):
        """The next scenes, or None while none are ready."""
        for name in os.listdir(self.folder):
            if name.endswith(".npy") and ".tmp" not in name:
                file = os.path.join(self.folder, name)
                scenes = np.load(file)
                os.remove(file)
                return scenes
        return None
