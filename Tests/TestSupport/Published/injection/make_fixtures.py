# SPDX-License-Identifier: Apache-2.0

"""Makes the recordings of attention injection: `python make_fixtures.py`. Needs torch, numpy, safetensors.

The network is the PyTorch model that the embedded model is trained with, of the sizes in ../config.json, and injection is
written down here once more, by replacing the forward function of its transformer blocks.

    python make_fixtures.py --check DIR     # runs the published application's recordings in DIR instead, and compares
"""
import argparse, json, os, sys
import torch, torch.nn.functional as F
from safetensors.torch import load_file, save_file
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..")
sys.path.insert(0, os.path.join(OUT, "training"))
from recorder import Reference, configuration
from seeded import half, stored

torch.set_grad_enabled(False)
G = torch.Generator().manual_seed(2525)
normal = lambda *s, of=G: half(torch.randn(*s, generator=of))


def inject(net, state):
    """Blocks keep norm1(x) while `state["mode"]` is "write", and look at what was kept while it is "read"."""
    def forward(block, x, cond, hw):
        n = block.norm1(x)
        if state["mode"] == "write": state["bank"][id(block)] = n
        if state["mode"] == "read":
            a = block.attn1(n, torch.cat([n, state["bank"][id(block)]], 1))
            free, f = state["free"], state["fidelity"]
            if free is not None and f > 1e-5: a[free] = f * block.attn1(n)[free] + (1 - f) * a[free]
        else: a = block.attn1(n)
        x, h = a + x, None
        h = block.norm2(x)
        if cond.get("mask") is None: c = block.attn2(h, cond["context"])
        else:
            m = F.interpolate(cond["mask"], size=hw, mode="bicubic").flatten(2).transpose(1, 2)
            fg, bg = cond["context"].chunk(2, 1)
            of = lambda t, name: attention(block.attn2, h, t, name)
            back, front = of(bg, "bg" if cond["use_bg"] else None), of(fg, "fg" if cond["use_fg"] else None)
            front = front * (1 - cond["merge"]) + back * cond["merge"]
            c = block.attn2.to_out(torch.where(m > cond["threshold"], front, back))
        x = c + x
        return block.ff(block.norm3(x)) + x

    def attention(layer, x, t, name):
        split = lambda y: y.reshape(y.shape[0], y.shape[1], layer.heads, -1).transpose(1, 2)
        o = F.scaled_dot_product_attention(*(split(l(y, name)) for l, y in ((layer.to_q, x), (layer.to_k, t), (layer.to_v, t))))
        return o.transpose(1, 2).reshape(x.shape)

    for module in net.unet.modules():
        if type(module).__name__ == "Block": module.forward = forward.__get__(module)


def run(ref, state, c, T):
    """A run of Euler's or Heun's method on the tensors of a case."""
    net, steps, batch = ref.net, c["step"], c.get("bs", 1)
    masked = c.get("fg_enhance") or c.get("bg_enhance")
    mode = "vanilla" if not masked else "foreground" if not c.get("bg_enhance") else "background"
    context = net.tokens(T["in.reference"])
    cond = dict(context=context)
    if masked:
        t_s = torch.tensor([c.get("mask_thresh_sketch", 0.05)])
        if mode == "foreground": context = torch.cat([context, context], 1)
        else:
            white = torch.ones_like(T["in.reference"])
            bg = net.tokens(torch.where(T["in.rmask"] < 0.5, T["in.reference"], white))
            bg = net.transformer(bg + net.thresh_embedder(torch.tensor([0.5])))
            context = torch.cat([context + net.thresh_embedder(t_s), bg], 1)
        cond = dict(context=context, mask=T["in.smask"], threshold=t_s.view(-1, 1, 1), use_fg=mode != "background", use_bg=mode != "foreground", merge=c.get("merge_scale", 0.0))
    g_r, g_s = c["gs"]
    contexts, hints = [context], [net.control_encoder(T["in.sketch"])]
    if g_r > 1: contexts.append(torch.zeros_like(context)); hints.append(hints[0])
    if g_s > 1: contexts.append(context); hints.append(net.control_encoder(-torch.ones_like(T["in.sketch"])))
    rows = len(contexts) * batch
    each = lambda x: torch.cat([y.expand(batch, *y.shape[1:]) for y in x])
    cond["context"], control = each(contexts), [each(h) for h in zip(*hints)]
    if masked: cond["mask"] = cond["mask"].expand(rows, -1, -1, -1)
    other = [(h * c["injection_control"]).expand(rows, *h.shape[1:]) for h in net.control_encoder(-T["in.hook_xr"])]
    state.update(fidelity=c["injection_cfg"], free=slice(batch, 2 * batch) if g_r > 1 else None)

    log = (0.5 * torch.log((1 - ref.abar.float().double()) / ref.abar.float().double()))
    ts = torch.linspace(999, 0, steps, dtype=torch.float64)
    low = ts.floor().long(); high = (low + 1).clamp(max=999); w = ts - low
    sigmas = torch.cat([((1 - w) * log[low] + w * log[high]).exp(), torch.zeros(1, dtype=torch.float64)])
    x, draws = T["in.x_T"][:batch] * sigmas[0].float(), iter(T["q_noise"])

    def denoised(x, t, s):
        times = t.float().expand(rows)
        scale = (1 / (s * s + 1).sqrt()).float()
        y = (x * scale).repeat(len(contexts), 1, 1, 1)
        state["mode"] = None
        if injects(t, c):
            A, S = (v.float() for v in (ref.abar[round(float(t))].sqrt(), (1 - ref.abar[round(float(t))]).sqrt()))
            noised = (A * T["r_latent"] + S * next(draws)).expand(rows, -1, -1, -1)
            state.update(mode="write", bank={})
            net.unet(noised, times, dict(cond, control=other))
            state["mode"] = "read"
        v = net.unet(y, times, dict(cond, control=control)).chunk(len(contexts))
        results = []
        if g_r > 1: results.append(v[1] + (v[0] - v[1]) * g_r)
        if g_s > 1: results.append(v[-1] + (v[0] - v[-1]) * g_s)
        v = sum(results) / len(results) if results else v[0]
        return x * scale * scale - v * (s.float() * scale)

    for i, (t, s, s2) in enumerate(zip(ts, sigmas[:-1], sigmas[1:])):
        slope = (x - denoised(x, t, s)) / s.float()
        step = (s2 - s).float()
        if c.get("sampler") == "Heun" and s2 > 0:
            ahead = x + slope * step
            slope = (slope + (ahead - denoised(ahead, ts[i + 1], s2)) / s2.float()) / 2
        x = x + slope * step
    assert next(draws, None) is None
    return x


