# SPDX-License-Identifier: Apache-2.0

"""The stages' losses: autoencoder; encoders and U-Net together; the decoder again."""

import torch
import torch.nn as nn
import torch.nn.functional as F

import views
from config import CONFIG, SAMPLING, SCALE
from pointer import Pointers

SIDE = CONFIG["clip"]["image_size"] // CONFIG["clip"]["patch"]
TOKEN_SIZE = CONFIG["clip"]["image_size"]
MODES, ODDS = ["vanilla", "full", "foreground", "background"], torch.tensor([0.5, 0.4, 0.05, 0.05])


def is_decoder(name):
    return name.startswith(("first_stage_model.decoder.", "first_stage_model.post_quant_conv."))


def is_autoencoder(name):
    return name.startswith("first_stage_model.")


def is_colorizer(name):
    return not is_autoencoder(name)


def is_colorizer_but_first_strokes(name):
    """Leaves the sketch encoder's costly first four convolutions as they are: for a start from
    older weights, on a CPU."""
    return is_colorizer(name) and not name.startswith(
        tuple(f"control_encoder.model.{i}." for i in (0, 2, 4, 6))
    )


def steps_apart(y, x):
    """L1 of the differences between neighbors: edges and lines."""
    dx, dy = (lambda t: t[..., 1:] - t[..., :-1]), (lambda t: t[..., 1:, :] - t[..., :-1, :])
    return F.l1_loss(dx(y), dx(x)) + F.l1_loss(dy(y), dy(x))


def likeness(y, x):
    l1, edges = F.l1_loss(y, x), steps_apart(y, x)
    return l1 + 0.7 * edges + 0.1 * F.mse_loss(y, x), l1, edges


# --- autoencoder -------------------------------------------------------------
def autoencoder(m, bank, batch, size=64):
    vae = m.first_stage_model

    def loss_of(_):
        x = views.crops(bank, batch, size)
        mean, logvar = vae.moments(x)
        mean, logvar = mean.float(), logvar.float().clamp(-20, 10)
        y = vae.decode(mean + torch.randn_like(mean) * (0.5 * logvar).exp()).float()
        kl = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).sum(1).mean()
        loss, l1, edges = likeness(y, x)
        color = F.l1_loss(mean[:, :3], F.avg_pool2d(x, 8))
        return loss + 0.5 * color + 1e-5 * kl, dict(l1=l1, edges=edges, color=color, kl=kl), batch

    return loss_of


@torch.no_grad()
def even_out(vae, pictures):
    """Scales the latents' details to unit size after SCALE, so that all count alike to the U-Net;
    the pictures stay the same."""
    z = vae.moments(pictures)[0]
    channels = z.shape[1]
    f = 1 / (SCALE * z.std((0, 2, 3)).clamp_min(1e-3))
    f[:3] = 1
    q, p = vae.quant_conv, vae.post_quant_conv
    q.weight[:channels] *= f.view(-1, 1, 1, 1)
    q.bias[:channels] *= f
    q.bias[channels:] += 2 * f.log()
    p.weight /= f.view(1, -1, 1, 1)


# --- the colorizer -----------------------------------------------------------
class PatchColors(nn.Module):
    """Training only: the colors of a patch's quarters, named from its token."""

    def __init__(self):
        super().__init__()
        self.name = nn.Linear(CONFIG["clip"]["output_dim"], 12)

    def loss(self, tokens, reference):
        have = (
            F.pixel_unshuffle(F.adaptive_avg_pool2d(reference, 2 * SIDE), 2)
            .flatten(2)
            .transpose(1, 2)
        )
        return F.mse_loss(self.name(tokens).float(), have)


def distance(y, z):
    """Between latents; the three channels of color count most."""

    def one(a, b):
        return F.l1_loss(a, b) + 0.5 * F.mse_loss(a, b)

    return one(y, z) + one(y[:, :3], z[:, :3])


