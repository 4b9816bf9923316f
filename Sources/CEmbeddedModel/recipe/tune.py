# SPDX-License-Identifier: Apache-2.0

"""Finetunes exported weights for one step and crisp colors:

    python tune.py FROM TO --pack drawings.pack --scenes-in run --steps 200 --rate 3e-4 --width 0.3
    python tune.py FROM TO --pack drawings.pack --scenes-in run --minutes 60 --crew 2

FROM and TO are export folders; what the optimizer and the helping heads know is kept beside the
weights (`tune.pt`), so that a later call goes on from there. On processors with bf16 products a
sample takes about two thirds of the time that it takes in f32."""

import argparse
import os
import shutil
import time

import torch
from safetensors.torch import save_file

import stages
from bank import Bank
from export import exported


def sharpen(m, factor):
    """Scales the pointers' queries (the first head of the middle and upward path): attention that is
    more decided than what was trained."""
    for part in (m.unet.middle_block, m.unet.output_blocks):
        for layer in part.modules():
            if type(layer).__name__ == "Block":
                q, head = layer.attn2.to_q, m.cfg["unet"]["num_head_channels"]
                for w in (q.weight, q.lora_up_fg.weight, q.lora_up_bg.weight):
                    w.data[:head] *= factor


def fork(m, heads, crew, seed):
    """More processes that update the same weights without waiting for one another. False in those."""
    if crew > 1:
        m.share_memory()
        heads.share_memory()
    for number in range(1, crew):
        if os.fork() == 0:
            torch.manual_seed(seed + 1000 * number)
            return False
    return True


if __name__ == "__main__":
    cli = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cli.add_argument("start")
    cli.add_argument("out")
    cli.add_argument("--pack", default="drawings.pack")
    cli.add_argument("--scenes-in", default="run", help="where drawn scenes are kept")
    cli.add_argument("--steps", type=int, default=200)
    cli.add_argument(
        "--minutes", type=float, help="instead of steps: the rate falls with the clock"
    )
    cli.add_argument("--crew", type=int, default=1, help="processes that update the same weights")
    cli.add_argument("--scenes", type=int, default=400)
    cli.add_argument("--rate", type=float, default=3e-4)
    cli.add_argument("--weight", type=float, default=4.0, help="of the loss of missed colors")
    cli.add_argument("--width", type=float, default=0.22, help="what it takes for the same color")
    cli.add_argument("--cels", type=float, default=0.4, help="share of drawn scenes")
    cli.add_argument("--large", type=float, default=0.3, help="share of steps at 256 px")
    cli.add_argument(
        "--sharpen", type=float, default=1.0, help="the pointers, before the first step"
    )
    cli.add_argument("--seed", type=int, default=1)
    o = cli.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(o.seed)
    bank = Bank(o.pack, o.scenes_in, o.scenes, 300, "cpu", 2, cel_share=o.cels, ease=0.75)
    m, heads = exported(o.start), stages.PatchColors()
    sharpen(m, o.sharpen)
    for name, p in m.named_parameters():
        p.requires_grad_(stages.is_colorizer_but_first_strokes(name))
    weights = [p for p in m.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(
        weights + list(heads.parameters()),
        lr=o.rate,
        betas=(0.9, 0.99),
        weight_decay=0.01,
        fused=True,
    )
    before = os.path.join(o.start, "tune.pt")
    if os.path.exists(before):
        old = torch.load(before)
        heads.load_state_dict(old["heads"])
        opt.load_state_dict(old["opt"])

    def plan(_):
        return (256, 2) if torch.rand(1).item() < o.large else (128, 6)

    loss_of = stages.colorizer(
        m, bank, heads, plan, early_odds=1, crisp=lambda _: (o.weight, o.width)
    )
    first = fork(m, heads, o.crew, o.seed)
    average = [p.detach().clone() for p in weights]
    log, seen, step, start, begin = {}, 0, 0, time.process_time(), time.time()
    while True:
        spent = step / o.steps if o.minutes is None else (time.time() - begin) / (60 * o.minutes)
        if spent >= 1:
            break
        for group in opt.param_groups:
            group["lr"] = o.rate * min(1, (step + 1) / 20) * max(0.03, 1 - spent)
        with torch.autocast("cpu", torch.bfloat16):
            loss, figures, n = loss_of(0)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        opt.step()
        opt.zero_grad(set_to_none=True)
        step, seen = step + 1, seen + n * o.crew
        if not first:
            continue
        with torch.no_grad():
            torch._foreach_lerp_(average, weights, 1 - min(0.98, step / (step + 4)))
        for k, x in figures.items():
            log.setdefault(k, []).append(x.item())
        if step % 25 == 0:
            means = " ".join(f"{k} {sum(v[-25:]) / 25:.3f}" for k, v in log.items())
            print("step", step, "seen", seen, means, f"{time.process_time() - start:.0f} s")
    if not first:
        os._exit(0)
    with torch.no_grad():
        for p, a in zip(weights, average):
            p.copy_(a)
    os.makedirs(o.out, exist_ok=True)
    shutil.copy(os.path.join(o.start, "config.json"), o.out)
    torch.save(dict(opt=opt.state_dict(), heads=heads.state_dict()), os.path.join(o.out, "tune.pt"))
    save_file(
        {k: x.half().contiguous() for k, x in m.state_dict().items()},
        os.path.join(o.out, "model.safetensors"),
    )
