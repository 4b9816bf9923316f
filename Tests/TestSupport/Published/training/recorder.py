# SPDX-License-Identifier: Apache-2.0

"""What the training recordings are made of: the network, the losses, the operations.

Everything is evaluated by PyTorch on the CPU, on one thread, in f32 (what is recorded) or f64 (the cross-check).
"""
import importlib.util, json, math, os, sys
import torch, torch.nn.functional as F
from safetensors.torch import load_file
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from seeded import seeded

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

TRAINED = ("transformer.", "thresh_embedder.")
PARTS = {  # prefix -> part, the first that fits
    "unet": "model.diffusion_model.", "image_encoder": "cond_stage_model.visual.model.", "sketch_encoder": "control_encoder.",
    "recovery": "transformer.", "threshold": "thresh_embedder.", "vae": "first_stage_model."}


def is_trained(name):
    """Whether the second stage trains this tensor."""
    return "lora_" in name or name.startswith(TRAINED)


def part_of(name):
    if "lora_" in name: return "lora"
    return next(p for p, prefix in PARTS.items() if name.startswith(prefix))


# --- the network ------------------------------------------------------------------------------------------------------
def configuration(path):
    """`config.json` of a golden directory as the arguments of the reference network."""
    p = json.load(open(path))["params"]
    of = lambda k: p[k]["params"]
    u, v, c, s, t = of("unet_config"), of("first_stage_config")["ddconfig"], of("cond_stage_config")["tiny_clip"], of("control_encoder_config"), of("transformer_config")
    w = c["vision_cfg"]
    keep = lambda d, *k: {n: d[n] for n in k}
    return dict(
        linear_start=p["linear_start"], linear_end=p["linear_end"], scale_factor=p["scale_factor"],
        unet=keep(u, "in_channels", "out_channels", "model_channels", "channel_mult", "num_res_blocks", "attention_resolutions", "num_head_channels", "context_dim"),
        lora=keep(p["lora_config"], "fr", "br"), vae=keep(v, "ch", "ch_mult", "num_res_blocks", "z_channels"),
        clip=dict(image_size=w["image_size"], patch=w["patch_size"], width=w["width"], layers=w["layers"], heads=w["width"] // w["head_width"], output_dim=c["embed_dim"]),
        sketch=keep(s, "in_ch", "model_channels", "ch_mults"),
        cluster=dict(dim=t["dim"], layers=t["layers"], token_length=t["token_length"], heads=t["dim"] // t["dim_head"]),
        threshold=keep(of("thresh_embedder_config"), "embed_dim", "out_dim"))


class Reference:
    """The reference network with the weights of a golden directory, in f32 or in f64."""

    def __init__(s, golden, reference, dtype):
        spec = importlib.util.spec_from_file_location("reference_" + str(dtype)[6:], os.path.join(reference, "model.py"))
        module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
        if dtype == torch.float64:  # the reference makes sinusoids in f32; here they are exact
            def embedding(t, dim, max_period=10000):
                a = t[:, None].double() * torch.exp(-math.log(max_period) * torch.arange(dim // 2, dtype=torch.float64) / (dim // 2))[None]
                return torch.cat([torch.cos(a), torch.sin(a)], -1)
            module.timestep_embedding = embedding
        cfg = configuration(os.path.join(golden, "config.json"))
        s.net, s.dtype, s.cfg = module.Colorizer(cfg), dtype, cfg
        if json.load(open(os.path.join(golden, "config.json"))).get("weights") == "seeded": weights = {k: seeded(k, tuple(v.shape)) for k, v in s.net.state_dict().items()}
        else: weights = load_file(os.path.join(golden, "weights.safetensors"))
        missing, extra = s.net.load_state_dict(weights, strict=False)
        assert not missing and all("." not in k or k.startswith("cond_stage_model.transformer.") for k in extra), (missing, extra)
        s.net.to(dtype).eval().requires_grad_(False)
        beta = torch.linspace(cfg["linear_start"] ** 0.5, cfg["linear_end"] ** 0.5, 1000, dtype=torch.float64) ** 2
        s.abar = torch.cumprod(1 - beta, 0)

    def parameters(s, wanted):
        """The tensors whose names `wanted` accepts, ready to receive gradients; all others are frozen."""
        s.net.requires_grad_(False)
        found = {n: p for n, p in s.net.named_parameters() if wanted(n)}
        for p in found.values(): p.requires_grad_(True); p.grad = None
        return found

    def rates(s, t):
        """sqrt(abar), sqrt(1 - abar) at the timesteps, `[B, 1, 1, 1]`: made in f64, then rounded to the type."""
        a = s.abar[torch.as_tensor(t)].view(-1, 1, 1, 1)
        return a.sqrt().to(s.dtype), (1 - a).sqrt().to(s.dtype)

    def tokens(s, image): return s.net.cond_stage_model(image)[:, 1:]
    def hints(s, sketch): return s.net.control_encoder(sketch.expand(-1, 3, -1, -1))

    def context(s, mode, layout, tokens, background, t_s, t_r):
        """The context `[B, M, D]` of a mode; `background` are the tokens of the masked reference, before T and recovery."""
        if mode == "vanilla": return tokens
        if mode == "foreground": return torch.cat([tokens, tokens], 1)
        T = s.net.thresh_embedder
        foreground = tokens if layout == "published_trainer" else tokens + T(t_s)
        c = torch.cat([foreground, s.net.transformer(background + T(t_r))], 1)
        return torch.cat([c, c], 1) if layout == "published_inference" else c

    def diffusion(s, case, data, watch=False):
        """The loss of one step, and what it is made of.

        `data`: z0, noise [B,4,h,w]; tokens, background [B,256,D]; hints; smask [B,1,8h,8w]. Keys of `case`: mode, layout,
        parameterization, t, t_s, t_r, drop (one entry a sample). `watch` asks for a gradient of the noisy latent.
        """
        d = data
        alpha, sigma = s.rates(case["t"])
        x_t = alpha * d["z0"] + sigma * d["noise"]
        target = d["noise"] if case["parameterization"] == "eps" else alpha * d["noise"] - sigma * d["z0"]
        of = lambda k: torch.tensor(case[k], dtype=s.dtype) if case.get(k) else None
        t_s, t_r = of("t_s"), of("t_r")
        whole = s.context(case["mode"], case.get("layout"), d["tokens"], d.get("background"), t_s, t_r)
        keep = 1 - torch.tensor(case["drop"], dtype=s.dtype).view(-1, 1, 1)
        context = whole * keep
        cond = dict(control=d["hints"], context=context)
        if case["mode"] != "vanilla":
            cond.update(mask=F.interpolate(d["smask"], scale_factor=0.125, mode="bicubic"), threshold=t_s.view(-1, 1, 1),
                        use_fg=case["mode"] in ("foreground", "full"), use_bg=case["mode"] in ("background", "full"))
        if watch: x_t = x_t.detach().requires_grad_(True)
        prediction = s.net.unet(x_t, torch.tensor(case["t"]), cond)
        return dict(loss=F.mse_loss(prediction, target), x_t=x_t, target=target, prediction=prediction, context=context)

    def autoencoding(s, x, noise, kl_weight):
        """L1 + KL of the autoencoder on images `[B, 3, H, W]`."""
        vae = s.net.first_stage_model
        mean, logvar = vae.moments(x)
        logvar = logvar.clamp(-30, 20)
        y = vae.decode(mean + (0.5 * logvar).exp() * noise)
        l1 = (y - x).abs().mean()
        kl = 0.5 * (mean ** 2 + logvar.exp() - 1 - logvar).sum((1, 2, 3)).mean()
        return dict(loss=l1 + kl_weight * kl, l1=l1, kl=kl, mean=mean, logvar=logvar, reconstruction=y)


    def full_step(s, case, d):
        """A step in which every part but the VAE learns: tokens and hints are made inside. `d` is as stored."""
        data = dict(z0=d["z0"], noise=d["noise"], tokens=s.tokens(d["reference"]), hints=s.hints(d["sketch"]), smask=d.get("smask"))
        if case["mode"] != "vanilla":
            t_r = torch.tensor(case["t_r"], dtype=s.dtype).view(-1, 1, 1, 1)
            data["background"] = s.tokens(torch.where(d["rmask"] < t_r, d["reference"], torch.ones((), dtype=s.dtype)))
        return s.diffusion(case, data)


def stack(samples, noise, background):
    """The `data` of `Reference.diffusion` from samples whose tensors have a batch axis of 1."""
    cat = lambda k: torch.cat([x[k] for x in samples])
    return dict(z0=cat("z0"), noise=noise, tokens=cat("tokens"), background=background, hints=[cat(f"hint{i}") for i in range(5)], smask=cat("smask"))


def gradients(loss, parameters, also=()):
    """The gradient of every parameter, zeros where the loss does not reach it; which those are; and the gradient of the
    tensors `also`, left in their `.grad`."""
    found = torch.autograd.grad(loss, list(parameters.values()) + list(also), allow_unused=True)
    for x, g in zip(also, found[len(parameters):]): x.grad = torch.zeros_like(x) if g is None else g
    unreached = [n for n, g in zip(parameters, found) if g is None]
    return {n: torch.zeros_like(p) if g is None else g.detach() for (n, p), g in zip(parameters.items(), found)}, unreached


def step_gradients(ref, case, data, parameters):
    """One step of the second stage: what it is made of, its gradients, and which tensors it does not reach."""
    r = ref.diffusion(case, data, watch=True)
    return (r, *gradients(r["loss"], parameters, [r["x_t"]] + ([r["context"]] if r["context"].requires_grad else [])))


def fingerprint(x):
    """Norm, sum and the product with cos(i + 1) over the row-major index i, in f64, to 9 digits."""
    v = x.detach().double().reshape(-1)
    nine = lambda y: float(f"{y.item():.9g}")
    return dict(norm=nine(v.norm()), sum=nine(v.sum()), cos=nine((v * torch.cos(torch.arange(1, v.numel() + 1, dtype=torch.float64))).sum()))


def distance(a, b, floor=0.0):
    """|a - b| / (|b| + floor)."""
    d, n = (a.double() - b.double()).norm().item(), b.double().norm().item() + floor
    return d / n if n else (0.0 if d == 0 else math.inf)


# --- optimisation -----------------------------------------------------------------------------------------------------
class Optimizer:
    """AdamW with warm-up, clipping by the global norm, and two running averages of the parameters.

    Keys of `plan`: lr, betas, eps, weight_decay, warm_up (steps, 0 for none), clip (norm or None), ema (decay).
    """

    def __init__(s, plan, parameters):
        s.plan, s.ps, s.k = plan, parameters, 0
        s.adam = torch.optim.AdamW(list(parameters.values()), lr=plan["lr"], betas=tuple(plan["betas"]), eps=plan["eps"], weight_decay=plan["weight_decay"], foreach=False, fused=False)
        s.ema = {n: p.detach().clone() for n, p in parameters.items()}
        s.warm = {n: p.detach().clone() for n, p in parameters.items()}

    def step(s, gradients):
        plan, k = s.plan, s.k
        lr = plan["lr"] * min(1.0, (k + 1) / plan["warm_up"]) if plan["warm_up"] else plan["lr"]
        for g in s.adam.param_groups: g["lr"] = lr
        for n, p in s.ps.items(): p.grad = gradients[n].clone()
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients.values()])).item()
        factor = 1.0 if plan["clip"] is None else min(1.0, plan["clip"] / (norm + 1e-6))
        if plan["clip"] is not None: torch.nn.utils.clip_grad_norm_(s.ps.values(), plan["clip"], foreach=False)
        s.adam.step()
        rate = min(plan["ema"], (2 + k) / (11 + k))
        with torch.no_grad():
            for n, p in s.ps.items(): s.ema[n].lerp_(p, 1 - plan["ema"]); s.warm[n].lerp_(p, 1 - rate)
        s.k += 1
        return dict(lr=lr, gradient_norm=norm, clip_factor=factor, warm_ema_decay=rate)


def optimise(ref, plan, batches):
    """Runs the steps of a plan (see `Optimizer`; also the keys of `diffusion`, and `steps`); restores the weights."""
    ps = ref.parameters(is_trained)
    start = {n: p.detach().clone() for n, p in ps.items()}
    optimizer, log = Optimizer(plan, ps), []
    for step, data in zip(plan["steps"], batches):
        loss = ref.diffusion({**plan, **step}, data)["loss"]
        log.append(dict(optimizer.step(gradients(loss, ps)[0]), loss=loss.item()))
    after = {n: p.detach().clone() for n, p in ps.items()}
    with torch.no_grad():
        for n, p in ps.items(): p.copy_(start[n]); p.grad = None
    return log, start, after, optimizer.ema, optimizer.warm


def optimizer_steps(plan, start, grads):
    """The state after every step on free-standing tensors: after, m, v, ema, warm_ema (by name), and the scalars."""
    ps = {n: p.clone().requires_grad_(True) for n, p in start.items()}
    o, states = Optimizer(plan, ps), []
    copy = lambda d: {n: x.detach().clone() for n, x in d.items()}
    for g in grads:
        scalars = o.step(g); moments = o.adam.state
        states.append(dict(scalars, after=copy(ps), m=copy({n: moments[p]["exp_avg"] for n, p in ps.items()}), v=copy({n: moments[p]["exp_avg_sq"] for n, p in ps.items()}), ema=copy(o.ema), warm_ema=copy(o.warm)))
    return states


# --- operations -------------------------------------------------------------------------------------------------------
def activated(x, name): return {None: x, "none": x, "silu": F.silu(x), "gelu": F.gelu(x)}[name]


def op_linear(i, activation=None):
    y = activated(F.linear(i["x"], i["weight"], i.get("bias")), activation)
    return y + i["residual"] if "residual" in i else y


def op_gated_linear(i):
    value, gate = F.linear(i["x"], i["weight"], i["bias"]).chunk(2, -1)
    return value * F.gelu(gate)


def op_lora_linear(i):
    return F.linear(i["x"], i["weight"]) + F.linear(F.linear(i["x"], i["down"]), i["up"])


def op_convolution(i, stride=1, before=0, after=0, upsampling=1, activation=None):
    x = i["x"]
    if upsampling == 2: x = F.interpolate(x, scale_factor=2, mode="nearest")
    y = activated(F.conv2d(F.pad(x, (before, after, before, after)), i["weight"], i.get("bias"), stride=stride), activation)
    return y + i["residual"] if "residual" in i else y


def op_group_norm(i, groups, epsilon, activation=None):
    return activated(F.group_norm(i["x"], groups, i["gamma"], i["beta"], epsilon), activation)


def op_layer_norm(i, epsilon): return F.layer_norm(i["x"], (i["x"].shape[-1],), i["gamma"], i["beta"], epsilon)


def op_attention(i, heads):
    split = lambda t: t.reshape(t.shape[0], t.shape[1], heads, -1).transpose(1, 2)
    q, k, v = split(i["q"]), split(i["k"]), split(i["v"])
    y = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), -1) @ v
    return y.transpose(1, 2).reshape(i["q"].shape[0], i["q"].shape[1], -1)


