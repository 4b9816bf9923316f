# SPDX-License-Identifier: Apache-2.0

"""The losses of some steps in which everything but the autoencoder learns, in PyTorch, and all that they were made of: the
library makes the same steps from it and compares.

    python loss_curve.py --out curve --steps 50
    swift run -c release --package-path Benchmarks Benchmark loss-curve curve

Drawings of `character.py`; every other step colours by regions. `--fresh` starts from nothing instead of the built-in
model."""

import argparse
import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

HERE = os.path.dirname(os.path.abspath(__file__))
EMBEDDED = os.path.join(HERE, "../../Sources/CEmbeddedModel")
sys.path.insert(0, os.path.join(EMBEDDED, "recipe"))
from character import drawings  # noqa: E402
from model import Colorizer  # noqa: E402
from start import fresh  # noqa: E402


def image(array):
    return torch.from_numpy(array.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fresh", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    with open(os.path.join(EMBEDDED, "data/config.json")) as file:
        config = json.load(file)
    if args.fresh:
        m = fresh(config).float()
    else:
        m = Colorizer(config).float()
        m.load_state_dict({k: v.float() for k, v in load_file(os.path.join(EMBEDDED, "data/model.safetensors")).items()})
    os.makedirs(args.out, exist_ok=True)
    save_file({k: v.detach().clone().contiguous() for k, v in m.state_dict().items()}, f"{args.out}/model.safetensors")
    with open(f"{args.out}/config.json", "w") as file:
        json.dump(config, file)

    size, count = config["image_size"], 12
    pictures, sketches, masks = [], [], []
    for color, lines, figure in drawings(2, count, size):
        pictures.append(image(color))
        sketches.append(torch.from_numpy(lines.astype(np.float32) * 2 - 1)[None])
        masks.append(torch.from_numpy(figure.astype(np.float32))[None])
    pictures, sketches, masks = torch.stack(pictures), torch.stack(sketches), torch.stack(masks)
    with torch.no_grad():
        latents = m.first_stage_model.moments(pictures)[0] * config["scale_factor"]
    b, shape = args.batch, (args.batch, *latents.shape[1:])
    for name, p in m.named_parameters():
        p.requires_grad_(not name.startswith("first_stage_model."))
    weights = [p for p in m.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=args.rate)
    steps = dict(index=[], reference=[], noise=[], timestep=[], sketch_threshold=[], reference_threshold=[], loss=[])
    for step in range(args.steps):
        index, reference = torch.randint(count, (b,)), torch.randint(count, (b,))
        noise, t = torch.randn(shape), torch.randint(0, 1000, (b,))
        ts, tr = 0.05 + 0.9 * torch.rand(b), 0.05 + 0.9 * torch.rand(b)
        z = latents[index]
        alpha, sigma = m.alpha_sigma(t)
        x, target = alpha * z + sigma * noise, alpha * noise - sigma * z
        if config["prediction"] != "v":
            target = noise
        sketch = sketches[index].expand(-1, 3, -1, -1)
        c = m.conditions(sketch, pictures[reference], "vanilla" if step % 2 else "full", masks[index], masks[reference], ts, tr)
        loss = F.mse_loss(m.unet(x, t, c), target)
        loss.backward()
        for p in weights:
            # What a step does not use has a gradient of zero in the library, and its weight moves on.
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        values = (index, reference, noise.permute(0, 2, 3, 1), t, ts, tr, loss.detach())
        for name, value in zip(steps, values):
            steps[name].append(value.float())
        print(f"step {step + 1}: {loss.item():.6f}", flush=True)

    def last(x):
        return x.permute(0, 2, 3, 1).contiguous()

    inputs = {name: torch.stack(values).contiguous() for name, values in steps.items()}
    inputs.update(pictures=last(pictures), sketches=last(sketches), masks=last(masks), latents=last(latents))
    save_file(inputs, f"{args.out}/inputs.safetensors", metadata=dict(rate=str(args.rate)))


if __name__ == "__main__":
    main()
