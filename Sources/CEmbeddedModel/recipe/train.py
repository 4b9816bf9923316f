"""Makes the embedded model from nothing. One command, resumed by repeating it:

    python train.py auto --out run --crew 2 --threads 1

Stages: gen (two views of each scene, on disk) -> vae -> hints (the two encoders alone) -> joint (U-Net, sketch encoder, image
encoder, both LoRA branches, recovery transformer and threshold embedder together) -> walks, dec (the VAE's decoder again, on what
the network itself arrives at; the encoder stays, so latents stay valid) -> export (f16 safetensors, config.json, sheet.png,
fixture.safetensors, into ./export). Each stage takes its share of --hours; what is exported are averaged (EMA) weights.
Small networks learn fast from hints: two heads that are not part of the model name the palette entry (hair, skin, sky, ...) of
every place from the sketch encoder's features, and of every patch from the image encoder's tokens.
"""
import argparse, json, os, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from multiprocessing import Pool
from model import Colorizer, SMALL
from vinit import carry_colors
import data

ap = argparse.ArgumentParser()
ap.add_argument("stage", choices=["auto", "gen", "vae", "hints", "joint", "walks", "dec", "export", "sheet"])
ap.add_argument("--out", default="run"); ap.add_argument("--scenes", type=int, default=4000); ap.add_argument("--workers", type=int, default=2)
ap.add_argument("--hours", type=float, default=2.0, help="wall time of all training stages together")
ap.add_argument("--data", help="where the drawn scenes are, if not in --out")
ap.add_argument("--take", help="joint: start the two encoders from a `hints` stage run meanwhile with this --out (default: OUT_h)")
ap.add_argument("--crew", type=int, default=1, help="processes that update the same weights without waiting for one another")
ap.add_argument("--samples", help="folder of more held-out pairs (0/ to 4/, each with sketch, reference, target and two masks) for the sheet")
ap.add_argument("--threads", type=int, default=2)
a = ap.parse_args()
os.makedirs(a.out, exist_ok=True)
torch.set_num_threads(a.threads)
P = lambda f: os.path.join(a.out, f)
SHARE = dict(vae=0.15, hints=0.1, joint=0.6, dec=0.12)
KEYS = dict(color=(2, 256, 256, 3), sketch=(2, 256, 256), mask=(2, 256, 256), part=(2, 64, 64))


def state(**new):
    s = json.load(open(P("state.json"))) if os.path.exists(P("state.json")) else {}
    if new: s.update(new); json.dump(s, open(P("state.json.tmp"), "w")); os.replace(P("state.json.tmp"), P("state.json"))
    return s


def one(i): return i, data.scene(np.random.default_rng(1000003 * (i + 1)))


def gen():
    if state().get("gen"): return
    m = {k: np.lib.format.open_memmap(P(k + ".npy"), "w+", np.uint8, (a.scenes, *s)) for k, s in KEYS.items()}
    with Pool(a.workers) as p:
        for i, d in p.imap_unordered(one, range(a.scenes), chunksize=8):
            for k in KEYS: m[k][i] = d[k]
    state(gen=a.scenes)


PERMS = [(0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1), (2, 1, 0), (1, 0, 2)]
HELD = 16  # the last scenes are never trained on
is_dec = lambda n: n.startswith(("first_stage_model.decoder.", "first_stage_model.post_quant_conv."))
is_vae = lambda n: n.startswith("first_stage_model.")
OWNS = dict(vae=is_vae, hints=lambda n: n.startswith(("control_encoder.model", "control_encoder.output", "cond_stage_model.")), joint=lambda n: not is_vae(n), dec=is_dec)
RATE = dict(vae=6e-4, hints=1e-3, joint=8e-4, dec=5e-4)
rng = np.random.default_rng()


def maps(): return {k: np.load(os.path.join(a.data or a.out, k + ".npy"), mmap_mode="r") for k in KEYS}
def img(x): return torch.from_numpy(np.ascontiguousarray(x)).permute(0, 3, 1, 2).float() / 127.5 - 1
def gray(x): return torch.from_numpy(np.ascontiguousarray(x))[:, None].float() / 255
def half(x): return F.avg_pool2d(x, 2)
def put(obj, f): torch.save(obj, P(f + ".tmp")); os.replace(P(f + ".tmp"), P(f))


