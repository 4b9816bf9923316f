# SPDX-License-Identifier: Apache-2.0

"""Records the published implementation on a network that is small enough for every run of the tests.

    python make_fixtures.py --published DIR      # a checkout of github.com/tellurion-kanata/colorizeDiffusion

Needs torch, numpy, safetensors, diffusers 0.30.3, open_clip_torch 2.24.0, einops, omegaconf, timm, torchsde, torchvision,
transformers, kornia. Only the numbers that come out are kept. README.md says what they are.
"""
import argparse, contextlib, functools, importlib.machinery, json, os, sys, types
import torch, torch.nn.functional as F
from safetensors.torch import save_file
from seeded import half, seeded, stored

arguments = argparse.ArgumentParser()
arguments.add_argument("--published", required=True)
here, published = os.path.dirname(os.path.abspath(__file__)), os.path.abspath(arguments.parse_args().published)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
torch.set_grad_enabled(False)

WIDTH, HEAD, TOKENS, LATENT = 64, 16, 64, 4
CONFIG = {
    "weights": "seeded",
    "params": {
        "linear_start": 0.00085, "linear_end": 0.012, "timesteps": 1000, "image_size": 8, "channels": LATENT, "scale_factor": 0.18215,
        "unet_config": {"target": "refnet.modules.unet.DualCondUNet", "params": {
            "in_channels": LATENT, "out_channels": LATENT, "model_channels": 32, "attention_resolutions": [4, 2, 1], "num_res_blocks": 2, "channel_mult": [1, 2, 2, 4],
            "num_head_channels": HEAD, "use_spatial_transformer": True, "transformer_depth": 1, "context_dim": WIDTH, "use_checkpoint": False}},
        "first_stage_config": {"target": "ldm.models.autoencoder.AutoencoderKL", "params": {"embed_dim": LATENT, "ddconfig": {
            "double_z": True, "z_channels": LATENT, "resolution": 64, "in_channels": 3, "out_ch": 3, "ch": 32, "ch_mult": [1, 1, 2, 2], "num_res_blocks": 2, "attn_resolutions": [], "dropout": 0.0}}},
        "cond_stage_config": {"target": "refnet.modules.embedder.OpenCLIP", "params": {"arch": "ViT-H-14", "tiny_clip": {
            "embed_dim": WIDTH, "vision_cfg": {"image_size": 224, "layers": 2, "width": WIDTH, "head_width": HEAD, "patch_size": 28},
            "text_cfg": {"context_length": 77, "vocab_size": 256, "width": 32, "heads": 2, "layers": 1}}}},
        "control_encoder_config": {"target": "refnet.modules.encoder.MultiEncoder", "params": {"in_ch": 3, "model_channels": 32, "ch_mults": [1, 2, 2, 4]}},
        "lora_config": {"fr": 4, "br": 0.5},
        "transformer_config": {"target": "refnet.modules.proj.ClusterTransformer", "params": {"dim": WIDTH, "layers": 2, "token_length": TOKENS, "dim_head": HEAD}},
        "thresh_embedder_config": {"target": "refnet.modules.embedder.ScalarEmbedder", "params": {"embed_dim": 32, "out_dim": WIDTH}},
        "proj_config": {"target": "torch.nn.Identity"}}}


# --- The published classes on a CPU -----------------------------------------------------------------------------------
def stub_device():
    """Attention of the CPU in place of xformers, no moving to a card, a small tower with no weights to download."""
    xformers, ops = types.ModuleType("xformers"), types.ModuleType("xformers.ops")
    ops.memory_efficient_attention = lambda q, k, v, attn_bias=None, op=None: F.scaled_dot_product_attention(q[None], k[None], v[None])[0]
    xformers.ops = ops
    for module in (xformers, ops): module.__spec__ = importlib.machinery.ModuleSpec(module.__name__, None)
    sys.modules.update({"xformers": xformers, "xformers.ops": ops})
    torch.Tensor.cuda = lambda s, *a, **k: s
    torch.nn.Module.cuda = lambda s, *a, **k: s
    import open_clip
    tiny = CONFIG["params"]["cond_stage_config"]["params"]["tiny_clip"]
    open_clip.create_model_and_transforms = lambda *a, **k: (open_clip.CLIP(tiny["embed_dim"], tiny["vision_cfg"], tiny["text_cfg"]), None, None)


