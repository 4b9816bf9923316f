# SPDX-License-Identifier: Apache-2.0

"""Outputs of a tiny network in PyTorch, for the Swift network to agree with.

    python make_fixtures.py            # needs torch, numpy, safetensors

The weights are not stored: both sides make them from the key and the index of each element (`weight` here, `SeededParameters`
in TestSupport). The network is the PyTorch model that the embedded model is trained with, which reproduces the published
implementation's recorded outputs.
"""
import os, sys
import numpy as np, torch
from safetensors.torch import save_file
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "../../../../Sources/CEmbeddedModel/recipe"))
from model import Colorizer, timestep_embedding

CONFIG = dict(
    linear_start=0.00085, linear_end=0.012, scale_factor=0.5, prediction="v", image_size=64, norm_groups=8,
    unet=dict(in_channels=3, out_channels=3, model_channels=32, channel_mult=[1, 2], num_res_blocks=1, attention_resolutions=[1, 2], num_head_channels=16, context_dim=32),
    lora=dict(fr=4, br=0.5),
    vae=dict(ch=8, ch_mult=[1, 1, 2, 2], num_res_blocks=1, z_channels=3),
    clip=dict(image_size=28, patch=14, width=32, layers=2, heads=2, output_dim=32),
    sketch=dict(in_ch=3, model_channels=32, ch_mults=[1, 2]),
    cluster=dict(dim=32, layers=2, token_length=4, heads=2),
    threshold=dict(embed_dim=16, out_dim=32),
)


def weight(key, shape):
    """Uniform numbers from a hash of (key, index): variance 1 / fan-in for matrices, near 1 for scales, small for shifts."""
    h = 2166136261
    for c in key.encode(): h = ((h ^ c) * 16777619) & 0xFFFFFFFF
    n = int(np.prod(shape))
    x = (np.arange(n, dtype=np.uint64) * 0x9E3779B9 + h) & 0xFFFFFFFF
    x ^= x >> 16; x = (x * 0x7FEB352D) & 0xFFFFFFFF; x ^= x >> 15; x = (x * 0x846CA68B) & 0xFFFFFFFF; x ^= x >> 16
    u = x.astype(np.float64) / 2**31 - 1
    if len(shape) == 1: v = 1 + 0.2 * u if key.endswith("weight") else 0.1 * u
    else: v = u * np.sqrt(3 / np.prod(shape[1:]))
    return torch.from_numpy(v.astype(np.float32).reshape(shape))


torch.manual_seed(0)
m = Colorizer(CONFIG).eval()
m.load_state_dict({k: weight(k, tuple(v.shape)) for k, v in m.state_dict().items()})
out = {}
with torch.no_grad():
    sketch = torch.where(torch.rand(1, 1, 32, 48) < 0.2, 1.0, -1.0).repeat(1, 3, 1, 1)
    reference, other = torch.rand(1, 3, 20, 37) * 2 - 1, torch.rand(1, 3, 28, 28) * 2 - 1
    smask, rmask = torch.rand(1, 1, 32, 48), torch.rand(1, 1, 20, 37)
    x, z = torch.randn(1, 3, 4, 6), torch.randn(1, 3, 4, 6)
    picture = torch.rand(1, 3, 32, 48) * 2 - 1
    out.update(sketch=sketch, reference=reference, smask=smask, rmask=rmask, x=x, z=z, picture=picture)
    out["tokens"] = m.cond_stage_model(reference)
    for i, h in enumerate(m.control_encoder(sketch)): out[f"hint{i}"] = h
    out["mean"], out["logvar"] = m.first_stage_model.moments(picture)
    out["decoded"] = m.first_stage_model.decode(z)
    for mode in ("vanilla", "foreground", "background", "full"):
        c = m.conditions(sketch, reference, mode, smask, rmask, 0.3, 0.4)
        out[f"{mode}.context"], out[f"{mode}.v"] = c["context"], m.unet(x, torch.tensor([613.25]), c)
    # Four steps of DDIM in diffusers' leading spacing, guided by the reference (3) and the sketch (1.5), full mode.
    cond = m.conditions(sketch, reference, "full", smask, rmask, 0.3, 0.4)
    free = dict(cond, context=torch.zeros_like(cond["context"]))
    bare = dict(cond, control=m.control_encoder(-torch.ones_like(sketch)))
    y, steps = x.clone(), 4
    for t in [1 + (1000 // steps) * i for i in reversed(range(steps))]:
        v, vf, vb = (m.unet(y, torch.tensor([float(t)]), c) for c in (cond, free, bare))
        v = ((vf + (v - vf) * 3) + (vb + (v - vb) * 1.5)) / 2
        a = m.alphas_cumprod[t]; p = t - 1000 // steps; b = m.alphas_cumprod[p] if p >= 0 else torch.tensor(1.0)
        x0, e = a.sqrt() * y - (1 - a).sqrt() * v, (1 - a).sqrt() * y + a.sqrt() * v
        y = b.sqrt() * x0 + (1 - b).sqrt() * e
    out["ddim"], out["image"] = y, m.first_stage_model.decode(y / CONFIG["scale_factor"])
save_file({k: v.contiguous() for k, v in out.items()}, os.path.join(here, "network.safetensors"))
print({k: tuple(v.shape) for k, v in out.items()})
