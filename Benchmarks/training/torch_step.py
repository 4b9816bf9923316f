# SPDX-License-Identifier: Apache-2.0

"""PyTorch's time for a training step of the built-in network: forward, backward, clipping and AdamW, in f32.

    python torch_step.py --batch 8 --parts all --mode full --threads 2 --runs 5

`all` trains everything but the autoencoder, `second-stage` the low-rank branches, the recovery transformer and the threshold
embedder, whose inputs (tokens, sketch features) are made before, as a cache of them does."""

import argparse
import os
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Sources/CEmbeddedModel/recipe"))
from start import fresh  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--parts", choices=["all", "second-stage"], default="all")
    parser.add_argument("--mode", choices=["full", "vanilla"], default="full")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--channels-last", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    m = fresh().float()
    if args.channels_last:
        m = m.to(memory_format=torch.channels_last)
    b = args.batch
    for name, p in m.named_parameters():
        second = ".lora_" in name or name.startswith(("transformer.", "thresh_embedder."))
        p.requires_grad_(not name.startswith("first_stage_model.") and (args.parts == "all" or second))
    weights = [p for p in m.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-5, fused=True)
    sketch, reference = torch.randn(b, 3, 256, 256), torch.randn(b, 3, 256, 256)
    mask = (torch.arange(256) < 128).float().expand(b, 1, 256, 256).contiguous()
    z, noise = torch.randn(b, 16, 32, 32), torch.randn(b, 16, 32, 32)
    t, ts, tr = torch.randint(0, 1000, (b,)), 0.05 + 0.9 * torch.rand(b), 0.05 + 0.9 * torch.rand(b)
    alpha, sigma = m.alpha_sigma(t)
    x, target = alpha * z + sigma * noise, alpha * noise - sigma * z
    kept = {}
    if args.parts == "second-stage":
        # What is frozen is made once.
        with torch.no_grad():
            kept = dict(tokens=m.tokens(reference), control=m.control_encoder(sketch))
        m.tokens = lambda _: kept["tokens"]
        m.control_encoder.forward = lambda _: kept["control"]
    times = []
    for _ in range(args.runs + 1):
        start = time.process_time()
        c = m.conditions(sketch, reference, args.mode, mask, mask, ts, tr)
        loss = F.mse_loss(m.unet(x, t, c), target)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        times.append(time.process_time() - start)
    print(f"{sorted(times[1:])[len(times[1:]) // 2]:.3f} s, of {['%.3f' % t for t in times]}", sum(p.numel() for p in weights))


if __name__ == "__main__":
    main()