def build():
    from omegaconf import OmegaConf
    from refnet.util import instantiate_from_config
    import refnet.modules.proj as proj
    plain = proj.MemoryEfficientCrossAttention
    proj.MemoryEfficientCrossAttention = functools.partial(plain, dim_head=HEAD)
    config = json.loads(json.dumps(CONFIG["params"]))
    config["cond_stage_config"]["params"] = {"arch": "ViT-H-14"}
    config["parameterization"] = "v"
    model = instantiate_from_config(OmegaConf.create({"target": "refnet.models.switch.InferenceWrapper", "params": config})).eval()
    proj.MemoryEfficientCrossAttention = plain
    for key, p in model.named_parameters():
        if not key.startswith("cond_stage_model.transformer."): p.copy_(seeded(key, tuple(p.shape)))
    model.cond_stage_model.visual.adjust_positional_embedding(1.0)
    model.sample = functools.partial(model.sample, device="cpu")
    return model


# --- Inputs and files -------------------------------------------------------------------------------------------------
G = torch.Generator().manual_seed(4711)
normal = lambda *s: half(torch.randn(*s, generator=G))


def picture(h, w, n=5):
    """Smooth colours, in [-1, 1]."""
    x = torch.rand(1, 3, n, n, generator=G) * 2.4 - 1.2
    return half(F.interpolate(x, size=(h, w), mode="bicubic", align_corners=True).clamp(-1, 1))


def lines(b, h, w): return torch.where(torch.rand(b, 1, h, w, generator=G) < 0.15, 1.0, -1.0).repeat(1, 3, 1, 1)


def field(h, w):
    """A soft mask in [0, 1] with flat parts."""
    x = F.interpolate(torch.rand(1, 1, 4, 4, generator=G), size=(h, w), mode="bicubic", align_corners=True)
    return half(((x - 0.3) / 0.4).clamp(0, 1))


def write(name, tensors, cases=None):
    save_file(stored(tensors), os.path.join(here, name + ".safetensors"))
    if cases is not None: open(os.path.join(here, name + "_cases.json"), "w").write(compact(cases) + "\n")


def compact(cases):
    if isinstance(cases, dict): return "{" + ",\n".join(json.dumps(k) + ": " + (compact(v) if isinstance(v, list) else json.dumps(v)) for k, v in cases.items()) + "}"
    return "[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]"


class Recorder:
    """Listens to the samplers: evaluations of the guided model, steps of the diffusers schedulers, noise."""

    def __init__(s, x_T):
        s.x_T, s.evals, s.steps, s.noise, s.pairs = x_T, [], [], [], []

    @contextlib.contextmanager
    def __call__(s):
        import k_diffusion.sampling as ks
        from refnet.sampling.denoiser import CFGDenoiser, DiffuserDenoiser
        forward, randn, brownian, default = CFGDenoiser.forward, torch.randn, ks.BrownianTreeNoiseSampler.__call__, ks.default_noise_sampler
        init = DiffuserDenoiser.__init__

        def heard_forward(me, x, sigma, cond, cond_scale):
            out = forward(me, x, sigma, cond, cond_scale)
            s.evals.append((x.clone(), sigma[0].clone(), out.clone()))
            return out

        def note(value, sigma, following):
            s.noise.append(value.clone()); s.pairs.append(torch.stack([torch.as_tensor(sigma), torch.as_tensor(following)]).float())
            return value

        def heard_init(me, *a, **k):
            init(me, *a, **k)
            step = me.scheduler.step

            def heard_step(pred, t, x, **k):
                result = step(pred, t, x, **k)
                s.steps.append((torch.as_tensor(t).float(), pred.clone(), x.clone(), result[0].clone()))
                return result
            me.scheduler.step = functools.wraps(step)(heard_step)

        def heard_default(x):
            sampler = default(x)
            return lambda sigma, following: note(sampler(sigma, following), sigma, following)
        CFGDenoiser.forward, DiffuserDenoiser.__init__ = heard_forward, heard_init
        ks.BrownianTreeNoiseSampler.__call__ = lambda me, sigma, following: note(brownian(me, sigma, following), sigma, following)
        ks.default_noise_sampler = heard_default

        def first(*a, **k):  # the initial noise is the first that is drawn
            torch.randn = randn
            return s.x_T.clone()
        torch.randn = first
        try: yield s
        finally:
            CFGDenoiser.forward, DiffuserDenoiser.__init__, torch.randn = forward, init, randn
            ks.BrownianTreeNoiseSampler.__call__, ks.default_noise_sampler = brownian, default

    def tensors(s, key, full):
        t = {}
        if full and s.evals: t.update({f"{key}.eval_{n}": torch.stack([e[i] for e in s.evals]) for i, n in enumerate(("x", "sigma", "denoised"))})
        if full and s.steps: t.update({f"{key}.{n}": torch.stack([e[i] for e in s.steps]) for i, n in enumerate(("timestep", "pred", "x", "x_prev"))})
        if s.noise: t[f"{key}.noise"] = torch.stack(s.noise)
        if s.noise and full: t[f"{key}.noise_sigma_pairs"] = torch.stack(s.pairs)
        return t