def missed(y, z, mask, width):
    """The share of blocks whose color is off, softly: near 0 within `width` (RGB in -1 to 1), near 1
    beyond twice that; the figure counts three times as much as the ground. In doubt, L1 and squares
    ask for a color between two, which is pale; this asks for the likelier one."""
    apart = ((y[:, :3] - z[:, :3]) / SCALE).square().sum(1, keepdim=True)
    weight = 0.5 + F.adaptive_avg_pool2d(mask, y.shape[-1])
    return ((1 - torch.exp(-0.5 * apart / width**2)) * weight).sum() / weight.sum()


def crisper(fraction):
    """Weight and width of `missed`: none while colors are far off, then more and more strict."""
    return 4 * min(1, max(0, (fraction - 0.08) / 0.25)), 0.22 + 0.18 * max(0, 1 - fraction / 0.6)


def colorizer(
    m, bank, heads, plan, again=lambda _: 0, latents=True, early_odds=0.85, crisp=None, point=None
):
    """`plan(fraction)` gives picture size and batch. Without `latents` only the block colors are
    learned, before there is an autoencoder. Pictures are denoised from (mostly) pure noise, and,
    at the odds that `again(fraction)` gives, once more from where the first answer leads, so that
    the network mends its errors instead of trusting them. `crisp(fraction)`, if given, is the weight
    and the width of `missed`; `point(fraction)` the weight of the pointers' loss."""
    point = point or (lambda f: 0.8 - 0.5 * f)
    pointers = Pointers(m.unet, CONFIG["unet"]["num_head_channels"])
    channels = CONFIG["unet"]["in_channels"]

    def loss_of(fraction):
        size, b = plan(fraction)
        batch = views.pairs(bank, b, size, TOKEN_SIZE)
        device = batch["target"].device
        mode = (
            MODES[int(torch.multinomial(ODDS, 1))]
            if torch.rand(1).item() < 4 * fraction
            else "vanilla"
        )
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            if latents:
                z = m.first_stage_model.moments(batch["target"])[0].float() * SCALE
            else:
                z = F.pad(F.avg_pool2d(batch["target"], 8) * SCALE, (0, 0, 0, 0, 0, channels - 3))
        pointers.clear()
        ts, tr = 0.05 + 0.9 * torch.rand(2, b, device=device)
        c = m.conditions(
            batch["sketch"],
            batch["reference"],
            mode,
            batch["mask"],
            batch["reference_mask"],
            ts,
            tr,
        )
        tokens = c["context"][:, : SIDE * SIDE]
        kept = torch.rand(b, 1, 1, device=device) > 0.04
        c["context"] = c["context"] * kept
        early = torch.rand(b, device=device) < early_odds
        t = torch.where(
            early, 980 + 19.9 * torch.rand(b, device=device), 999 * torch.rand(b, device=device)
        ).long()
        noise = torch.randn_like(z)
        alpha, sigma = m.alpha_sigma(t)
        x = alpha * z + sigma * noise
        v = m.unet(x, t, c).float()
        z1, e1 = alpha * x - sigma * v, sigma * x + alpha * v
        pointing, figure = pointers.loss(batch, SIDE, size // 8)
        n = channels if latents else 3
        l1 = distance(z1[:, :n], z[:, :n])
        figures = dict(
            first=l1, color=F.l1_loss(z1[:, :3], z[:, :3]) / SCALE, point=pointing, inside=figure
        )
        hint = figures["hint"] = heads.loss(tokens, batch["reference"])
        loss = l1 + point(fraction) * pointing + 0.3 * hint
        if crisp:
            weight, width = crisp(fraction)
            off = figures["off"] = missed(z1, z, batch["mask"], width)
            loss = loss + weight * off
        if torch.rand(1).item() < again(fraction):
            s = (t * (0.02 + 0.95 * torch.rand(b, device=device))).long()
            alpha, sigma = m.alpha_sigma(s)
            x = alpha * z1.detach() + sigma * e1.detach()
            l2 = figures["then"] = distance(
                (alpha * x - sigma * m.unet(x, s, c).float())[:, :n], z[:, :n]
            )
            loss = loss + l2
        return loss, figures, b

    return loss_of


@torch.no_grad()
def held_out(m, bank, count, size=256):
    """How one evaluation does on drawings that training does not see, in colors of their own, as
    `check()`: the share of the figure and of the ground whose blocks are within 0.3 of the truth
    (RGB in -1 to 1)."""
    device = bank.device
    index = bank.held[torch.arange(count, device=device) % len(bank.held)]
    p = views.drawing_pairs(bank.drawings, bank.grounds, index, size, TOKEN_SIZE, 0.4, natural=True)
    sketch = views.signed(p["sketch"]).repeat(1, 3, 1, 1)
    reference, truth = views.signed(p["reference"]), F.avg_pool2d(views.signed(p["target"]), 8)
    inside = F.adaptive_avg_pool2d(p["mask"], size // 8)
    noise = torch.randn(count, CONFIG["unet"]["in_channels"], size // 8, size // 8, device=device)

    @torch.no_grad()
    def check():
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            c = m.conditions(sketch, reference, "full", p["mask"], p["reference_mask"])
            z = m.sample(c, noise.shape, 1, 1.0, noise, device).float() / SCALE
        right = ((z[:, :3] - truth).square().sum(1, keepdim=True).sqrt() < 0.3).float()
        return dict(
            figure=(right * inside).sum() / inside.sum(),
            ground=(right * (1 - inside)).sum() / (1 - inside).sum(),
        )

    return check


# --- the decoder again -------------------------------------------------------
@torch.no_grad()
def walked(m, bank, b, size=256):
    """Latents that the network itself arrives at, with the pictures they should be."""
    batch = views.pairs(bank, b, size, TOKEN_SIZE)
    mode = MODES[int(torch.multinomial(ODDS, 1))]
    c = m.conditions(
        batch["sketch"], batch["reference"], mode, batch["mask"], batch["reference_mask"]
    )
    steps = SAMPLING["steps"] + int(torch.randint(SAMPLING["steps"], (1,))) // 2
    device = batch["target"].device
    noise = torch.randn(b, CONFIG["unet"]["in_channels"], size // 8, size // 8, device=device)
    return m.sample(c, noise.shape, steps, 1.0, noise, device) / SCALE, batch["target"]


def decoder(m, pool, batch, size=128):
    """`pool(b)` gives walks (latents, pictures). Half of the latents are the autoencoder's own
    with noise. Places whose color the network got wrong count less: the decoder is to mend lines
    and grain, not to guess colors."""
    vae, n = m.first_stage_model, size // 8

    def loss_of(_):
        z, x = pool(batch)
        y0, x0 = torch.randint(0, z.shape[-1] - n + 1, (2,)).tolist()
        z, x = (
            z[..., y0 : y0 + n, x0 : x0 + n],
            x[..., 8 * y0 : 8 * (y0 + n), 8 * x0 : 8 * (x0 + n)],
        )
        with torch.no_grad():
            clean = vae.moments(x)[0].float()
            spread = 0.25 * torch.rand(batch, 1, 1, 1, device=z.device)
            mixed = torch.where(
                torch.rand(batch, 1, 1, 1, device=z.device) < 0.4,
                clean + spread * torch.randn_like(clean),
                z,
            )
            wrong = (mixed[:, :3] - clean[:, :3]).abs().mean(1, keepdim=True)
            weight = F.interpolate(torch.exp(-5 * wrong), scale_factor=8, mode="nearest")
        y = vae.decode(mixed).float()
        y = x + weight * (y - x)
        loss, l1, edges = likeness(y, x)
        return loss, dict(l1=l1, edges=edges), batch

    return loss_of
