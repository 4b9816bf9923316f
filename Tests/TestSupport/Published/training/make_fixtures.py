# SPDX-License-Identifier: Apache-2.0

"""Makes the recordings of the trainer: `python make_fixtures.py`. Needs torch, numpy, safetensors.

The network is the PyTorch model that the embedded model is trained with, of the sizes in ../config.json. Everything random
comes from one generator. f32 on one CPU thread; every value is evaluated again in f64 and the distance is printed.

    python make_fixtures.py --golden DIR --out DIR --whole     # the uncut set of another network
"""
import argparse, json, os
import numpy as np, torch, torch.nn.functional as F
from safetensors.torch import save_file
from recorder import (OPERATIONS, Reference, distance, fingerprint, gradients, is_trained, module_cases, module_vjp, optimise, optimizer_steps, part_of,
                             run_module, stack, step_gradients, vjp)
from seeded import half, stored

HERE = os.path.dirname(os.path.abspath(__file__))
G = torch.Generator()
MEASURED = []  # rows of the README: what, cases or tensors, worst and median distance to f64


def normal(*shape, scale=1.0, offset=0.0): return half(torch.randn(*shape, generator=G) * scale + offset)
def uniform(low, high): return float(np.float32(low + (high - low) * torch.rand((), generator=G).item()))


def compact(x, depth=0):
    """JSON with one line for everything that holds no further tables of tables."""
    nested = lambda y: any(isinstance(z, (dict, list)) for z in (y.values() if isinstance(y, dict) else y))
    if not isinstance(x, (dict, list)) or not x or not nested(x) or depth > 4: return json.dumps(x)
    pad, end = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(x, dict): return "{" + ",".join(pad + json.dumps(k) + ": " + compact(v, depth + 1) for k, v in x.items()) + end + "}"
    return "[" + ",".join(pad + compact(v, depth + 1) for v in x) + end + "]"


def write(out, name, tensors, text):
    if CUT: tensors, text = cut(name, tensors, text)
    save_file(stored(tensors), os.path.join(out, name + ".safetensors"))
    open(os.path.join(out, name + "_cases.json"), "w").write(compact(text) + "\n")


# --- the cut that is part of the package ------------------------------------------------------------------------------
KEPT = ("full_b1", "full_b2", "full_b2_drop", "full_b1_eps", "full_b1_published_inference", "foreground_b2", "background_b1")
FEW = 256  # elements of a gradient or a weight that is stored; all else is known by its fingerprint


def cut(name, T, J):
    """Some cases of the steps; fingerprints of every third of their many tensors, and every sixth as it is; no tensor that no
    test reads."""
    def without(x): return {k: without(v) for k, v in x.items() if k not in ("f32_vs_f64", "tells_apart")} if isinstance(x, dict) else [without(v) for v in x] if isinstance(x, list) else x
    J = without(J)
    third = lambda d: {k: v for i, (k, v) in enumerate(d.items()) if i % 3 == 0}
    if name == "lora_step":
        J["pool"].pop("wide")
        J["gradient_cases"] = [c for c in J["gradient_cases"] if c["name"] in KEPT]
        J["step_cases"] = [c for c in J["step_cases"] if c["name"] == "adamw_warm_clip"]
        for c in J["gradient_cases"]: c["gradients"] = third(c["gradients"])
        for c in J["step_cases"]: c["tensors"] = third(c["tensors"])
    if name == "full_step":
        for c in J["cases"]: c["gradients"] = third(c["gradients"])
    rows = {"gradients": [], "module_gradients": J.get("cases", []), "full_step": J.get("cases", []), "lora_step": J.get("gradient_cases", []) + J.get("step_cases", [])}[name]
    names = {c["name"]: set(list(c.get("gradients", c.get("tensors", {})))[:: 1 if name == "module_gradients" else 2]) for c in rows}

    def keeps(key):
        if name == "gradients": return True
        first, _, rest = key.partition(".")
        if first == "pool": return not rest.startswith("wide") and rest.split(".")[-1] not in ("sketch", "reference", "rmask")
        if first == "optimizer": return True
        if first not in names: return False
        kind, _, weight = rest.partition(".")
        if kind in ("grad", "after", "ema"): return weight in names[first] and T[key].numel() <= FEW
        if name == "lora_step": return first == "full_b1" or kind not in ("context", "grad_context")
        return name != "full_step" or kind not in ("mean", "logvar", "reconstruction")
    return {k: v for k, v in T.items() if keeps(k)}, J