# --- Parts ------------------------------------------------------------------------------------------------------------
def modules(m):
    from refnet.ldm.openaimodel import timestep_embedding
    from refnet.util import scaled_resize
    out, t = {}, torch.tensor([0.0, 0.35, 613.375, 999.0])
    out["timestep_embedding.t"] = t
    for dim in (32, 33, 320): out[f"timestep_embedding.dim{dim}"] = timestep_embedding(t, dim, repeat_only=False)
    out["time_embed.in"] = normal(4, 32); out["time_embed.out"] = m.model.diffusion_model.time_embed(out["time_embed.in"])
    out["thresh_embedder.in"] = torch.tensor([0.0, 0.05, 0.5, 0.95]); out["thresh_embedder.out"] = m.thresh_embedder(out["thresh_embedder.in"])
    out["cluster.in"] = normal(2, TOKENS, WIDTH); out["cluster.out"] = m.transformer(out["cluster.in"])
    for key, b, h, w in (("64x64b2", 2, 64, 64), ("64x128", 1, 64, 128)):
        out[f"control.{key}.in"] = lines(b, h, w)
        for i, hint in enumerate(m.control_encoder(out[f"control.{key}.in"])): out[f"control.{key}.hint{i}"] = hint
    for h, w in ((8, 8), (16, 24), (10, 14)):
        mask = torch.rand(1, 1, h, w, generator=G); out[f"mask.{h}x{w}.in"] = mask
        for f in (1.0, 0.5, 0.25, 0.125): out[f"mask.{h}x{w}.x{f}"] = F.interpolate(mask, scale_factor=f, mode="bicubic")
    out["mask.pixel.in"] = field(64, 96); out["mask.pixel.scaled_resize_0.125"] = scaled_resize(out["mask.pixel.in"], 0.125)
    write("modules", out)


