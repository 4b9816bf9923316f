# SPDX-License-Identifier: Apache-2.0

"""Key lists of known U-Nets, and outputs of tiny ones and of a text tower's blocks, computed by others.

    python make_fixtures.py GENERATIVE_MODELS    # a clone of Stability-AI/generative-models; torch, einops, safetensors

Key lists: the U-Nets of Stable Diffusion 1 and 2 and of XL (base, refiner), built from their published configurations, one
key with its shape on a line; of blocks that differ in their number only there is one line, `transformer_blocks.{10}.`.

Outputs: by that package's U-Net (float32), and by PyTorch's own multi-head attention for the text tower's blocks (float64). The
weights are not stored: both sides make them from the key and the index of each element (`weight` here, `SeededParameters`
in TestSupport).
"""
import os, re, sys, types
import numpy as np, torch
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, sys.argv[1])
for name in ("sgm", "sgm.modules", "sgm.modules.diffusionmodules"):  # without what their __init__ would import
    package = types.ModuleType(name)
    package.__path__ = [os.path.join(sys.argv[1], *name.split("."))]
    sys.modules[name] = package
for name, members in (("video_attention", ["SpatialVideoTransformer"]), ("diffusionmodules.video_model", ["VideoResBlock", "PostHocResBlockWithTime"]), ("spacetime_attention", ["PostHocSpatialTransformerWithTimeMixing", "PostHocSpatialTransformerWithTimeMixingAndMotion", "BasicTransformerTimeMixBlock"])):
    video = types.ModuleType(f"sgm.modules.{name}")
    for member in members: setattr(video, member, type(member, (), {}))
    sys.modules[video.__name__] = video
from sgm.modules.diffusionmodules.openaimodel import UNetModel

COMMON = dict(in_channels=4, out_channels=4, use_checkpoint=False)
PUBLISHED = {
    "sd-1": dict(model_channels=320, num_res_blocks=2, attention_resolutions=[4, 2, 1], channel_mult=[1, 2, 4, 4], num_heads=8, transformer_depth=1, context_dim=768),
    "sd-2": dict(model_channels=320, num_res_blocks=2, attention_resolutions=[4, 2, 1], channel_mult=[1, 2, 4, 4], num_head_channels=64, use_linear_in_transformer=True, transformer_depth=1, context_dim=1024),
    "sdxl-base": dict(adm_in_channels=2816, num_classes="sequential", model_channels=320, num_res_blocks=2, attention_resolutions=[4, 2], channel_mult=[1, 2, 4], num_head_channels=64, use_linear_in_transformer=True, transformer_depth=[1, 2, 10], context_dim=2048),
    "sdxl-refiner": dict(adm_in_channels=2560, num_classes="sequential", model_channels=384, num_res_blocks=2, attention_resolutions=[4, 2], channel_mult=[1, 2, 4, 4], num_head_channels=64, use_linear_in_transformer=True, transformer_depth=4, context_dim=[1280] * 4),
}
TINY = {
    "v1": dict(model_channels=32, num_res_blocks=1, attention_resolutions=[1, 2], channel_mult=[1, 2], num_heads=4, transformer_depth=1, context_dim=24),
    "xl": dict(adm_in_channels=20, num_classes="sequential", model_channels=32, num_res_blocks=1, attention_resolutions=[2], channel_mult=[1, 2], num_head_channels=16, use_linear_in_transformer=True, transformer_depth=[1, 2], context_dim=24),
}


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
    return torch.from_numpy(v.astype(np.float32).reshape(shape)).double()


def key_list(model):
    groups = {}
    for key, value in model.state_dict().items():
        found = re.match(r"(.*transformer_blocks\.)(\d+)(\..*)", key)
        parts = (found.group(1), found.group(3), tuple(value.shape)) if found else (key, None, tuple(value.shape))
        groups.setdefault(parts, []).append(int(found.group(2)) if found else 0)
    for (head, tail, shape), numbers in groups.items():
        assert numbers == list(range(len(numbers)))
        yield f"{head if tail is None else f'{head}{{{len(numbers)}}}{tail}'} [{', '.join(map(str, shape))}]\n"


for name, configuration in PUBLISHED.items():
    with torch.device("meta"): model = UNetModel(**COMMON, **configuration)
    with open(os.path.join(here, f"unet-{name}.txt"), "w") as file: file.writelines(key_list(model))

torch.manual_seed(0)
out = {}
with torch.no_grad():
    for name, configuration in TINY.items():
        model = UNetModel(**COMMON, **configuration).eval()
        model.load_state_dict({k: weight(k, tuple(v.shape)).float() for k, v in model.state_dict().items()})
        x, context = torch.randn(2, 4, 4, 6), torch.randn(2, 5, 24)
        added = torch.randn(2, 20) if "adm_in_channels" in configuration else None
        out[f"{name}.x"], out[f"{name}.context"] = x, context
        if added is not None: out[f"{name}.added"] = added
        out[f"{name}.out"] = model(x, torch.tensor([613.25, 613.25]), context=context, y=added)

    # Two blocks of OpenCLIP's text tower: x += attn(ln_1(x)); x += c_proj(gelu(c_fc(ln_2(x)))).
    width, heads, count = 32, 4, 7
    x = torch.randn(2, count, width).double()
    out["text.x"] = x
    mask = torch.full((count, count), float("-inf")).triu(1).double()
    for block in range(2):
        p = lambda key, *shape: weight(f"transformer.resblocks.{block}.{key}", shape)
        norm = lambda x, key: torch.nn.functional.layer_norm(x, (width,), p(key + ".weight", width), p(key + ".bias", width), 1e-5)
        attention = torch.nn.MultiheadAttention(width, heads, batch_first=True).double()
        attention.load_state_dict({
            "in_proj_weight": p("attn.in_proj_weight", 3 * width, width), "in_proj_bias": p("attn.in_proj_bias", 3 * width),
            "out_proj.weight": p("attn.out_proj.weight", width, width), "out_proj.bias": p("attn.out_proj.bias", width)})
        h = norm(x, "ln_1")
        x = x + attention(h, h, h, attn_mask=mask, need_weights=False)[0]
        h = torch.nn.functional.linear(norm(x, "ln_2"), p("mlp.c_fc.weight", 4 * width, width), p("mlp.c_fc.bias", 4 * width))
        x = x + torch.nn.functional.linear(torch.nn.functional.gelu(h), p("mlp.c_proj.weight", width, 4 * width), p("mlp.c_proj.bias", width))
    out["text.out"] = x
save_file({k: v.float().contiguous() for k, v in out.items()}, os.path.join(here, "models.safetensors"))