def measured(what, values):
    """Notes the distances of a family of tensors, `name -> distance`."""
    v = sorted((x, n) for n, x in values.items())
    MEASURED.append((what, len(v), v[len(v) // 2][0], v[-1][0], v[-1][1]))
    print("{:34} {:4} values, median {:.1e}, worst {:.1e} ({})".format(*MEASURED[-1]), flush=True)


def short(x): return float(f"{x:.2e}")


# --- gradients.safetensors --------------------------------------------------------------------------------------------
def taps(kind, n, m):
    """Indices and weights `[m, width]` of a resampling along one axis, read off PyTorch's own `interpolate` in f64."""
    x = torch.eye(n, dtype=torch.float64).view(1, n, n, 1)  # unit vectors as channels, the axis as height
    opts = dict(nearest={}, bilinear=dict(align_corners=False), bicubic=dict(align_corners=False), bicubic_antialias_corners=dict(align_corners=True, antialias=True))[kind]
    x = x.expand(1, n, n, 2).contiguous()
    y = F.interpolate(x, size=(m, 2), mode=kind.split("_")[0], **opts)[0, :, :, 0].T  # [m, n]
    width = int((y != 0).sum(1).max())
    index, weight = [], torch.zeros(m, width, dtype=torch.float64)
    for o in range(m):
        js = torch.nonzero(y[o]).flatten().tolist(); js = js + [js[-1]] * (width - len(js))
        index.append(js)
        for k in range(width): weight[o, k] = y[o, js[k]] if k == js.index(js[k]) else 0.0
    return index, weight.float()


def operation_cases():
    """name -> (operation, parameters, inputs, names of constant inputs, whether its 4-D tensors are images)."""
    n, c = normal, {}
    def add(name, op, inputs, constants=(), image=False, **params): c[name] = (op, params, inputs, constants, image)
    x, w, b, r = n(2, 5, 7), n(11, 7, scale=0.4), n(11), n(2, 5, 11)
    add("linear", "linear", dict(x=x, weight=w))
    add("linear_bias", "linear", dict(x=x, weight=w, bias=b))
    add("linear_bias_silu", "linear", dict(x=x, weight=w, bias=b), activation="silu")
    add("linear_bias_gelu", "linear", dict(x=x, weight=w, bias=b), activation="gelu")
    add("linear_bias_residual", "linear", dict(x=x, weight=w, bias=b, residual=r))
    add("linear_bias_silu_residual", "linear", dict(x=x, weight=w, bias=b, residual=r), activation="silu")
    add("linear_one_row", "linear", dict(x=n(1, 1, 19), weight=n(3, 19, scale=0.3), bias=n(3)))
    add("gated_linear", "gated_linear", dict(x=n(2, 5, 6), weight=n(14, 6, scale=0.5), bias=n(14)))
    add("lora_linear", "lora_linear", dict(x=n(2, 5, 6), weight=n(9, 6, scale=0.4), down=n(3, 6, scale=0.4), up=n(9, 3, scale=0.4)))
    add("matmul", "matmul", dict(a=n(2, 3, 5, 7), b=n(2, 3, 7, 4)))
    add("matmul_broadcast", "matmul", dict(a=n(2, 3, 5, 7), b=n(1, 1, 7, 4)))

    i, k3, k1, o = n(2, 5, 7, 6), n(4, 5, 3, 3, scale=0.2), n(4, 5, 1, 1, scale=0.4), n(4)
    conv = lambda name, image=True, **a: add(name, "convolution", {k: a.pop(k) for k in ("x", "weight", "bias", "residual") if k in a}, image=True, **a)
    conv("conv3x3", x=i, weight=k3, bias=o, before=1, after=1)
    conv("conv3x3_no_bias_no_padding", x=i, weight=k3)
    conv("conv3x3_stride2", x=n(2, 5, 7, 9), weight=k3, bias=o, stride=2, before=1, after=1)
    conv("conv3x3_stride2_even", x=n(1, 5, 8, 6), weight=k3, bias=o, stride=2, before=1, after=1)
    conv("conv3x3_stride2_asymmetric", x=n(2, 5, 8, 7), weight=k3, bias=o, stride=2, before=0, after=1)
    conv("conv1x1", x=i, weight=k1, bias=o)
    conv("conv1x1_stride2", x=i, weight=k1, bias=o, stride=2)
    conv("conv3x3_stride3_patches", x=n(2, 3, 10, 9), weight=n(5, 3, 3, 3, scale=0.3), stride=3)
    conv("conv3x3_upsampled", x=n(2, 5, 3, 4), weight=k3, bias=o, before=1, after=1, upsampling=2)
    conv("conv3x3_upsampled_silu", x=n(1, 5, 3, 3), weight=k3, bias=o, before=1, after=1, upsampling=2, activation="silu")
    conv("conv3x3_silu_residual", x=i, weight=k3, bias=o, residual=n(2, 4, 7, 6), before=1, after=1, activation="silu")
    conv("conv3x3_one_pixel", x=n(2, 5, 1, 1), weight=k3, bias=o, before=1, after=1)
    conv("conv3x3_wide", x=n(1, 33, 5, 3), weight=n(17, 33, 3, 3, scale=0.1), bias=n(17), before=1, after=1)

    norm = lambda ch: dict(gamma=n(ch, scale=0.3, offset=1), beta=n(ch, scale=0.3))
    add("group_norm_32", "group_norm", dict(x=n(2, 64, 3, 5), **norm(64)), image=True, groups=32, epsilon=1e-5)
    add("group_norm_32_silu", "group_norm", dict(x=n(2, 96, 3, 5, scale=2, offset=0.5), **norm(96)), image=True, groups=32, epsilon=1e-6, activation="silu")
    add("group_norm_32_single_channels", "group_norm", dict(x=n(1, 32, 5, 3), **norm(32)), image=True, groups=32, epsilon=1e-6, activation="silu")
    add("group_norm_32_one_pixel", "group_norm", dict(x=n(2, 128, 1, 1), **norm(128)), image=True, groups=32, epsilon=1e-5)
    add("group_norm_1", "group_norm", dict(x=n(2, 6, 5, 7), **norm(6)), image=True, groups=1, epsilon=1e-5)
    add("group_norm_1_silu", "group_norm", dict(x=n(2, 6, 5, 7), **norm(6)), image=True, groups=1, epsilon=1e-5, activation="silu")
    add("group_norm_32_offset", "group_norm", dict(x=n(2, 64, 3, 5, scale=0.25, offset=8), **norm(64)), image=True, groups=32, epsilon=1e-5)
    add("layer_norm", "layer_norm", dict(x=n(2, 5, 13, scale=2, offset=0.5), **norm(13)), epsilon=1e-5)
    add("layer_norm_small_variance", "layer_norm", dict(x=n(3, 17, scale=3e-3, offset=0.1), **norm(17)), epsilon=1e-5)

    att = lambda name, N, M, C, heads, s=1.0, **z: add(name, "attention", dict(q=n(2, N, C, scale=s), k=z.get("k", n(2, M, C, scale=s)), v=z.get("v", n(2, M, C))), heads=heads)
    att("attention_heads3", 7, 11, 15, 3)
    att("attention_heads1", 5, 6, 9, 1)
    att("attention_self_sharp", 6, 6, 16, 2, s=3.0)
    att("attention_one_key", 4, 1, 10, 2)
    att("attention_one_query", 1, 9, 10, 5)
    att("attention_zero_context", 4, 5, 8, 2, k=torch.zeros(2, 5, 8), v=torch.zeros(2, 5, 8))
    lora = lambda a, e, f: {**{a: n(12, e, scale=0.4)}, **{f"{a}_{d}_{z}": n(*((rk, e) if d == "down" else (12, rk)), scale=0.4) for z, rk in (("fg", 2), ("bg", 3)) for d in ("down", "up")}}
    mask = torch.where(n(2, 9, 1) > 0, 0.8, 0.2) + n(2, 9, 1, scale=0.02)
    add("split_attention", "split_attention", dict(x=n(2, 9, 8), foreground=n(2, 5, 10), background=n(2, 7, 10), mask=mask, **lora("q", 8, 2), **lora("k", 10, 3), **lora("v", 10, 3)), ("mask",), heads=3, t_s=[0.5, 0.375])
    add("softmax", "softmax", dict(x=n(2, 5, 9)))
    add("softmax_scaled", "softmax", dict(x=n(2, 5, 9)), scale=0.375)
    add("softmax_sharp", "softmax", dict(x=n(3, 11, scale=12)))

    e = n(3, 35, scale=2.5); pos = e.abs() + 0.05
    for f in ("exp", "abs", "sigmoid", "silu", "gelu"): add(f, f, dict(x=e))
    for f in ("log", "sqrt"): add(f, f, dict(x=pos))
    add("affine", "affine", dict(x=e), scale=0.7, offset=-0.3)
    div = lambda t: t.sign() * (t.abs() + 0.5)
    for f in ("add", "subtract", "multiply", "divide", "maximum", "minimum"):
        g = div if f == "divide" else lambda t: t
        add(f, f, dict(a=n(2, 3, 5), b=g(n(2, 3, 5))))
        add(f + "_last", f, dict(a=n(2, 3, 5), b=g(n(5))))
        add(f + "_middle", f, dict(a=n(2, 3, 5), b=g(n(3, 1))))
        add(f + "_both", f, dict(a=n(2, 1, 5), b=g(n(1, 3, 1))))
        add(f + "_scalar", f, dict(a=n(1), b=g(n(2, 3, 5))))
    add("select", "select", dict(condition=n(2, 5, 1), a=n(2, 5, 7), b=n(2, 5, 7)), ("condition",))
    add("select_broadcast", "select", dict(condition=n(2, 5, 1), a=n(1, 5, 7), b=n(7)), ("condition",))
    add("select_threshold", "select", dict(condition=torch.rand(2, 6, 1, generator=G), a=n(2, 6, 3), b=n(2, 6, 3)), ("condition",), threshold=0.3)

    for name, kind, axis, a, b in (("nearest_double", "nearest", 1, 3, 6), ("nearest_odd", "nearest", 2, 5, 8), ("bicubic_half", "bicubic", 1, 8, 4), ("bicubic_up", "bicubic", 2, 5, 13),
                                   ("bicubic_down", "bicubic", 1, 11, 4), ("bilinear_up", "bilinear", 1, 4, 7), ("bicubic_antialias_corners", "bicubic_antialias_corners", 1, 13, 5)):
        index, weight = taps(kind, a, b)
        shape = [2, 4, 4, 3]; shape[axis] = a
        add("resample_" + name, "resample", dict(x=n(*shape), taps=weight), ("taps",), axis=axis, indices=index)
    add("resize_bicubic_half", "resize_bicubic", dict(x=n(2, 3, 8, 10)), image=True, factor=2)
    add("resize_bicubic_eighth", "resize_bicubic", dict(x=n(1, 2, 20, 26)), image=True, factor=8)
    add("concatenate_channels", "concatenate", dict(a=n(2, 3, 4), b=n(2, 3, 1), c=n(2, 3, 6)), axis=2)
    add("concatenate_tokens", "concatenate", dict(a=n(2, 3, 4), b=n(2, 5, 4)), axis=1)
    same = n(2, 3, 4)
    add("slice_tokens", "slice", dict(x=n(2, 9, 3)), axis=1, start=2, end=7)
    add("slice_channels", "slice", dict(x=n(2, 3, 9)), axis=2, start=4, end=9)
    add("reshape", "reshape", dict(x=n(2, 6, 5)), shape=[3, 4, 5])
    add("transpose", "transpose", dict(x=n(2, 3, 4, 5)), axes=[0, 2, 3, 1])
    add("broadcast", "broadcast", dict(x=n(3, 1)), shape=[2, 3, 4])
    for f in ("sum", "mean", "max"): add(f, f, dict(x=n(2, 5, 11)))
    add("mse", "mse", dict(a=n(2, 3, 5, 4), b=n(2, 3, 5, 4)))
    add("l1", "l1", dict(a=n(2, 3, 5, 4), b=n(2, 3, 5, 4)))
    add("kl", "kl", dict(mean=n(2, 4, 3, 3), logvar=n(2, 4, 3, 3)))
    return c


def make_operations(out):
    T, J = {}, []
    last = lambda t: t.movedim(1, -1) if t.dim() == 4 else t
    for name, (op, params, inputs, constants, image) in operation_cases().items():
        probe = OPERATIONS[op](inputs, **params)
        dout = torch.ones(()) if op in ("mse", "l1", "kl") else normal(*probe.shape)
        y, g = vjp(op, params, inputs, constants, dout)
        y64, g64 = vjp(op, params, {k: v.double() for k, v in inputs.items()}, constants, dout.double())
        new = {**inputs, "out": y, "dout": dout, **{"d." + k: v for k, v in g.items()}}
        if image: new.update({"channels_last." + k: last(v).contiguous() for k, v in list(new.items()) if v.dim() == 4})
        T.update({f"{name}.{k}": v for k, v in new.items()})
        J.append(dict(name=name, op=op, parameters=params, inputs={k: list(v.shape) for k, v in inputs.items()}, constants=list(constants), layout="channels first (NCHW, OIHW); channels last under channels_last." if image else "as is",
                      f32_vs_f64={"out": short(distance(y, y64)), **{"d." + k: short(distance(v, g64[k], 1e-12)) for k, v in g.items()}}))
    write(out, "gradients", T, dict(cases=J))
    measured("operations: outputs", {c["name"]: c["f32_vs_f64"]["out"] for c in J})
    measured("operations: gradients", {c["name"] + "." + k: v for c in J for k, v in c["f32_vs_f64"].items() if k != "out"})


def make_modules(out, ref, wide):
    T, J = {}, []
    for name, (prefix, inputs, constants, extra) in module_cases(ref, normal).items():
        with torch.no_grad(): probe = run_module(ref, prefix, inputs, extra)
        douts = [normal(*y.shape) for y in probe]
        ys, dx, g, unreached = module_vjp(ref, prefix, inputs, constants, extra, douts)
        ys64, dx64, g64, _ = module_vjp(wide, prefix, {k: v.double() for k, v in inputs.items()}, constants, extra, [d.double() for d in douts])
        T.update({f"{name}.{k}": v for k, v in inputs.items()})
        for i, (y, d) in enumerate(zip(ys, douts)): T[f"{name}.out{i}"], T[f"{name}.dout{i}"] = y, d
        T.update({f"{name}.d.{k}": v for k, v in dx.items()})
        reached = {n: x for n, x in g.items() if n not in unreached}
        largest = max(v.norm() for v in [*g64.values(), *dx64.values()])
        noise = [n for n in reached if g64[n].norm() < 1e-9 * largest] + ["d." + k for k, v in dx64.items() if v.any() and v.norm() < 1e-9 * largest]
        T.update({f"{name}.grad.{n}": x for n, x in reached.items() if x.numel() <= 640})
        J.append(dict(name=name, weights=prefix, inputs={k: list(v.shape) for k, v in inputs.items()}, constants=list(constants), outputs=len(ys), **extra, noise=noise,
                      f32_vs_f64={**{f"out{i}": short(distance(a, b)) for i, (a, b) in enumerate(zip(ys, ys64))}, **{"d." + k: short(distance(v, dx64[k], 1e-12)) for k, v in dx.items()}},
                      gradients={n: {**fingerprint(x), "f32_vs_f64": short(distance(x, g64[n]))} for n, x in reached.items()}))
    write(out, "module_gradients", T, dict(cases=J))
    measured("modules: outputs and input gradients", {c["name"] + "." + k: v for c in J for k, v in c["f32_vs_f64"].items() if k not in c["noise"]})
    measured("modules: weight gradients", {c["name"] + "." + k: v["f32_vs_f64"] for c in J for k, v in c["gradients"].items() if k not in c["noise"]})




# --- inputs of the diffusion steps ------------------------------------------------------------------------------------
def blobs(h, w, low, high, n=4):
    """A smooth random field in [0, 1], flat at both ends, so that a mask has soft edges and clear inner parts."""
    x = torch.rand(1, 1, n, n, generator=G)
    x = F.interpolate(x, size=(h, w), mode="bicubic", align_corners=True)
    return ((x - low) / (high - low)).clamp(0, 1)


def sample(ref, h, w, rh, rw, deviation=0.9):
    """One training sample with a latent h x w and a reference rh x rw; values are stored as they are."""
    lines = F.interpolate(torch.rand(1, 1, h, w, generator=G), scale_factor=8, mode="bicubic")
    s = dict(z0=normal(1, 4, h, w, scale=deviation), sketch=(1 - (lines - 0.5).abs() * 9).clamp(-1, 1),
             reference=F.interpolate(torch.rand(1, 3, 9, 8, generator=G) * 2 - 1, size=(rh, rw), mode="bicubic").add(normal(1, 3, rh, rw, scale=0.1)).clamp(-1, 1),
             smask=(blobs(8 * h, 8 * w, 0.2, 0.8) + 0.5 * (F.interpolate(torch.rand(1, 1, 2 * h, 2 * w, generator=G), scale_factor=4, mode="bicubic") - 0.5)).clamp(0, 1), rmask=blobs(rh, rw, 0.2, 0.8))
    s = {k: half(v) for k, v in s.items()}
    with torch.no_grad():
        s["tokens"] = ref.tokens(s["reference"])
        s.update({f"hint{i}": x for i, x in enumerate(ref.hints(s["sketch"]))})
    return s


def levels(m):
    """The mask of every level from the mask at latent size: over 1, 2, 4, 8."""
    return [F.interpolate(m, size=(m.shape[2] // f, m.shape[3] // f), mode="bicubic") for f in (1, 2, 4, 8)]


def latent_mask(smask): return F.interpolate(smask, scale_factor=0.125, mode="bicubic")


def wrong_masks(smask):
    """Masks per level as usual mistakes make them."""
    h, w = smask.shape[2] // 8, smask.shape[3] // 8
    to = lambda x, **k: F.interpolate(x, size=(h, w), **k)
    return dict(area=levels(to(smask, mode="area")), bilinear=levels(to(smask, mode="bilinear")), antialiased=levels(to(smask, mode="bicubic", antialias=True)), nearest=levels(to(smask, mode="nearest")),
                from_the_image=[F.interpolate(smask, size=(h // f, w // f), mode="bicubic") for f in (1, 2, 4, 8)], clamped=levels(latent_mask(smask).clamp(0, 1)),
                levels_by_area=[F.interpolate(latent_mask(smask), size=(h // f, w // f), mode="area") for f in (1, 2, 4, 8)])


def thresholds(s, tie=False):
    """t_s, t_r in [0.05, 0.95], and which wrong masks would move a token. t_s stays far from every mask value, so that no
    rounding flips a token, and of many such values it is the one that tells most wrong masks apart. `tie` takes a value
    of the reference mask for t_r."""
    right, wrong = levels(latent_mask(s["smask"])), wrong_masks(s["smask"])
    values, best, tried = torch.cat([x.flatten() for x in right]), (-1, None, None), 0
    for _ in range(20000):
        t_s = uniform(0.05, 0.95)
        if (values - t_s).abs().min() < 1e-3 or not 0.25 < (right[0] > t_s).float().mean() < 0.75: continue
        tells = [k for k, m in wrong.items() if any(((x > t_s) != (y > t_s)).any() for x, y in zip(right, m))]
        if len(tells) > best[0]: best = (len(tells), t_s, tells)
        tried += 1
        if tried == 300: break
    while True:
        t_r = uniform(0.05, 0.95)
        if tie: t_r = s["rmask"].flatten()[int(torch.randint(s["rmask"].numel(), (), generator=G))].item()
        far = (s["rmask"] - t_r).abs()
        if 0.05 <= t_r <= 0.95 and ((far > 2e-5) | (tie & (far == 0))).all(): return best[1], t_r, best[2]


def background_of(ref, s, t_r):
    """Tokens of the reference with everything at or above the threshold painted white; one sample at a time."""
    with torch.no_grad(): return ref.tokens(torch.where(s["rmask"] < torch.tensor(t_r), s["reference"], torch.ones(())))


def step_case(ref, pool, picks, mode, drop):
    """Random timesteps, thresholds, noise and background tokens of a step on the picked samples."""
    samples = [pool[i] for i in picks]
    case = dict(samples=list(picks), drop=list(drop), t=[int(torch.randint(20, 980, (), generator=G)) for _ in picks])
    both = [thresholds(s, tie="wide" in picks) for s in samples]
    case["t_s"], case["tells_apart"] = [x[0] for x in both], [x[2] for x in both]
    T = dict(noise=normal(*torch.cat([s["z0"] for s in samples]).shape))
    if mode in ("full", "background"):
        case["t_r"] = [x[1] for x in both]
        T["background_tokens"] = torch.cat([background_of(ref, s, x[1]) for s, x in zip(samples, both)])
    a, b = ref.rates(case["t"])
    case.update(sqrt_abar=a.flatten().tolist(), sqrt_one_minus_abar=b.flatten().tolist())
    return case, T


class Wide:
    """The same step in f64, from the images on: tokens and hints are encoded again."""

    def __init__(s, ref): s.ref = ref

    def data(s, samples, case, T):
        with torch.no_grad():
            d = [{k: v.double() for k, v in x.items()} for x in samples]
            for x in d:
                x["tokens"] = s.ref.tokens(x["reference"]); x.update({f"hint{i}": h for i, h in enumerate(s.ref.hints(x["sketch"]))})
            bg = torch.cat([s.ref.tokens(torch.where(x["rmask"] < torch.tensor(t, dtype=torch.float64), x["reference"], torch.ones((), dtype=torch.float64))) for x, t in zip(d, case["t_r"])]) if case.get("t_r") else None
        return stack(d, T["noise"].double(), bg)


FULL_STORE = {"full_b1", "full_b2", "foreground_b2"}
EXCERPT = ("input_blocks.2.1.", "input_blocks.4.1.", "middle_block.1.", "output_blocks.11.1.")


def excerpted(name, x):
    """Whether a case that is not stored whole keeps this gradient: four blocks, and what is small outside the U-Net."""
    return any("diffusion_model." + e in name for e in EXCERPT) if name.startswith("model.") else x.numel() < 10000 and not (name.startswith("transformer.layers.1.") and x.dim() == 2)


def make_steps(out, ref, wide):
    T, J = {}, dict(pool={}, gradient_cases=[], step_cases=[])
    pool = {i: sample(ref, 8, 8, 72, 60, 4.5 if i % 2 else 0.9) for i in range(4)}
    pool["wide"] = sample(ref, 16, 24, 80, 96)
    for i, s in pool.items():
        T.update({f"pool.{i}.{k}": v[0] for k, v in s.items()})
        J["pool"][str(i)] = dict(latent=list(s["z0"].shape[2:]), reference=list(s["reference"].shape[2:]))
    W = Wide(wide)
    ps, ps64 = ref.parameters(is_trained), wide.parameters(is_trained)
    J["trained"] = {n: list(p.shape) for n, p in ps.items()}
    v, p = "v", "paper"
    shared = {}
    for name, picks, mode, layout, prm, drop, base in (
            ("full_b1", [0], "full", p, v, [0], None), ("full_b2", [1, 2], "full", p, v, [0, 0], None),
            ("full_b2_drop", [1, 2], "full", p, v, [1, 0], "full_b2"), ("full_b1_drop", [0], "full", p, v, [1], "full_b1"),
            ("full_b1_eps", [0], "full", p, "eps", [0], "full_b1"), ("full_b1_published_trainer", [0], "full", "published_trainer", v, [0], "full_b1"),
            ("full_b1_published_inference", [0], "full", "published_inference", v, [0], "full_b1"),
            ("full_wide_b1", ["wide"], "full", p, v, [0], None),
            ("foreground_b1", [3], "foreground", None, v, [0], None), ("foreground_b2", [0, 3], "foreground", None, v, [0, 0], None),
            ("background_b1", [2], "background", p, v, [0], None), ("background_b2", [3, 1], "background", p, v, [0, 0], None),
            ("background_b2_drop", [3, 1], "background", p, v, [0, 1], "background_b2")):
        if base: case, inputs = dict(shared[base][0]), shared[base][1]
        else: case, inputs = step_case(ref, pool, picks, mode, drop)
        shared[name] = (case, inputs)
        case = dict(name=name, inputs=base or name, mode=mode, layout=layout, parameterization=prm, **{**case, "drop": drop})
        samples = [pool[i] for i in picks]
        r, g, unreached = step_gradients(ref, case, stack(samples, inputs["noise"], inputs.get("background_tokens")), ps)
        r64, g64, _ = step_gradients(wide, case, W.data(samples, case, inputs), ps64)
        if not base: T.update({f"{name}.{k}": x for k, x in inputs.items()})
        T.update({f"{name}.{k}": r[k] for k in ("x_t", "target", "prediction")}); T[f"{name}.grad_x_t"] = r["x_t"].grad
        if name in ("full_b1", "background_b1"): T[f"{name}.context"] = r["context"]; T[f"{name}.grad_context"] = r["context"].grad
        total = fingerprint(torch.cat([x.flatten() for x in g.values()]))["norm"]
        zero = [n for n, x in g.items() if not x.any()]
        assert all(not g64[n].any() for n in zero)
        some = {n: x for n, x in g.items() if n not in zero}
        T.update({f"{name}.grad.{n}": x for n, x in some.items() if name in FULL_STORE or excerpted(n, x)})
        errors = {n: distance(x, g64[n]) for n, x in some.items()}
        case.update(loss=r["loss"].item(), loss_f64=r64["loss"].item(), gradient_norm=total, stored="all" if name in FULL_STORE else "excerpt", unreached=unreached, zero=zero,
                    f32_vs_f64=dict(prediction=short(distance(r["prediction"], r64["prediction"])), grad_x_t=short(distance(r["x_t"].grad, r64["x_t"].grad)), loss=short(abs(r["loss"].item() / r64["loss"].item() - 1)),
                    **({"whole_gradient": short(distance(torch.cat([x.flatten() for x in g.values()]), torch.cat([x.flatten() for x in g64.values()])))} if some else {})),
                    gradients={n: {**fingerprint(x), "f32_vs_f64": short(errors[n])} for n, x in some.items()})
        J["gradient_cases"].append(case)
        if errors: measured(f"lora_step {name}", errors)
        print(f"  loss {case['loss']:.6f}, gradient norm {total:.4f}, {case['f32_vs_f64']}, zero {len(zero)} of {len(g)}", flush=True)
    adam = dict(mode="full", layout=p, parameterization=v, betas=[0.9, 0.999], eps=1e-8, weight_decay=0.01, ema=0.999)
    plans = (("adamw", dict(adam, lr=1e-4, warm_up=0, clip=None), [([0, 1], [0, 0]), ([2, 3], [0, 1]), ([1, 3], [0, 0]), ([0, 2], [1, 0])]),
             ("adamw_warm_clip", dict(adam, lr=1e-3, warm_up=2, clip=1.0), [([0], [0]), ([1], [0]), ([2], [1]), ([3], [0])]))
    for name, plan, steps in plans:
        plan = dict(plan, name=name, steps=[])
        data, data64 = [], []
        for k, (picks, drop) in enumerate(steps):
            case, inputs = step_case(ref, pool, picks, "full", drop)
            plan["steps"].append(case)
            T.update({f"{name}.step{k}.{n}": x for n, x in inputs.items()})
            samples = [pool[i] for i in picks]
            data.append(stack(samples, inputs["noise"], inputs["background_tokens"])); data64.append(W.data(samples, case, inputs))
        log, start, after, ema, warm = optimise(ref, plan, data)
        log64, start64, after64, ema64, warm64 = optimise(wide, plan, data64)
        moved = lambda a, s: {n: a[n].double() - s[n].double() for n in a}
        d, d64, e, e64 = moved(after, start), moved(after64, start64), moved(ema, start), moved(ema64, start64)
        T.update({f"{name}.after.{n}": x for n, x in after.items()})
        if name == "adamw_warm_clip": T.update({f"{name}.ema.{n}": x for n, x in ema.items()})
        for k, (a, b) in enumerate(zip(plan["steps"], log)): a.update(b, loss_f64=log64[k]["loss"])
        of = lambda kind, n: dict(after=(after, after64), moved=(d, d64), ema=(ema, ema64), ema_moved=(e, e64), warm_ema=(warm, warm64))[kind]
        floor = lambda kind, n: 1.5e-5 * start64[n].norm().item() if "moved" in kind else 0.0  # what rounding the tensor itself costs
        row = lambda kind, n: {**fingerprint(of(kind, n)[0][n]), "f32_vs_f64": short(distance(of(kind, n)[0][n], of(kind, n)[1][n], floor(kind, n)))}
        kinds = ("after", "moved", "ema", "ema_moved", "warm_ema")
        plan["tensors"] = {n: {k: row(k, n) for k in kinds} for n in after}
        flat = lambda z: torch.cat([x.flatten() for x in z.values()])
        plan["whole_moved_f32_vs_f64"] = short(distance(flat(d), flat(d64)))
        J["step_cases"].append(plan)
        for k in kinds: measured(f"lora_step {name}: {k}", {n: v[k]["f32_vs_f64"] for n, v in plan["tensors"].items()})
        print("  ", "moved as a whole", plan["whole_moved_f32_vs_f64"], [(s["lr"], round(s["loss"], 5), round(s["gradient_norm"], 4), round(s["clip_factor"], 4)) for s in plan["steps"]], flush=True)
    make_optimizer(T, J)
    write(out, "lora_step", T, J)


def make_optimizer(T, J):
    """AdamW, clipping, warm-up and both averages on three small tensors with given gradients: every step is stored."""
    J["optimizer_cases"] = []
    for name, plan in (("plain", dict(lr=1e-3, weight_decay=0.01, warm_up=0, clip=None, ema=0.999)), ("strong", dict(lr=0.05, weight_decay=0.5, warm_up=2, clip=1.0, ema=0.9)),
                       ("tiny_gradients", dict(lr=1e-2, weight_decay=0.0, warm_up=0, clip=None, ema=0.99))):
        plan = dict(plan, name=name, betas=[0.9, 0.999], eps=1e-8)
        start = dict(a=normal(5, 7), b=normal(3), c=normal(2, 3, 3, 3))
        scale = dict(plain=[1, 0.3, 2, 0.1], strong=[0.02, 3, 0, 0.5], tiny_gradients=[1e-8, 3e-8, 1e-7, 0])[name]
        grads = [{n: normal(*p.shape, scale=s) for n, p in start.items()} for s in scale]
        states = optimizer_steps(plan, start, grads)
        states64 = optimizer_steps(plan, {n: p.double() for n, p in start.items()}, [{n: x.double() for n, x in g.items()} for g in grads])
        T.update({f"optimizer.{name}.start.{n}": p for n, p in start.items()})
        for k, (g, s) in enumerate(zip(grads, states)):
            T.update({f"optimizer.{name}.step{k}.gradient.{n}": x for n, x in g.items()})
            T.update({f"optimizer.{name}.step{k}.{kind}.{n}": x for kind in ("after", "m", "v", "ema", "warm_ema") for n, x in s[kind].items()})
        J["optimizer_cases"].append(dict(plan, steps=[{k: v for k, v in s.items() if not isinstance(v, dict)} for s in states]))
        measured(f"optimizer {name}", {f"step{k}.{kind}.{n}": distance(x, b[kind][n], 1e-30) for k, (a, b) in enumerate(zip(states, states64)) for kind in ("after", "m", "v", "ema", "warm_ema") for n, x in a[kind].items()})


# --- full_step.safetensors --------------------------------------------------------------------------------------------
SELECTED = {
    "unet": ["time_embed.0.weight", "time_embed.2.bias", "input_blocks.0.0.weight", "input_blocks.3.0.op.weight", "input_blocks.4.0.in_layers.0.weight", "input_blocks.4.0.emb_layers.1.weight",
             "input_blocks.4.0.skip_connection.weight", "input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight", "input_blocks.4.1.transformer_blocks.0.attn2.to_v.weight",
             "middle_block.1.transformer_blocks.0.norm3.weight", "middle_block.1.transformer_blocks.0.ff.net.0.proj.bias", "output_blocks.8.2.conv.weight", "output_blocks.11.1.proj_out.weight", "out.2.weight"],
    "image_encoder": ["conv1.weight", "class_embedding", "positional_embedding", "ln_pre.weight", "transformer.resblocks.0.attn.in_proj_weight", "transformer.resblocks.0.attn.in_proj_bias",
                      "transformer.resblocks.0.attn.out_proj.weight", "transformer.resblocks.1.ln_2.bias", "transformer.resblocks.1.mlp.c_fc.bias", "transformer.resblocks.1.mlp.c_proj.weight", "ln_post.weight", "proj"],
    "sketch_encoder": ["model.0.weight", "model.4.weight", "model.6.bias", "model.10.bias", "model.14.bias", "zero_layer.0.weight", "output_blocks.0.1.weight", "output_blocks.0.3.weight",
                       "output_blocks.1.1.weight", "output_blocks.2.3.bias", "output_blocks.3.1.bias", "zero_blocks.1.0.weight", "zero_blocks.3.0.bias"],
    "recovery": ["embedding", "layers.0.0.weight", "layers.0.1.bias", "layers.0.2.to_q.weight", "layers.0.2.to_k.weight", "layers.0.2.to_v.weight", "layers.0.2.to_out.0.weight", "layers.0.3.0.bias",
                 "layers.1.0.bias", "layers.1.2.to_out.0.bias", "layers.1.3.0.bias", "layers.1.3.2.bias"],
    "threshold": ["embed_layer.0.weight", "embed_layer.0.bias", "embed_layer.2.weight", "embed_layer.2.bias"],
    "lora": [f"{b}.transformer_blocks.0.attn2.{t}.lora_{d}_{z}.weight" for b, t, z in (("input_blocks.1.1", "to_q", "fg"), ("input_blocks.5.1", "to_k", "fg"), ("output_blocks.6.1", "to_v", "fg"),
             ("input_blocks.1.1", "to_q", "bg"), ("input_blocks.5.1", "to_k", "bg"), ("output_blocks.6.1", "to_v", "bg")) for d in ("down", "up")],
    "vae": ["encoder.conv_in.weight", "encoder.down.0.block.0.norm1.weight", "encoder.down.0.block.1.conv2.weight", "encoder.down.0.downsample.conv.weight", "encoder.down.2.block.0.norm1.bias",
            "encoder.down.3.block.1.conv1.bias", "encoder.mid.block_1.norm1.weight", "encoder.mid.attn_1.q.weight", "encoder.mid.attn_1.v.weight", "encoder.mid.attn_1.proj_out.weight", "encoder.norm_out.weight",
            "encoder.conv_out.weight", "quant_conv.weight", "post_quant_conv.weight", "decoder.conv_in.weight", "decoder.mid.block_1.norm2.weight", "decoder.mid.attn_1.k.weight", "decoder.mid.attn_1.norm.weight",
            "decoder.up.3.block.0.norm1.weight", "decoder.up.3.upsample.conv.bias", "decoder.up.2.block.1.norm2.bias", "decoder.up.1.block.0.norm1.weight", "decoder.up.1.upsample.conv.weight",
            "decoder.up.0.block.2.conv2.weight", "decoder.norm_out.bias", "decoder.conv_out.weight"]}


def selected():
    prefix = dict(unet="model.diffusion_model.", lora="model.diffusion_model.", image_encoder="cond_stage_model.visual.model.", sketch_encoder="control_encoder.", recovery="transformer.", threshold="thresh_embedder.", vae="first_stage_model.")
    return {prefix[p] + n for p, names in SELECTED.items() for n in names}


def table(g, g64, unreached):
    """Fingerprint and f64 distance of every gradient; `noise` marks those that are zero but for rounding."""
    total = {}
    for n, x in g64.items(): total[part_of(n)] = total.get(part_of(n), 0) + x.double().norm().item() ** 2
    total = {p: v ** 0.5 for p, v in total.items()}
    rows = {}
    for n, x in g.items():
        if n in unreached: continue
        rows[n] = {**fingerprint(x), "f32_vs_f64": short(distance(x, g64[n], 1e-30))}
        if g64[n].norm().item() < 1e-9 * total[part_of(n)]: rows[n] = dict(norm=x.double().norm().item(), noise=True)
    return total, rows


def make_full(out, ref, wide):
    T, J = {}, dict(cases=[])
    pick = selected()
    known = {n for n, _ in ref.net.named_parameters()}
    assert pick <= known, sorted(pick - known)
    everything = lambda n: part_of(n) != "vae"
    for name, mode, b in (("base", "vanilla", 2), ("all", "full", 2)):
        samples = [sample(ref, 8, 8, 66, 84) for _ in range(b)]
        both = [thresholds(s) for s in samples]
        case = dict(name=name, mode=mode, layout="paper" if mode == "full" else None, parameterization="v", t=[int(torch.randint(20, 980, (), generator=G)) for _ in samples], drop=[0, 1] if name == "base" else [0, 0])
        if mode == "full": case.update(t_s=[x[0] for x in both], t_r=[x[1] for x in both])
        d = {k: torch.cat([s[k] for s in samples]) for k in ("z0", "sketch", "reference", "smask", "rmask") if mode == "full" or "mask" not in k}
        d["noise"] = normal(*d["z0"].shape)
        ps, ps64 = ref.parameters(everything), wide.parameters(everything)
        r = ref.full_step(case, d); g, unreached = gradients(r["loss"], ps)
        r64 = wide.full_step(case, {k: v.double() for k, v in d.items()}); g64, _ = gradients(r64["loss"], ps64)
        norms, rows = table(g, g64, unreached)
        T.update({f"{name}.{k}": v for k, v in d.items()}); T[f"{name}.prediction"] = r["prediction"]
        T.update({f"{name}.grad.{n}": g[n] for n in g if n in pick and n not in unreached})
        J["cases"].append(dict(case, loss=r["loss"].item(), loss_f64=r64["loss"].item(), gradient_norm=fingerprint(torch.cat([x.flatten() for x in g.values()]))["norm"], part_norms=norms, unreached=unreached, gradients=rows))
        show(name, J["cases"][-1])
    for attempt in range(200):  # an L1 gradient is a sign: no pixel may stand near zero
        x = F.interpolate(torch.rand(2, 3, 10, 10, generator=G) * 2 - 1, size=(64, 64), mode="bicubic").add(normal(2, 3, 64, 64, scale=0.1)).clamp(-1, 1)
        x = half(x)
        noise = normal(2, ref.cfg["vae"]["z_channels"], 8, 8)
        with torch.no_grad(): margin = (ref.autoencoding(x, noise, 1e-6)["reconstruction"] - x).abs().min().item()
        if margin > 2e-5: break
    is_vae = lambda n: part_of(n) == "vae"
    ps, ps64 = ref.parameters(is_vae), wide.parameters(is_vae)
    r = ref.autoencoding(x, noise, 1e-6); g, unreached = gradients(r["loss"], ps)
    r64 = wide.autoencoding(x.double(), noise.double(), 1e-6); g64, _ = gradients(r64["loss"], ps64)
    norms, rows = table(g, g64, unreached)
    T.update({"vae.x": x, "vae.noise": noise, **{f"vae.{k}": r[k] for k in ("mean", "logvar", "reconstruction")}})
    T.update({f"vae.grad.{n}": g[n] for n in g if n in pick})
    J["cases"].append(dict(name="vae", kl_weight=1e-6, smallest_residual=margin, loss=r["loss"].item(), loss_f64=r64["loss"].item(), l1=r["l1"].item(), kl=r["kl"].item(), gradient_norm=norms["vae"], part_norms=norms, unreached=unreached, gradients=rows))
    show("vae", J["cases"][-1])
    write(out, "full_step", T, J)


def show(name, c):
    print(f"{name}: loss {c['loss']:.6f} (f64 {c['loss_f64']:.6f}), gradient norm {c['gradient_norm']:.4f}, parts { {k: round(v, 4) for k, v in c['part_norms'].items()} }, unreached {len(c['unreached'])}")
    by = {}
    for n, v in c["gradients"].items():
        if "noise" not in v: by.setdefault(part_of(n), {})[n] = v["f32_vs_f64"]
    for p, v in by.items(): measured(f"full_step {name}: {p}", v)
    noise = [v["norm"] / c["part_norms"][part_of(n)] for n, v in c["gradients"].items() if "noise" in v]
    if noise: print(f"  {len(noise)} tensors are rounding noise, at most {max(noise):.1e} of the part's norm", flush=True)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--golden", default=os.path.join(HERE, "..")); ap.add_argument("--out", default=HERE); ap.add_argument("--seed", type=int, default=20251)
    ap.add_argument("--reference", default=os.path.join(HERE, "../../../../Sources/CEmbeddedModel/recipe"), help="the folder of the network, model.py")
    ap.add_argument("--whole", action="store_true", help="no cut")
    a = ap.parse_args()
    CUT = not a.whole
    os.makedirs(a.out, exist_ok=True)
    G.manual_seed(a.seed)
    make_operations(a.out)
    ref, wide = (Reference(a.golden, a.reference, t) for t in (torch.float32, torch.float64))
    make_modules(a.out, ref, wide)
    make_steps(a.out, ref, wide)
    make_full(a.out, ref, wide)
    for f in sorted(os.listdir(a.out)): print(f"{os.path.getsize(os.path.join(a.out, f)):>10} {f}")