def vae(m):
    out = {}
    for h, w in ((64, 64), (36, 52)):
        key, x = f"{h}x{w}", picture(h, w); p = m.first_stage_model.encode(x); z = normal(1, LATENT, h // 8, w // 8)
        out.update({f"{key}.x": x, f"{key}.mean": p.mean, f"{key}.logvar": p.logvar, f"{key}.z": z, f"{key}.decode": m.first_stage_model.decode(z)})
    out["36x52.decode_first_stage"] = m.decode_first_stage(z)
    write("vae", out)


def clip(m):
    out = {}
    for h, w in ((240, 24), (60, 80)):
        key, x = f"{h}x{w}", picture(h, w, 9)
        for kind in ("full", "local", "cls"): out[f"{key}.{kind}"] = m.cond_stage_model.encode(x, kind)
        out[f"{key}.x"] = x
    write("clip", out)


def unet(m):
    net, out, cases = m.model.diffusion_model, {}, []
    out["ctx64"], out["ctx128"], out["zero1"] = normal(2, TOKENS, WIDTH), normal(2, 2 * TOKENS, WIDTH), torch.zeros(2, 1, WIDTH)
    for key, h, w in (("sq", 8, 8), ("ns", 8, 16)):
        out[f"{key}.x"] = normal(2, LATENT, h, w)
        for i, hint in enumerate(m.control_encoder(lines(2, 8 * h, 8 * w))): out[f"{key}.control{i}"] = half(hint)
        out[f"{key}.mask"] = field(h, w); out[f"{key}.mask_bin"] = (field(h, w) > 0.5).float()
    ramp, level = [round(0.3 + 0.045 * i, 3) for i in range(16)], [0.4, 0.6, 0.8, 1.0] * 4

    def case(name, latents=("sq",), context="ctx64", batch=1, repeat=1, fg=False, bg=False, mask=None, t=613.375, threshold=0.5, scales=None, fgs=1.0, bgs=1.0, merge=0.0):
        for key in latents:
            c = dict(name=name, latent=key, h=out[f"{key}.x"].shape[2], w=out[f"{key}.x"].shape[3], batch=batch, context=context, context_repeat=repeat, lora_fg=fg, lora_bg=bg,
                     mask=f"{key}.{mask}" if mask else None, fg_scale=fgs, bg_scale=bgs, merge_scale=merge, mask_threshold=threshold, t=t, reference_scale=scales or [1.0] * 16, out=f"{key}.out.{name}")
            m.adjust_fgbg_scale(fgs, bgs, merge, threshold)
            m.adjust_reference_scale(dict(level_control=False, scales=c["reference_scale"]))
            m.loras.deactivate_lora_weights(); m.loras.switch_lora(fg, bg)
            out[c["out"]] = net(out[f"{key}.x"][:batch], torch.full((batch,), t), control=[out[f"{key}.control{i}"][:batch] for i in range(5)],
                                context=out[context][:batch].repeat(1, repeat, 1), mask=out[c["mask"]].repeat(batch, 1, 1, 1) if mask else None)
            cases.append(c)
    both = ("sq", "ns")
    case("vanilla", both)
    case("vanilla_tlow", t=1.0)
    case("vanilla_b2", batch=2)
    case("vanilla_ctx128", context="ctx128")
    case("vanilla_ctxzero1", context="zero1")
    case("vanilla_ref0", scales=[0.0] * 16)
    case("vanilla_reflevel", scales=level)
    case("vanilla_refaccurate", scales=ramp)
    case("bg", both, context="ctx128", bg=True, mask="mask")
    case("bg_b2", both, context="ctx128", batch=2, bg=True, mask="mask")
    case("fg", both, repeat=2, fg=True, mask="mask")
    case("fgbg", both, context="ctx128", repeat=2, fg=True, bg=True, mask="mask")
    case("bg_thr0.05", context="ctx128", bg=True, mask="mask", threshold=0.05)
    case("fg_merge0.3", repeat=2, fg=True, mask="mask", merge=0.3)
    case("bg_scales", context="ctx128", bg=True, mask="mask", fgs=0.7, bgs=0.5)
    case("fgbg_all", both, context="ctx128", repeat=2, batch=2, fg=True, bg=True, mask="mask", fgs=0.7, bgs=0.5, merge=0.3, threshold=0.05, t=801.0, scales=level)
    case("split_nolora", context="ctx128", mask="mask_bin")
    case("split_lora_fg", context="ctx128", fg=True, mask="mask_bin")
    case("split_lora_both", context="ctx128", fg=True, bg=True, mask="mask_bin")
    write("unet", out, dict(cases=cases))
    m.adjust_reference_scale(1.0)


def samplers(m):
    out, cases, steps = {}, [], 6
    sketch, reference, smask, rmask = lines(1, 64, 64), picture(40, 48), field(64, 64), field(40, 48)
    smask = F.interpolate(smask, scale_factor=0.125, mode="bicubic")
    out["x_T.bs1"], out["x_T.bs2"] = normal(1, LATENT, 8, 8), normal(2, LATENT, 8, 8)
    settings = dict(control_scale=1.0, mask_threshold_ref=0.5, mask_threshold_sketch=0.05)

    def conditions(kind, batch, merge):
        more = dict(bg_enhance=True, smask=smask, rmask=rmask, merge_scale=merge) if kind == "bg" else {}
        m.adjust_fgbg_scale(1.0, 1.0, merge, 0.05)
        return m.prepare_conditions(bs=batch, sketch=sketch, reference=reference, **settings, **more)
    for kind in ("vanilla", "bg"):
        c, uc = conditions(kind, 1, 0.0)
        out[f"cond.{kind}.context"] = c["context"][0]
        if "mask" in c: out[f"cond.{kind}.mask"] = c["mask"]
        for i in range(5): out[f"cond.{kind}.control{i}"], out[f"cond.{kind}.uncontrol{i}"] = c["control"][i], uc[1]["control"][i]

    def case(key, sampler, scheduler="Automatic", guided="reference", kind="vanilla", merge=0.0, parameterization="v", batch=1, deterministic=False):
        scale = dict(none=1, reference=4.0, sketch=1.5, dual=[4.0, 1.5])[guided]
        def run(x_T):
            c, uc = conditions(kind, batch, merge)
            uncond = dict(none=None, reference=uc[0], sketch=uc[1], dual=uc)[guided]
            torch.manual_seed(99)
            with Recorder(x_T)() as heard:
                z = m.sample(cond=c, uncond=uncond, cfg_scale=scale, bs=batch, shape=(LATENT, 8, 8), step=steps, sampler=sampler, scheduler=scheduler, seed=1234, deterministic=deterministic)
            return z, heard
        m.parameterization = parameterization
        z, heard = run(out[f"x_T.bs{batch}"])
        m.parameterization = "v"
        out[f"{key}.final"] = z
        out.update(heard.tensors(key, True))
        cases.append(dict(key=key, sampler=sampler, scheduler=scheduler, cfg_kind=guided, cfg_scale=scale, cond=kind, merge_scale=merge, mask_threshold=0.05, lora_fg=False, lora_bg=kind == "bg",
                          parameterization=parameterization, batch=batch, deterministic=deterministic, steps=steps, model_evals=len(heard.evals), scheduler_steps=len(heard.steps), noises=len(heard.noise), final_std=z.std().item()))
    case("euler_eps", "Euler", parameterization="eps", guided="none")
    case("euler_sgm_uniform", "Euler", "SGM Uniform", guided="sketch")
    case("euler_a", "Euler a"); case("heun", "Heun"); case("lms", "LMS"); case("dpm2", "DPM2"); case("dpm2_a", "DPM2 a"); case("dpmpp_2s_a", "DPM++ 2S a"); case("dpmpp_sde", "DPM++ SDE")
    case("dpmpp_2m_bg_dual", "DPM++ 2M", "Karras", "dual", "bg", 0.2)
    case("dpmpp_2m_sde_bs2_det", "DPM++ 2M SDE", batch=2, deterministic=True)
    case("dpmpp_2m_sde_heun", "DPM++ 2M SDE Heun"); case("dpmpp_3m_sde", "DPM++ 3M SDE"); case("dpm_fast", "DPM fast")
    case("diffuser_ddim", "diffuser_ddim"); case("diffuser_dpm", "diffuser_dpm"); case("diffuser_dpm_karras", "diffuser_dpm", "Karras"); case("diffuser_lms", "diffuser_lms"); case("diffuser_pndm", "diffuser_pndm")
    write("samplers", out, cases)


def end_to_end(m):
    out, cases = {}, []
    for key, h, w, rh, rw in (("a", 64, 64, 40, 48), ("b", 64, 128, 44, 60)):
        pixels = field(h, w)
        out.update({f"in.{key}.sketch": lines(1, h, w), f"in.{key}.reference": picture(rh, rw), f"in.{key}.rmask": field(rh, rw), f"in.{key}.smask_pixels": pixels,
                    f"in.{key}.smask": F.interpolate(pixels, scale_factor=0.125, mode="bicubic"), f"in.{key}.x_T": normal(2, LATENT, h // 8, w // 8)})
    out["in.a.background"] = picture(36, 30)

    def case(key, inputs="a", noref=False, background=False, fg=False, bg=False, ctl=1.0, merge=0.0, t_r=0.5, t_s=0.05, bs=1, gs=(4.0, 1.0), strength=1.0, sampler="Euler", steps=4):
        take = lambda k: out[f"in.{inputs}.{k}"]
        c = dict(key=key, inputs=inputs, noref=noref, masks=fg or bg, background=background, ctl_scale=ctl, merge_scale=merge, mask_scale=1.0, mask_thresh=t_r, mask_thresh_sketch=t_s, scheduler="Automatic",
                 bs=bs, gs=list(gs), strength=strength, fg_strength=1.0, bg_strength=1.0, seed=1234, deterministic=False, sampler=sampler, step=steps, **(dict(fg_enhance=True) if fg else {}), **(dict(bg_enhance=True) if bg else {}))
        cond = dict(sketch=take("sketch"), reference=None if noref else take("reference"))
        if fg or bg: cond.update(smask=take("smask"), rmask=take("rmask"), background=take("background") if background else None)
        seen, plain, decode = {}, m.sample, m.decode_first_stage

        def sample(cond, **k):
            seen.update(context=cond["context"][0].clone(), mask=cond.get("mask")); seen["z"] = plain(cond=cond, **k)
            return seen["z"]
        m.sample = sample
        torch.manual_seed(99)
        with Recorder(take("x_T")[:bs])() as heard:
            image = m.generate(cond=cond, ctl_scale=ctl, merge_scale=merge, mask_scale=1.0, mask_thresh=t_r, mask_thresh_sketch=t_s, sampler=sampler, scheduler="Automatic", step=steps, bs=bs, gs=list(gs), strength=strength,
                               fg_strength=1.0, bg_strength=1.0, seed=1234, fg_enhance=fg, bg_enhance=bg, height=take("sketch").shape[2], width=take("sketch").shape[3], low_vram=False, manipulation_params={})
        m.sample = plain
        layer = m.attn_layers[0]
        c["noises"] = len(heard.noise)
        c["layer_state_during_sampling"] = dict(fg_scale=layer.fg_scale, bg_scale=layer.bg_scale, merge_scale=layer.merge_scale, mask_threshold=layer.mask_threshold,
                                                reference_scale=[float(x.reference_scale) for x in m.attn_modules["modules"]], use_fg_lora=layer.use_fg_lora, use_bg_lora=layer.use_bg_lora)
        out.update({f"{key}.context": seen["context"], f"{key}.z": seen["z"], f"{key}.image": image, **heard.tensors(key, False)})
        if fg or bg: out[f"{key}.mask"] = seen["mask"]
        cases.append(c)
    case("vanilla_a_ctl0.7_level", ctl=0.7, strength=dict(level_control=True, scales=dict(encoder=0.9, middle=0.8, low=0.7)), sampler="DPM++ 2M")
    case("vanilla_a_noref", noref=True)
    case("vanilla_a_bs2", bs=2, gs=(4.0, 1.5), sampler="diffuser_ddim")
    case("bg_a", bg=True, merge=0.2, gs=(4.0, 1.5), sampler="diffuser_dpm")
    case("bg_a_background", bg=True, background=True)
    case("fg_a", fg=True, sampler="Euler a")
    case("both_b", "b", fg=True, bg=True, merge=0.3, t_r=0.4, t_s=0.3, sampler="DPM++ 2M SDE")
    write("e2e", out, cases)


stub_device()
sys.path.insert(0, published)
os.chdir(published)
model = build()
json.dump(CONFIG, open(os.path.join(here, "config.json"), "w"), indent=1)
for part in (modules, vae, clip, unet, samplers, end_to_end): part(model)
for f in sorted(os.listdir(here)): print(f"{os.path.getsize(os.path.join(here, f)):9} {f}")