def op_split_attention(i, heads, t_s):
    """Split cross-attention with both LoRA branches, up to but without `to_out`."""
    lin = lambda x, n, b: F.linear(x, i[n]) + F.linear(F.linear(x, i[f"{n}_down_{b}"]), i[f"{n}_up_{b}"])
    one = lambda c, b: op_attention(dict(q=lin(i["x"], "q", b), k=lin(i[c], "k", b), v=lin(i[c], "v", b)), heads)
    return torch.where(i["mask"] > torch.tensor(t_s, dtype=i["x"].dtype).view(-1, 1, 1), one("foreground", "fg"), one("background", "bg"))


def op_resample(i, axis, indices):
    x, w = i["x"].movedim(axis, -1), i["taps"]
    return (x[..., torch.tensor(indices)] * w).sum(-1).movedim(-1, axis)


def op_select(i, threshold=0.0): return torch.where(i["condition"] > threshold, i["a"], i["b"])


def op_concatenate(i, axis): return torch.cat([i[k] for k in sorted(i)], axis)
def op_slice(i, axis, start, end): return i["x"].narrow(axis, start, end - start)
def op_mse(i): return (i["a"] - i["b"]).square().mean()
def op_l1(i): return (i["a"] - i["b"]).abs().mean()
def op_kl(i): return 0.5 * (i["mean"] ** 2 + i["logvar"].exp() - 1 - i["logvar"]).flatten(1).sum(1).mean()


