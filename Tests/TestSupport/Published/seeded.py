# SPDX-License-Identifier: Apache-2.0

"""Weights that are a formula of their key and shape: `SeededParameters` in TestSupport makes the same."""
import numpy as np, torch


def seeded(key, shape):
    """Uniform numbers from a hash of key and index: variance 1 / fan-in for matrices, near 1 for scales, small for shifts."""
    h = 2166136261
    for c in key.encode(): h = ((h ^ c) * 16777619) & 0xFFFFFFFF
    x = (np.arange(int(np.prod(shape)), dtype=np.uint64) * 0x9E3779B9 + h) & 0xFFFFFFFF
    x ^= x >> 16; x = (x * 0x7FEB352D) & 0xFFFFFFFF; x ^= x >> 15; x = (x * 0x846CA68B) & 0xFFFFFFFF; x ^= x >> 16
    u = x.astype(np.float64) / 2**31 - 1
    if len(shape) == 1: v = 1 + 0.2 * u if key.endswith("weight") else 0.1 * u
    else: v = u * np.sqrt(3 / np.prod(shape[1:]))
    return torch.from_numpy(v.astype(np.float32).reshape(shape))


def half(x): return x.half().float()


def stored(tensors):
    """Copies for a file; what half precision holds exactly is stored as such."""
    out = {k: v.detach().clone().contiguous() for k, v in tensors.items()}
    return {k: v.half() if v.dtype == torch.float32 and v.numel() > 64 and torch.equal(half(v), v) else v for k, v in out.items()}