@torch.no_grad()
def begin(m):
    """The VAE starts as one that carries block means; the sketch encoder keeps the signal's size (PyTorch's default init lets
    biases drown it in a stack of plain convolutions)."""
    carry_colors(m.first_stage_model)
    for c in m.control_encoder.modules():
        if isinstance(c, nn.Conv2d) and c.weight.any(): c.bias.zero_(); c.weight.normal_(std=1.6 * c.weight[0].numel() ** -0.5)
    return m


def load(which="model"):
    m = begin(Colorizer(SMALL))
    if os.path.exists(P(which + ".pt")): m.load_state_dict(torch.load(P(which + ".pt"), map_location="cpu"))
    return m


def loop(stage, m, loss_of, extra=None, every=None):
    """Trains what the stage owns until its share of the wall time is spent: warm-up, then over the last 40 % a line down to 2 % of the rate."""
    st = state(); total = SHARE[stage] * a.hours * 3600; spent = st.get(stage + "_s", 0.0); it = st.get(stage + "_steps", 0); seen = st.get(stage + "_samples", 0)
    if spent >= total: return
    for n, p in m.named_parameters(): p.requires_grad_(OWNS[stage](n))
    ps = [p for p in m.parameters() if p.requires_grad]; ex = list(extra.parameters()) if extra else []
    ema = load("ema"); es = dict(ema.named_parameters()); pairs = [(es[n], p) for n, p in m.named_parameters() if p.requires_grad]
    if it == 0:
        for e, p in pairs: e.data.copy_(p.data)
    opt = torch.optim.AdamW(ps + ex, lr=RATE[stage], betas=(0.9, 0.98), weight_decay=0.01)
    if it and os.path.exists(P(stage + ".opt.pt")):
        o = torch.load(P(stage + ".opt.pt"), weights_only=False); opt.load_state_dict(o["opt"])
        if extra: extra.load_state_dict(o["extra"])
    t0 = last = time.time(); it0 = it; run = []; first = True
    if a.crew > 1:  # each with its own optimizer state; the weights are shared memory
        m.share_memory()
        if extra: extra.share_memory()
        for k in range(1, a.crew):
            if os.fork() == 0:
                global rng
                rng = np.random.default_rng(); torch.seed(); first = False; break

    def save():
        put(m.state_dict(), "model.pt"); put(ema.state_dict(), "ema.pt")
        put(dict(opt=opt.state_dict(), extra=extra.state_dict() if extra else None), stage + ".opt.pt")
        state(**{stage + "_s": spent + time.time() - t0, stage + "_steps": it, stage + "_samples": seen, stage + "_loss": [float(x) for x in np.mean(run[-400:], 0)]})
    while True:
        fr = (spent + time.time() - t0) / total
        if fr >= 1: break
        for g in opt.param_groups: g["lr"] = RATE[stage] * min(1, (it + 1) / 120) * max(0.02, min(1, (1 - fr) / 0.4))
        loss, parts, n = loss_of(fr); loss.backward()
        torch.nn.utils.clip_grad_norm_(ps, 1.0); opt.step(); opt.zero_grad(set_to_none=True)
        it += 1; seen += n * a.crew; run.append(parts)
        if not first: continue
        k = min(0.998, (it + 1) / (it + 20))
        with torch.no_grad(): torch._foreach_lerp_([e for e, _ in pairs], [p for _, p in pairs], 1 - k)
        if it % 50 == 0: print(f"{stage} step {it} seen {seen} {fr:.3f} loss", *[f"{x:.4f}" for x in np.nanmean(run[-50:], 0)], f"{(time.time() - t0) / (it - it0):.2f} s/step", flush=True)
        if time.time() - last > 240:
            save(); last = time.time()
            if every: every(fr)
    if not first: os._exit(0)
    save()