OPERATIONS = dict(
    linear=op_linear, gated_linear=op_gated_linear, lora_linear=op_lora_linear, matmul=lambda i: i["a"] @ i["b"],
    convolution=op_convolution, group_norm=op_group_norm, layer_norm=op_layer_norm, attention=op_attention,
    split_attention=op_split_attention, softmax=lambda i, scale=1.0: torch.softmax(scale * i["x"], -1),
    exp=lambda i: i["x"].exp(), log=lambda i: i["x"].log(), sqrt=lambda i: i["x"].sqrt(), abs=lambda i: i["x"].abs(),
    sigmoid=lambda i: torch.sigmoid(i["x"]), silu=lambda i: F.silu(i["x"]), gelu=lambda i: F.gelu(i["x"]),
    affine=lambda i, scale, offset: scale * i["x"] + offset,
    add=lambda i: i["a"] + i["b"], subtract=lambda i: i["a"] - i["b"], multiply=lambda i: i["a"] * i["b"], divide=lambda i: i["a"] / i["b"],
    maximum=lambda i: torch.maximum(i["a"], i["b"]), minimum=lambda i: torch.minimum(i["a"], i["b"]), select=op_select,
    sum=lambda i: i["x"].sum(-1, keepdim=True), mean=lambda i: i["x"].mean(-1, keepdim=True), max=lambda i: i["x"].amax(-1, keepdim=True),
    resample=op_resample, resize_bicubic=lambda i, factor: F.interpolate(i["x"], scale_factor=1 / factor, mode="bicubic"),
    concatenate=op_concatenate, slice=op_slice, reshape=lambda i, shape: i["x"].reshape(shape),
    transpose=lambda i, axes: i["x"].permute(*axes), broadcast=lambda i, shape: i["x"].expand(*shape), mse=op_mse, l1=op_l1, kl=op_kl)


