# SPDX-License-Identifier: Apache-2.0

"""Writes python.safetensors with the reference implementation, and its floats' bits as JSON.

Needs numpy, ml_dtypes and safetensors; run it in this folder.
"""
import json

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

rng = np.random.default_rng(7)
tensors = {
    "block.f32.weight": rng.standard_normal((3, 5)).astype(np.float32),
    "block.f16": np.array([0, -0.0, 1, -1, 65504, 6e-8, 6.1e-5, 0.333], np.float16),
    "block.bf16": rng.standard_normal((2, 3, 2)).astype(np.float32).astype(ml_dtypes.bfloat16),
    "scalar": np.array(2.5, np.float32),
    "empty": np.zeros((0, 4), np.float32),
    "counter": np.array([1, 2, 3], np.int64),
    "flags": np.array([True, False, True]),
    "schedule": np.linspace(0, 1, 5),
    "名前 \"é\" \n😀": np.array([7], np.float32),
}
save_file(tensors, "python.safetensors", metadata={"format": "np", "note": "line\nbreak \"quoted\" 日本"})

floats = (np.float32, np.float16, ml_dtypes.bfloat16)
expected = {
    key: {
        "shape": list(value.shape),
        "bits": [int(bits) for bits in np.ascontiguousarray(value.astype(np.float32)).view(np.uint32).ravel()],
    }
    for key, value in tensors.items()
    if value.dtype in floats
}
with open("python.json", "w") as file:
    json.dump(expected, file, indent=0, sort_keys=True)