dx, dy = (lambda t: t[..., 1:] - t[..., :-1]), (lambda t: t[..., 1:, :] - t[..., :-1, :])


def edges(y, x): return F.l1_loss(dx(y), dx(x)) + F.l1_loss(dy(y), dy(x))


def vae():
    M = maps(); m = load(); v = m.first_stage_model.to(memory_format=torch.channels_last)

    def loss_of(fr):
        c, b = (64, 4) if fr < 0.9 else (128, 2)
        small = rng.random() < 0.4; w = 2 * c if small else c; x = []
        for _ in range(b):
            y0, x0 = rng.integers(0, 257 - w, 2)
            p = M["color"][rng.integers(0, a.scenes - HELD), rng.integers(2), y0:y0 + w, x0:x0 + w][..., PERMS[rng.integers(6)]]
            x.append(p[:, ::-1] if rng.random() < 0.5 else p)
        x = img(np.stack(x)); x = (half(x) if small else x).contiguous(memory_format=torch.channels_last)
        mean, logvar = v.moments(x); logvar = logvar.clamp(-20, 10)
        y = v.decode(mean + torch.randn_like(mean) * (0.5 * logvar).exp())
        kl = 0.5 * (mean ** 2 + logvar.exp() - 1 - logvar).sum(1).mean(); l1 = F.l1_loss(y, x); gr = edges(y, x)
        return l1 + 0.5 * gr + 0.1 * F.mse_loss(y, x) + 2e-5 * kl, (l1.item(), gr.item(), kl.item()), b
    loop("vae", m, loss_of)


@torch.no_grad()
def walks():
    """Latents that the network itself arrives at, with the pictures they should be: what the decoder is finetuned on."""
    M = maps(); m = load("ema").eval(); sf = state()["scale_factor"]; Z, T = [], []; end = time.time() + 0.02 * a.hours * 3600
    while time.time() < end:
        tgt, sk, sm, _, ref, rm, _ = draw(M, 6, 256); mode = str(rng.choice(MODES, p=ODDS))
        Z.append(m.sample(m.conditions(sk, ref, mode, sm, rm), (6, m.cfg["unet"]["in_channels"], 32, 32), int(rng.choice([3, 6, 12])), float(rng.choice([1.0, 1.5, 2.0]))) / sf); T.append(tgt)
    put(dict(z=torch.cat(Z), x=torch.cat(T)), f"walks{os.getpid()}.pt"); print("walks", 6 * len(Z), flush=True)


def dec():
    """Teaches the decoder to clean what the network gives it: latents with noise, and the network's own."""
    import glob
    M = maps(); m = load("ema"); v = m.first_stage_model.to(memory_format=torch.channels_last); sf = state()["scale_factor"]
    W = [torch.load(f) for f in glob.glob(P("walks*.pt"))]; Z, T = torch.cat([w["z"] for w in W]), torch.cat([w["x"] for w in W])

    def loss_of(fr):
        b, n = 3, 16; i = torch.randint(len(Z), (b,)); y0, x0 = rng.integers(0, 33 - n, 2); own = rng.random() < 0.5
        x = T[i, :, 8 * y0:8 * (y0 + n), 8 * x0:8 * (x0 + n)]
        if not own: x = img(np.stack([M["color"][rng.integers(0, a.scenes - HELD), rng.integers(2), 8 * y0:8 * (y0 + n), 8 * x0:8 * (x0 + n)] for _ in range(b)])[..., PERMS[rng.integers(6)]])
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            if own: z = Z[i, :, y0:y0 + n, x0:x0 + n]
            else: z = v.moments(x)[0]; z = z + 0.5 * torch.rand(b, 1, 1, 1) * torch.randn_like(z) / sf
        y = v.decode(z); l1 = F.l1_loss(y, x); gr = edges(y, x); k = 0 if own else 2
        parts = [float("nan")] * 4; parts[k], parts[k + 1] = l1.item(), gr.item()
        return l1 + 0.5 * gr + 0.1 * F.mse_loss(y, x), parts, b
    loop("dec", m, loss_of)