def injects(t, c): return 1 - float(t) / 999 >= c.get("injection_start_step", 0.0)


def calls(c):
    """Heun's method evaluates all but the first time twice: at the end of a step, and at the start of the next."""
    times = [injects(t, c) for t in torch.linspace(999, 0, c["step"], dtype=torch.float64)]
    return sum(times) + (sum(times[1:]) if c["sampler"] == "Heun" else 0)


def picture(h, w):
    x = torch.rand(1, 3, 5, 5, generator=G) * 2.4 - 1.2
    return half(F.interpolate(x, size=(h, w), mode="bicubic", align_corners=True).clamp(-1, 1))


def lines(h, w): return torch.where(torch.rand(1, 1, h, w, generator=G) < 0.15, 1.0, -1.0).repeat(1, 3, 1, 1)


def field(h, w):
    x = F.interpolate(torch.rand(1, 1, 4, 4, generator=G), size=(h, w), mode="bicubic", align_corners=True)
    return half(((x - 0.3) / 0.4).clamp(0, 1))


CASES = {
    "injection": [
        dict(key="guided", gs=[4.0, 1.0], injection_cfg=0.5, injection_control=0.0),
        dict(key="dual", gs=[3.0, 1.5], injection_cfg=0.3, injection_control=0.4, injection_start_step=0.5),
        dict(key="unguided", gs=[1.0, 1.0], injection_cfg=0.5, injection_control=0.0),
        dict(key="heun", seed=77, sampler="Heun", step=3, bs=2, gs=[3.5, 1.4], injection_cfg=0.45, injection_control=1.3, injection_start_step=0.4)],
    "injection_mask": [
        dict(key="background", bs=2, gs=[3.0, 1.2], injection_cfg=0.7, injection_control=0.25, bg_enhance=True, mask_thresh_sketch=0.3),
        dict(key="foreground", gs=[3.0, 1.0], injection_cfg=1.0, injection_control=0.0, fg_enhance=True, merge_scale=0.2)]}


def make(ref, state):
    for name, (h, w) in dict(injection=(64, 64), injection_mask=(64, 128)).items():
        T = {"in.sketch": lines(h, w), "in.reference": picture(72, 56), "in.hook_xr": picture(h, w), "in.x_T": normal(2, 4, h // 8, w // 8)}
        if name == "injection_mask": T.update({"in.smask": field(h // 8, w // 8), "in.rmask": field(72, 56)})
        cases = []
        for c in CASES[name]:
            c = dict(dict(sampler="Euler", step=4), **c)
            c["q_calls"] = calls(c)
            # Cases that were added later have numbers of their own: those of the others stay.
            of = torch.Generator().manual_seed(c.pop("seed")) if "seed" in c else G
            own = {"q_noise": normal(c["q_calls"], 1, 4, h // 8, w // 8, of=of), "r_latent": normal(1, 4, h // 8, w // 8, of=of)}
            own["z"] = run(ref, state, c, {**T, **own})
            T.update({f"{c['key']}.{k}": v for k, v in own.items()})
            cases.append(c)
        save_file(stored(T), os.path.join(OUT, name + ".safetensors"))
        open(os.path.join(OUT, name + "_cases.json"), "w").write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


def check(ref, state, golden):
    for name in CASES:
        T = load_file(os.path.join(golden, name + ".safetensors"))
        for c in json.load(open(os.path.join(golden, name + "_cases.json"))):
            own = {k: T[f"{c['key']}.{k}"] for k in ("q_noise", "r_latent")}
            z = run(ref, state, c, {**T, **own})
            want = T[c["key"] + ".z"]
            print(name, c["key"], float((z - want).norm() / want.norm()))


arguments = argparse.ArgumentParser()
arguments.add_argument("--check")
golden = arguments.parse_args().check
state = dict(mode=None)
ref = Reference(golden or OUT, os.path.join(HERE, "../../../../Sources/CEmbeddedModel/recipe"), torch.float32)
inject(ref.net, state)
if golden: check(ref, state, golden)
else: make(ref, state)