def vjp(op, params, inputs, constants, dout):
    """The output, and the gradient of every input that is not a constant."""
    leaves = {k: v.detach().clone().requires_grad_(k not in constants) for k, v in inputs.items()}
    out = OPERATIONS[op](leaves, **params)
    wanted = [k for k in leaves if k not in constants]
    return out.detach(), dict(zip(wanted, torch.autograd.grad(out, [leaves[k] for k in wanted], dout)))


# --- modules of the network -------------------------------------------------------------------------------------------
def module_cases(ref, normal):
    """name -> (key prefix of its weights, inputs by name, constant inputs, extra parameters of the case)."""
    D = ref.cfg["unet"]["context_dim"]; te = 4 * ref.cfg["unet"]["model_channels"]; W = ref.cfg["clip"]["width"]; T = ref.cfg["threshold"]["embed_dim"]
    u, v, z = "model.diffusion_model.", "first_stage_model.", ref.cfg["vae"]["ch"] * ref.cfg["vae"]["ch_mult"][-1]
    mask = torch.where(normal(2, 1, 4, 6) > 0, 0.8, 0.2) + normal(2, 1, 4, 6, scale=0.02)
    return {
        "time_embed": (u + "time_embed.", dict(x=normal(3, te // 4)), (), {}),
        "residual_block": (u + "input_blocks.4.0.", dict(x=normal(2, 32, 4, 6), emb=normal(2, te)), (), {}),
        "residual_block_one_channel_groups": (u + "input_blocks.1.0.", dict(x=normal(1, 32, 5, 3), emb=normal(1, te)), (), {}),
        "downsampler": (u + "input_blocks.3.0.", dict(x=normal(2, 32, 6, 10)), (), {}),
        "upsampler": (u + "output_blocks.8.2.", dict(x=normal(1, 64, 3, 5)), (), {}),
        "self_attention": (u + "input_blocks.4.1.transformer_blocks.0.attn1.", dict(x=normal(2, 15, 64)), (), {}),
        "feed_forward": (u + "input_blocks.4.1.transformer_blocks.0.ff.", dict(x=normal(2, 7, 64)), (), {}),
        "spatial_transformer": (u + "input_blocks.4.1.", dict(x=normal(2, 64, 4, 6), context=normal(2, 9, D)), (), {}),
        "spatial_transformer_zero_context": (u + "input_blocks.4.1.", dict(x=normal(2, 64, 4, 6), context=torch.zeros(2, 9, D)), (), {}),
        "spatial_transformer_split": (u + "input_blocks.4.1.", dict(x=normal(2, 64, 4, 6), context=normal(2, 14, D), mask=mask), ("mask",), dict(t_s=[0.5, 0.375], use_fg=True, use_bg=True)),
        "spatial_transformer_split_background": (u + "input_blocks.4.1.", dict(x=normal(2, 64, 4, 6), context=normal(2, 14, D), mask=mask), ("mask",), dict(t_s=[0.5, 0.375], use_fg=False, use_bg=True)),
        "sketch_encoder": ("control_encoder.", dict(x=normal(1, 3, 32, 40)), (), {}),
        "recovery_transformer": ("transformer.", dict(x=normal(2, 9, ref.cfg["cluster"]["dim"])), (), {}),
        "threshold_embedder": ("thresh_embedder.embed_layer.", dict(x=normal(3, T, scale=0.7)), (), {}),
        "vision_block": ("cond_stage_model.visual.model.transformer.resblocks.0.", dict(x=normal(2, 9, W)), (), {}),
        "vae_residual_block": (v + "decoder.up.1.block.0.", dict(x=normal(2, ref.net.first_stage_model.decoder.up[1].block[0].norm1.weight.numel(), 4, 5)), (), {}),
        "vae_attention": (v + "encoder.mid.attn_1.", dict(x=normal(1, z, 3, 5)), (), {}),
        "vae_downsampler": (v + "encoder.down.0.downsample.", dict(x=normal(1, 32, 7, 10)), (), {}),
    }


def run_module(ref, prefix, inputs, extra):
    """The outputs of the module whose weights start with the prefix."""
    m = ref.net.get_submodule(prefix[:-1]); i = inputs
    if "emb" in i: y = m(i["x"], i["emb"])
    elif "context" in i:
        cond = dict(context=i["context"])
        if "mask" in i: cond.update(mask=i["mask"], threshold=torch.tensor(extra["t_s"], dtype=i["x"].dtype).view(-1, 1, 1), use_fg=extra["use_fg"], use_bg=extra["use_bg"])
        y = m(i["x"], cond)
    else: y = m(i["x"])
    return list(y) if isinstance(y, (list, tuple)) else [y]


def module_vjp(ref, prefix, inputs, constants, extra, douts):
    ps = ref.parameters(lambda n: n.startswith(prefix))
    leaves = {k: v.detach().clone().requires_grad_(k not in constants) for k, v in inputs.items()}
    ys = run_module(ref, prefix, leaves, extra)
    wanted = [leaves[k] for k in leaves if k not in constants]
    g, unreached = gradients(sum((y * d).sum() for y, d in zip(ys, douts)), ps, wanted)
    return [y.detach() for y in ys], {k: leaves[k].grad for k in leaves if k not in constants}, g, unreached