def draw(M, b, size):
    """A batch: target, sketch, mask, parts of one view; reference, mask, parts of the other; both mirrored and recolored at random."""
    ii = np.sort(rng.choice(a.scenes - HELD, b, replace=False)); v = rng.integers(0, 2, b); q = PERMS[rng.integers(6)]

    def take(key, view, flip):
        x = np.stack([M[key][i, w] for i, w in zip(ii, view)])
        return np.where(flip.reshape(-1, *[1] * (x.ndim - 1)), x[:, :, ::-1], x)
    f, g = rng.random(b) < 0.5, rng.random(b) < 0.5
    hot = lambda p: F.one_hot(torch.from_numpy(p.astype(np.int64)), len(data.PARTS)).permute(0, 3, 1, 2).float()
    tgt, sk, sm = img(take("color", v, f)[..., q]), sketch(take("sketch", v, f)), gray(take("mask", v, f))
    if size == 128: tgt, sk, sm = half(tgt), half(sk), half(sm)
    return tgt, sk, sm, hot(take("part", v, f)), img(take("color", 1 - v, g)[..., q]), gray(take("mask", 1 - v, g)), hot(take("part", 1 - v, g))


def sketch(x): return ((1 - gray(x)) * 2 - 1).repeat(1, 3, 1, 1)


def pool(x, n): return F.adaptive_avg_pool2d(x, n)


class Hints(nn.Module):
    """Training-only heads: the palette entry from sketch features (1/8 and 1/32) and from tokens, and the patch's mean color."""
    def __init__(s, cfg):
        super().__init__()
        c = [cfg["sketch"]["model_channels"] * k for k in cfg["sketch"]["ch_mults"]]; n = len(data.PARTS)
        s.fine, s.coarse, s.token = nn.Conv2d(c[0], n, 1), nn.Conv2d(c[-1], n, 1), nn.Linear(cfg["clip"]["output_dim"], n + 3)
        s.seen = {}
    def watch(s, m):
        m.control_encoder.model.register_forward_hook(lambda _, i, o: s.seen.update(fine=o))
        m.control_encoder.output_blocks[-1].register_forward_hook(lambda _, i, o: s.seen.update(coarse=o))
    def forward(s, e, part, rpart, ref):
        ce = lambda y, p: -(F.log_softmax(y, 1) * pool(p, y.shape[-1])).sum(1).mean()
        k = SMALL["clip"]["image_size"] // SMALL["clip"]["patch"]; y = s.token(e[:, :k * k]).transpose(1, 2).unflatten(2, (k, k)); n = len(data.PARTS)
        return ce(s.fine(s.seen["fine"]), part) + ce(s.coarse(s.seen["coarse"]), part), ce(y[:, :n], rpart) + F.mse_loss(y[:, n:], pool(ref, k))


def hint():
    M = maps(); m = load("model" if state().get("hints_steps") else "ema"); hints = Hints(SMALL); hints.watch(m)

    def loss_of(fr):
        size, b = (256, 3) if rng.random() < 0.1 else (128, 8)
        _, sk, _, part, ref, _, rpart = draw(M, b, size)
        m.control_encoder(sk); hs, ht = hints(m.tokens(ref), part, rpart, ref)
        return hs + ht, (hs.item(), ht.item()), b
    loop("hints", m, loss_of, hints)


MODES, ODDS = ["vanilla", "full", "foreground", "background"], [0.5, 0.3, 0.1, 0.1]


