"""PyTorch reference of the colorization network (LDM key layout), sized by a config dict."""
import math
import torch, torch.nn as nn, torch.nn.functional as F


def timestep_embedding(t, dim, max_period=10000):
    half = dim // 2
    freqs = torch.exp(-math.log(max_period) * torch.arange(half, device=t.device, dtype=torch.float32) / half)
    a = t[:, None].float() * freqs[None]
    return torch.cat([torch.cos(a), torch.sin(a)], -1)


GROUPS = 32  # groups of every group norm; set from cfg["norm_groups"] when a Colorizer is built


def GN(c, eps=1e-5): return nn.GroupNorm(GROUPS, c, eps=eps)
def zero(m):
    for p in m.parameters(): nn.init.zeros_(p)
    return m


class ResBlock(nn.Module):
    def __init__(s, ci, te, co):
        super().__init__()
        s.in_layers = nn.Sequential(GN(ci), nn.SiLU(), nn.Conv2d(ci, co, 3, padding=1))
        s.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(te, co))
        s.out_layers = nn.Sequential(GN(co), nn.SiLU(), nn.Identity(), zero(nn.Conv2d(co, co, 3, padding=1)))
        s.skip_connection = nn.Identity() if ci == co else nn.Conv2d(ci, co, 1)
    def forward(s, x, emb):
        h = s.in_layers(x) + s.emb_layers(emb)[..., None, None]
        return s.skip_connection(x) + s.out_layers(h)


class Downsample(nn.Module):
    def __init__(s, c): super().__init__(); s.op = nn.Conv2d(c, c, 3, stride=2, padding=1)
    def forward(s, x): return s.op(x)


class Upsample(nn.Module):
    def __init__(s, c): super().__init__(); s.conv = nn.Conv2d(c, c, 3, padding=1)
    def forward(s, x): return s.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class SplitLora(nn.Linear):
    """Linear with a foreground and a background low-rank branch; `mode` in {None, 'fg', 'bg'}."""
    def __init__(s, i, o, fr, br):
        super().__init__(i, o, bias=False)
        m = min(i, o)
        fr = int(fr * m) if isinstance(fr, float) else fr
        br = int(br * m) if isinstance(br, float) else br
        s.lora_down_fg, s.lora_up_fg = nn.Linear(i, fr, bias=False), zero(nn.Linear(fr, o, bias=False))
        s.lora_down_bg, s.lora_up_bg = nn.Linear(i, br, bias=False), zero(nn.Linear(br, o, bias=False))
        nn.init.normal_(s.lora_down_fg.weight, std=1 / fr); nn.init.normal_(s.lora_down_bg.weight, std=1 / br)
    def forward(s, x, mode=None):
        y = F.linear(x, s.weight)
        if mode == "fg": y = y + s.lora_up_fg(s.lora_down_fg(x))
        if mode == "bg": y = y + s.lora_up_bg(s.lora_down_bg(x))
        return y