def joint():
    M = maps(); m = load("model" if state().get("joint_steps") else "ema"); v = m.first_stage_model; hints = Hints(SMALL); hints.watch(m)
    take = a.take or a.out + "_h"
    if os.path.exists(os.path.join(take, "ema.pt")) and not state().get("joint_steps"):
        e = torch.load(os.path.join(take, "ema.pt")); m.load_state_dict({k: x for k, x in e.items() if OWNS["hints"](k)}, strict=False)
        hints.load_state_dict(torch.load(os.path.join(take, "hints.opt.pt"), weights_only=False)["extra"])
    with torch.no_grad():
        if "scale_factor" not in state():
            z = [v.moments(s(img(M["color"][i:i + 8, 0])))[0].flatten() for i in range(0, 64, 8) for s in (half, lambda x: x)]
            state(scale_factor=1 / torch.cat(z).std().item())
    sf = state()["scale_factor"]

    def loss_of(fr):
        size, b = (256, 2) if rng.random() < (0.05 if fr < 0.4 else 0.05 + 0.7 * (fr - 0.4)) else (128, 6)
        mode = str(rng.choice(MODES, p=ODDS)) if rng.random() < 4 * fr else "vanilla"; tgt, sk, sm, part, ref, rm, rpart = draw(M, b, size)
        with torch.no_grad(): z = v.moments(tgt)[0] * sf
        # The model's own walk, sharing one context: a step from (mostly) pure noise, then one from where a few steps lead. The last
        # is asked for the true picture, so the walk mends its own errors instead of trusting them: far cleaner pictures from short training.
        t = torch.where(torch.rand(b) < 0.7, 900 + 100 * torch.rand(b), 1000 * torch.rand(b) ** 0.6).long(); noise = torch.randn_like(z); A, S = m.alpha_sigma(t)
        ts, tr = 0.05 + 0.9 * torch.rand(2, b)
        c = m.conditions(sk, ref, mode, sm, rm, ts, tr); e = c["context"]
        c["context"] = e * (torch.rand(b, 1, 1) > 0.1)
        x = A * z + S * noise; y = m.unet(x, t, c); l = F.mse_loss(y, A * noise - S * z)
        with torch.no_grad():
            for k in range(int(rng.choice(3, p=[0.35, 0.3, 0.35])), -1, -1):  # none to two steps in between
                t2 = (t * (0.05 + 0.95 * torch.rand(b)) ** (1 / (k + 1))).long(); A2, S2 = m.alpha_sigma(t2); x2 = A2 * (A * x - S * y) + S2 * (S * x + A * y)
                if k: t, A, S, x = t2, A2, S2, x2; y = m.unet(x, t, c)
        l2 = F.mse_loss(A2 * x2 - S2 * m.unet(x2, t2, c), z); l = l + l2
        hs, ht = hints(e, part, rpart, ref)
        k = 0 if size == 128 else 1
        parts = [float("nan")] * 4; parts[k], parts[2], parts[3] = l.item(), hs.item(), ht.item()
        return l + 0.3 * (1 - 0.9 * fr) * (hs + ht), parts, b
    loop("joint", m, loss_of, hints, lambda fr: weights())


def weights(folder="export"):
    """f16 weights and config.json, replaced in one go."""
    from safetensors.torch import save_file
    os.makedirs(folder, exist_ok=True); f = os.path.join(folder, "model.safetensors"); m = load("ema")
    save_file({k: x.half().contiguous() for k, x in m.state_dict().items()}, f + ".tmp"); os.chmod(f + ".tmp", 0o644); os.replace(f + ".tmp", f)
    cfg = dict(SMALL, scale_factor=state().get("scale_factor", 1.0))
    with open(os.path.join(folder, "config.json.tmp"), "w") as o: json.dump(cfg, o, indent=1)
    os.replace(os.path.join(folder, "config.json.tmp"), os.path.join(folder, "config.json"))


def exported(folder="export"):
    from safetensors.torch import load_file
    m = Colorizer(json.load(open(os.path.join(folder, "config.json")))); m.load_state_dict({k: x.float() for k, x in load_file(os.path.join(folder, "model.safetensors")).items()})
    return m.eval()


@torch.no_grad()
def fixture(folder="export"):
    """One case at 64x64 for a second implementation to agree with: the exported weights, evaluated in f32."""
    from safetensors.torch import save_file
    m = exported(folder); torch.manual_seed(1); d = data.scene(np.random.default_rng(5)); q = lambda x: F.avg_pool2d(x, 4)
    sk, ref, sm, rm = q(sketch(d["sketch"][:1])), q(img(d["color"][1:])), q(gray(d["mask"][:1])), q(gray(d["mask"][1:]))
    z, t = torch.randn(1, SMALL["unet"]["in_channels"], 8, 8), torch.tensor([700]); lat = m.first_stage_model.moments(q(img(d["color"][:1])))[0]
    o = dict(sketch=sk, reference=ref, smask=sm, rmask=rm, x_T=z, t=t.float(), latent=lat, decoded=m.first_stage_model.decode(lat))
    for mode in ("vanilla", "full"):
        c = m.conditions(sk, ref, mode, sm, rm); o[mode + ".context"], o[mode + ".v"] = c["context"], m.unet(z, t, c)
    save_file({k: x.float().contiguous() for k, x in o.items()}, os.path.join(folder, "fixture.safetensors"))


def held_out(samples):
    """Sketch, reference, target, masks of held-out pairs: drawn from unseen seeds, and the folders of sample pictures if given."""
    from PIL import Image
    rows = []
    for i in range(3):
        d = data.scene(np.random.default_rng(77 + i), vary=0.25)
        rows.append((d["sketch"][0], d["color"][1], d["color"][0], d["mask"][0], d["mask"][1]))
    for i in range(5):
        if samples and os.path.exists(os.path.join(samples, str(i))):
            f = lambda n, k: np.asarray(Image.open(os.path.join(samples, str(i), n + ".png")).convert(k))
            rows.append((f("sketch", "L"), f("reference", "RGB"), f("target", "RGB"), f("sketch_mask", "L"), f("reference_mask", "L")))
    s, r, t, sm, rm = (np.stack(x) for x in zip(*rows))
    return sketch(s), img(r), img(t), gray(sm), gray(rm)


@torch.no_grad()
def sheet(folder="export", steps=12, guidance=1.5):
    """Columns: sketch, reference, target, VAE round trip, vanilla, foreground, background, full, another reference, vanilla with it."""
    from PIL import Image
    m = exported(folder); sk, ref, tgt, sm, rm = held_out(a.samples); sf = m.cfg["scale_factor"]; v = m.first_stage_model
    torch.manual_seed(0); nz = torch.randn(len(sk), SMALL["unet"]["in_channels"], 32, 32); roll, rr = torch.roll(ref, 1, 0), torch.roll(rm, 1, 0); other = torch.roll(tgt, 1, 0)
    go = lambda mode, r=ref, k=rm: v.decode(m.sample(m.conditions(sk, r, mode, sm, k), nz.shape, steps, guidance, nz) / sf).clamp(-1, 1)
    rt = v.decode(v.moments(tgt)[0]).clamp(-1, 1)
    outs = {k: go(k) for k in ("vanilla", "foreground", "background", "full")}; wrong = go("vanilla", roll, rr)
    l1 = lambda x, y: ((x - y).abs().mean() * 127.5).item()
    st = state(); res = dict(steps={k: st.get(k) for k in st if k.endswith(("steps", "samples", "_s", "loss"))}, round_trip=l1(rt, tgt), **{k: l1(x, tgt) for k, x in outs.items()},
                             vanilla_vs_target_of_wrong_reference=l1(outs["vanilla"], other), wrong_reference_vs_target=l1(wrong, tgt), mean_picture_vs_target=l1(tgt.mean((0, 2, 3), keepdim=True).expand_as(tgt), tgt))
    print(json.dumps(res)); json.dump(res, open(P("figures.json"), "w"), indent=1)
    g = torch.cat([torch.cat(list(x), 1) for x in [-sk, ref, tgt, rt, *outs.values(), roll, wrong]], 2)
    Image.fromarray(((g.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()).save(P("sheet.png")); os.replace(P("sheet.png"), os.path.join(folder, "sheet.png"))


def export(): weights(); fixture(); sheet()


if __name__ == "__main__":
    if not a.data: gen()
    for s in (["vae", "hints", "joint", "walks", "dec", "export"] if a.stage == "auto" else [a.stage]):
        {"gen": lambda: 0, "vae": vae, "hints": hint, "joint": joint, "walks": walks, "dec": dec, "export": export, "sheet": sheet}[s]()