def sdpa(q, k, v, heads):
    b, n, c = q.shape
    f = lambda t: t.reshape(b, t.shape[1], heads, c // heads).transpose(1, 2)
    return F.scaled_dot_product_attention(f(q), f(k), f(v)).transpose(1, 2).reshape(b, n, c)


class Attention(nn.Module):
    def __init__(s, dim, ctx=None, heads=4, lora=None):
        super().__init__()
        s.heads = heads
        lin = (lambda i, o: SplitLora(i, o, **lora)) if lora else (lambda i, o: nn.Linear(i, o, bias=False))
        s.to_q, s.to_k, s.to_v = lin(dim, dim), lin(ctx or dim, dim), lin(ctx or dim, dim)
        s.to_out = nn.Sequential(nn.Linear(dim, dim), nn.Identity())
    def forward(s, x, context=None):
        c = x if context is None else context
        return s.to_out(sdpa(s.to_q(x), s.to_k(c), s.to_v(c), s.heads))
    def split(s, x, fg, bg, mask, thr, use_fg, use_bg):
        def br(c, m): return sdpa(s.to_q(x, m), s.to_k(c, m), s.to_v(c, m), s.heads)
        o = torch.where(mask > thr, br(fg, "fg" if use_fg else None), br(bg, "bg" if use_bg else None))
        return s.to_out(o)


class FeedForward(nn.Module):
    def __init__(s, dim, mult=4):
        super().__init__()
        class G(nn.Module):
            def __init__(t): super().__init__(); t.proj = nn.Linear(dim, dim * mult * 2)
            def forward(t, x): a, g = t.proj(x).chunk(2, -1); return a * F.gelu(g)
        s.net = nn.Sequential(G(), nn.Identity(), nn.Linear(dim * mult, dim))
    def forward(s, x): return s.net(x)


class Block(nn.Module):
    def __init__(s, dim, heads, ctx, lora):
        super().__init__()
        s.attn1, s.ff, s.attn2 = Attention(dim, heads=heads), FeedForward(dim), Attention(dim, ctx, heads, lora)
        s.norm1, s.norm2, s.norm3 = nn.LayerNorm(dim), nn.LayerNorm(dim), nn.LayerNorm(dim)
    def forward(s, x, cond, hw):
        x = s.attn1(s.norm1(x)) + x
        h = s.norm2(x)
        if cond.get("mask") is None: a = s.attn2(h, cond["context"])
        else:
            m = F.interpolate(cond["mask"], size=hw, mode="bicubic").flatten(2).transpose(1, 2)
            fg, bg = cond["context"].chunk(2, 1)
            a = s.attn2.split(h, fg, bg, m, cond["threshold"], cond["use_fg"], cond["use_bg"])
        x = a + x
        return s.ff(s.norm3(x)) + x


class SpatialTransformer(nn.Module):
    def __init__(s, c, hd, ctx, lora):
        super().__init__()
        s.norm = GN(c, 1e-6)
        s.proj_in = nn.Conv2d(c, c, 1)
        s.transformer_blocks = nn.ModuleList([Block(c, c // hd, ctx, lora)])
        s.proj_out = zero(nn.Conv2d(c, c, 1))
    def forward(s, x, cond):
        b, c, h, w = x.shape
        y = s.proj_in(s.norm(x)).flatten(2).transpose(1, 2)
        for blk in s.transformer_blocks: y = blk(y, cond, (h, w))
        return x + s.proj_out(y.transpose(1, 2).reshape(b, c, h, w))


class Seq(nn.Sequential):
    def forward(s, x, emb, cond):
        for l in s:
            x = l(x, emb) if isinstance(l, ResBlock) else l(x, cond) if isinstance(l, SpatialTransformer) else l(x)
        return x


class UNet(nn.Module):
    def __init__(s, in_channels, out_channels, model_channels, channel_mult, num_res_blocks, attention_resolutions, num_head_channels, context_dim, lora):
        super().__init__()
        mc, te = model_channels, model_channels * 4
        s.mc = mc
        st = lambda c: SpatialTransformer(c, num_head_channels, context_dim, lora)
        s.time_embed = nn.Sequential(nn.Linear(mc, te), nn.SiLU(), nn.Linear(te, te))
        s.input_blocks = nn.ModuleList([Seq(nn.Conv2d(in_channels, mc, 3, padding=1))])
        chans, c, ds, s.hints = [mc], mc, 1, [0]
        for i, m in enumerate(channel_mult):
            for _ in range(num_res_blocks):
                L = [ResBlock(c, te, m * mc)]; c = m * mc
                if ds in attention_resolutions: L.append(st(c))
                s.input_blocks.append(Seq(*L)); chans.append(c)
            if i != len(channel_mult) - 1:
                s.input_blocks.append(Seq(Downsample(c))); chans.append(c); ds *= 2
                s.hints.append(len(s.input_blocks) - 1)
        s.hints.append(len(s.input_blocks) - 1)
        s.middle_block = Seq(ResBlock(c, te, c), st(c), ResBlock(c, te, c))
        s.output_blocks = nn.ModuleList()
        for i, m in list(enumerate(channel_mult))[::-1]:
            for j in range(num_res_blocks + 1):
                L = [ResBlock(c + chans.pop(), te, m * mc)]; c = m * mc
                if ds in attention_resolutions: L.append(st(c))
                if i and j == num_res_blocks: L.append(Upsample(c)); ds //= 2
                s.output_blocks.append(Seq(*L))
        s.out = nn.Sequential(GN(c), nn.SiLU(), zero(nn.Conv2d(mc, out_channels, 3, padding=1)))
    def forward(s, x, t, cond):
        emb = s.time_embed(timestep_embedding(t, s.mc).to(x.dtype))
        hs, h, k = [], x, 0
        for i, b in enumerate(s.input_blocks):
            h = b(h, emb, cond)
            if i in s.hints: h = h + cond["control"][k]; k += 1
            hs.append(h)
        h = s.middle_block(h, emb, cond)
        for b in s.output_blocks: h = b(torch.cat([h, hs.pop()], 1), emb, cond)
        return s.out(h)


class SketchEncoder(nn.Module):
    def __init__(s, in_ch, model_channels, ch_mults):
        super().__init__()
        C = lambda i, o, st=1: nn.Conv2d(i, o, 3, stride=st, padding=1)
        o = [model_channels * m for m in ch_mults]
        w = [16, 16, 32, 32, 96, 96, 256]
        L, p = [], in_ch
        for i, c in enumerate(w): L += [C(p, c, 2 if i in (2, 4, 6) else 1), nn.SiLU()]; p = c
        s.model = nn.Sequential(*L, C(p, o[0]))
        s.zero_layer = nn.Sequential(zero(nn.Conv2d(o[0], o[0], 1)))
        s.output_blocks, s.zero_blocks, p = nn.ModuleList(), nn.ModuleList(), o[0]
        for i, c in enumerate(o):
            s.output_blocks.append(nn.Sequential(nn.SiLU(), C(p, c, 2 if i != len(o) - 1 else 1), nn.SiLU(), C(c, c)))
            s.zero_blocks.append(nn.Sequential(zero(nn.Conv2d(c, c, 1)))); p = c
    def forward(s, x):
        x = s.model(x); hs = [s.zero_layer(x)]
        for l, z in zip(s.output_blocks, s.zero_blocks): x = l(x); hs.append(z(x))
        return hs


# --- VAE -------------------------------------------------------------------
class VRes(nn.Module):
    def __init__(s, ci, co):
        super().__init__()
        s.norm1, s.conv1, s.norm2, s.conv2 = GN(ci, 1e-6), nn.Conv2d(ci, co, 3, padding=1), GN(co, 1e-6), zero(nn.Conv2d(co, co, 3, padding=1))
        if ci != co: s.nin_shortcut = nn.Conv2d(ci, co, 1)
    def forward(s, x):
        h = s.conv2(F.silu(s.norm2(s.conv1(F.silu(s.norm1(x))))))
        return (s.nin_shortcut(x) if hasattr(s, "nin_shortcut") else x) + h


class VAttn(nn.Module):
    def __init__(s, c):
        super().__init__()
        s.norm, s.q, s.k, s.v, s.proj_out = GN(c, 1e-6), *[nn.Conv2d(c, c, 1) for _ in range(4)]
        zero(s.proj_out)
    def forward(s, x):
        b, c, h, w = x.shape; n = s.norm(x)
        q, k, v = [f(n).flatten(2).transpose(1, 2) for f in (s.q, s.k, s.v)]
        return x + s.proj_out(sdpa(q, k, v, 1).transpose(1, 2).reshape(b, c, h, w))


class VDown(nn.Module):
    def __init__(s, c): super().__init__(); s.conv = nn.Conv2d(c, c, 3, stride=2)
    def forward(s, x): return s.conv(F.pad(x, (0, 1, 0, 1)))


class Level(nn.Module):
    pass


class VEncoder(nn.Module):
    def __init__(s, ch, ch_mult, nrb, z):
        super().__init__()
        s.conv_in = nn.Conv2d(3, ch, 3, padding=1); s.down = nn.ModuleList(); c = ch
        for i, m in enumerate(ch_mult):
            L = Level(); L.block = nn.ModuleList()
            for _ in range(nrb): L.block.append(VRes(c, ch * m)); c = ch * m
            if i != len(ch_mult) - 1: L.downsample = VDown(c)
            s.down.append(L)
        s.mid = Level(); s.mid.block_1, s.mid.attn_1, s.mid.block_2 = VRes(c, c), VAttn(c), VRes(c, c)
        s.norm_out, s.conv_out = GN(c, 1e-6), nn.Conv2d(c, 2 * z, 3, padding=1)
    def forward(s, x):
        h = s.conv_in(x)
        for L in s.down:
            for b in L.block: h = b(h)
            if hasattr(L, "downsample"): h = L.downsample(h)
        h = s.mid.block_2(s.mid.attn_1(s.mid.block_1(h)))
        return s.conv_out(F.silu(s.norm_out(h)))


class VDecoder(nn.Module):
    def __init__(s, ch, ch_mult, nrb, z):
        super().__init__()
        c = ch * ch_mult[-1]
        s.conv_in = nn.Conv2d(z, c, 3, padding=1)
        s.mid = Level(); s.mid.block_1, s.mid.attn_1, s.mid.block_2 = VRes(c, c), VAttn(c), VRes(c, c)
        ups = []
        for i in reversed(range(len(ch_mult))):
            L = Level(); L.block = nn.ModuleList()
            for _ in range(nrb + 1): L.block.append(VRes(c, ch * ch_mult[i])); c = ch * ch_mult[i]
            if i: L.upsample = Upsample(c)
            ups.insert(0, L)
        s.up = nn.ModuleList(ups)
        s.norm_out, s.conv_out = GN(c, 1e-6), nn.Conv2d(c, 3, 3, padding=1)
    def forward(s, z):
        h = s.conv_in(z); h = s.mid.block_2(s.mid.attn_1(s.mid.block_1(h)))
        for L in reversed(s.up):
            for b in L.block: h = b(h)
            if hasattr(L, "upsample"): h = L.upsample(h)
        return s.conv_out(F.silu(s.norm_out(h)))


class VAE(nn.Module):
    def __init__(s, ch, ch_mult, num_res_blocks, z_channels):
        super().__init__()
        s.encoder, s.decoder = VEncoder(ch, ch_mult, num_res_blocks, z_channels), VDecoder(ch, ch_mult, num_res_blocks, z_channels)
        s.quant_conv, s.post_quant_conv = nn.Conv2d(2 * z_channels, 2 * z_channels, 1), nn.Conv2d(z_channels, z_channels, 1)
    def moments(s, x): return s.quant_conv(s.encoder(x)).chunk(2, 1)
    def decode(s, z): return s.decoder(s.post_quant_conv(z))


# --- image encoder (OpenCLIP vision tower layout) ---------------------------
class MHA(nn.Module):
    def __init__(s, w, heads):
        super().__init__(); s.heads = heads
        s.in_proj_weight, s.in_proj_bias = nn.Parameter(torch.randn(3 * w, w) * w ** -0.5), nn.Parameter(torch.zeros(3 * w))
        s.out_proj = nn.Linear(w, w)
    def forward(s, x):
        q, k, v = F.linear(x, s.in_proj_weight, s.in_proj_bias).chunk(3, -1)
        return s.out_proj(sdpa(q, k, v, s.heads))


class RAB(nn.Module):
    def __init__(s, w, heads, ratio=4):
        super().__init__()
        s.ln_1, s.attn, s.ln_2 = nn.LayerNorm(w), MHA(w, heads), nn.LayerNorm(w)
        s.mlp = nn.Sequential(); s.mlp.c_fc, s.mlp.gelu, s.mlp.c_proj = nn.Linear(w, w * ratio), nn.GELU(), nn.Linear(w * ratio, w)
    def forward(s, x): x = x + s.attn(s.ln_1(x)); return x + s.mlp(s.ln_2(x))


class Vision(nn.Module):
    def __init__(s, image_size, patch, width, layers, heads, output_dim):
        super().__init__()
        s.conv1 = nn.Conv2d(3, width, patch, stride=patch, bias=False)
        s.class_embedding = nn.Parameter(torch.randn(width) * width ** -0.5)
        s.positional_embedding = nn.Parameter(torch.randn((image_size // patch) ** 2 + 1, width) * width ** -0.5)
        s.ln_pre = nn.LayerNorm(width)
        s.transformer = Level(); s.transformer.resblocks = nn.ModuleList([RAB(width, heads) for _ in range(layers)])
        s.ln_post = nn.LayerNorm(width); s.proj = nn.Parameter(torch.randn(width, output_dim) * width ** -0.5)
    def forward(s, x):
        x = s.conv1(x).flatten(2).transpose(1, 2)
        x = torch.cat([s.class_embedding.to(x.dtype).expand(x.shape[0], 1, -1), x], 1) + s.positional_embedding
        x = s.ln_pre(x)
        for b in s.transformer.resblocks: x = b(x)
        return s.ln_post(x) @ s.proj


class CLIPImage(nn.Module):
    MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
    def __init__(s, **k): super().__init__(); s.size = k["image_size"]; s.visual = Level(); s.visual.model = Vision(**k)
    def forward(s, img):
        x = F.interpolate(img, (s.size, s.size), mode="bicubic", align_corners=True, antialias=True) if img.shape[-1] != s.size or img.shape[-2] != s.size else img
        m, d = (torch.tensor(v, device=x.device, dtype=x.dtype).view(1, 3, 1, 1) for v in (s.MEAN, s.STD))
        return s.visual.model(((x + 1) / 2 - m) / d)


class ClusterTransformer(nn.Module):
    def __init__(s, dim, layers, token_length, heads):
        super().__init__()
        s.layers = nn.ModuleList([nn.ModuleList([nn.LayerNorm(dim), nn.LayerNorm(dim), Attention(dim, dim, heads),
                                                 nn.Sequential(nn.Linear(dim, 4 * dim), nn.SiLU(), nn.Linear(4 * dim, dim))]) for _ in range(layers)])
        s.embedding = nn.Parameter(torch.randn(token_length, dim))
    def forward(s, e):
        x = s.embedding.expand(e.shape[0], -1, -1)
        for n1, n2, at, ff in s.layers: x = at(n1(x), e) + x; x = ff(n2(x)) + x
        return x


class ScalarEmbedder(nn.Module):
    def __init__(s, embed_dim, out_dim):
        super().__init__(); s.d = embed_dim
        s.embed_layer = nn.Sequential(nn.Linear(embed_dim, out_dim), nn.SiLU(), zero(nn.Linear(out_dim, out_dim)))
    def forward(s, x): return s.embed_layer(timestep_embedding(x, s.d)[:, None])


class Colorizer(nn.Module):
    def __init__(s, cfg):
        super().__init__()
        global GROUPS
        s.cfg, GROUPS = cfg, cfg.get("norm_groups", 32)
        s.model = Level(); s.model.diffusion_model = UNet(**cfg["unet"], lora=cfg["lora"])
        s.first_stage_model = VAE(**cfg["vae"])
        s.cond_stage_model = CLIPImage(**cfg["clip"])
        s.control_encoder = SketchEncoder(**cfg["sketch"])
        s.transformer = ClusterTransformer(**cfg["cluster"])
        s.thresh_embedder = ScalarEmbedder(**cfg["threshold"])
        b = torch.linspace(cfg["linear_start"] ** 0.5, cfg["linear_end"] ** 0.5, 1000, dtype=torch.float64) ** 2
        s.register_buffer("alphas_cumprod", torch.cumprod(1 - b, 0).float(), persistent=False)
    @property
    def unet(s): return s.model.diffusion_model

    def tokens(s, image): return s.cond_stage_model(image)[:, 1:]

    def conditions(s, sketch, reference, mode="vanilla", smask=None, rmask=None, t_s=0.05, t_r=0.5):
        """sketch/reference in [-1,1]; sketch lines are +1 on -1; masks in [0,1], smask at the sketch's size.
        mode: vanilla, foreground, background or full; the reference may be of any size."""
        e = s.tokens(reference)
        cond = dict(control=s.control_encoder(sketch), context=e)
        if mode == "vanilla": return cond
        ts, tr = (torch.as_tensor(t, device=e.device, dtype=torch.float32).expand(e.shape[0]) for t in (t_s, t_r))
        if mode == "foreground": e = torch.cat([e, e], 1)
        else:
            bg = s.tokens(torch.where(rmask < tr.view(-1, 1, 1, 1), reference, torch.ones_like(reference)))
            bg = s.transformer(bg + s.thresh_embedder(tr).to(e.dtype))
            e = torch.cat([e + s.thresh_embedder(ts).to(e.dtype), bg], 1)
        cond.update(context=e, mask=F.interpolate(smask, scale_factor=0.125, mode="bicubic"), threshold=ts.view(-1, 1, 1),
                    use_fg=mode != "background", use_bg=mode != "foreground")
        return cond

    def alpha_sigma(s, t):
        a = s.alphas_cumprod[t].view(-1, 1, 1, 1); return a.sqrt(), (1 - a).sqrt()

    @torch.no_grad()
    def sample(s, cond, shape, steps=20, cfg=3.0, noise=None, device="cpu"):
        """DDIM (eta 0) on v-prediction with reference guidance."""
        x = noise if noise is not None else torch.randn(shape, device=device)
        un = dict(cond); un["context"] = torch.zeros_like(cond["context"])
        ts = torch.linspace(999, 0, steps + 1).round().long()
        for a, b in zip(ts[:-1], ts[1:]):
            t = torch.full((shape[0],), int(a), device=device)
            v = s.unet(x, t, cond)
            if cfg != 1: u = s.unet(x, t, un); v = u + (v - u) * cfg
            A, S = s.alpha_sigma(t); x0 = A * x - S * v; eps = S * x + A * v
            A2, S2 = s.alpha_sigma(torch.full_like(t, int(b)))
            x = A2 * x0 + S2 * eps
        return x0


SMALL = dict(
    linear_start=0.00085, linear_end=0.012, scale_factor=1.0, prediction="v", image_size=256, norm_groups=2,
    unet=dict(in_channels=8, out_channels=8, model_channels=64, channel_mult=[1, 2, 2], num_res_blocks=1, attention_resolutions=[1, 2, 4], num_head_channels=32, context_dim=128),
    lora=dict(fr=4, br=0.25),
    vae=dict(ch=8, ch_mult=[1, 2, 6, 12], num_res_blocks=1, z_channels=8),
    clip=dict(image_size=224, patch=14, width=192, layers=3, heads=6, output_dim=128),
    sketch=dict(in_ch=3, model_channels=64, ch_mults=[1, 2, 2]),
    cluster=dict(dim=128, layers=1, token_length=256, heads=2),
    threshold=dict(embed_dim=256, out_dim=128),
)

if __name__ == "__main__":
    m = Colorizer(SMALL)
    for n, c in m.named_children(): print(n, sum(p.numel() for p in c.parameters()) / 1e6)
    print("total", sum(p.numel() for p in m.parameters()) / 1e6)
    for n, c in m.unet.named_children(): print("  ", n, sum(p.numel() for p in c.parameters()) / 1e6)
