# SPDX-License-Identifier: Apache-2.0

"""The colorization network in PyTorch, for timing: the sizes of a config.json, parameters of no meaning.

Written as its users write it: convolutions and norms of torch.nn, scaled_dot_product_attention. Images are
[B, C, H, W] in either memory format, tokens [B, N, C].
"""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint


def timestep_embedding(t, dim):
    half = dim // 2
    frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / half)
    angles = t[:, None].float() * frequencies[None]
    return torch.cat([torch.cos(angles), torch.sin(angles)], -1)


def attend(q, k, v, heads):
    batch, count, channels = q.shape

    def split(x):
        return x.reshape(batch, x.shape[1], heads, channels // heads).transpose(1, 2)

    return F.scaled_dot_product_attention(split(q), split(k), split(v)).transpose(1, 2).reshape(batch, count, channels)


def tokens_of(x):
    """[B, C, H, W] to [B, N, C]; a view if x is channels last."""
    return x.flatten(2).transpose(1, 2)


def image_of(tokens, like):
    batch, channels, height, width = like.shape
    return tokens.transpose(1, 2).reshape(batch, -1, height, width)


def conv3(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)


class ResBlock(nn.Module):
    """The U-Net's residual block, and with `embedding=None` the autoencoder's."""

    def __init__(self, inputs, outputs, groups, embedding=None, eps=1e-5):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, inputs, eps), conv3(inputs, outputs)
        self.norm2, self.conv2 = nn.GroupNorm(groups, outputs, eps), conv3(outputs, outputs)
        self.shift = nn.Linear(embedding, outputs) if embedding else None
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, emb=None):
        h = self.conv1(F.silu(self.norm1(x)))
        if self.shift is not None:
            h = h + self.shift(F.silu(emb))[..., None, None]
        return self.skip(x) + self.conv2(F.silu(self.norm2(h)))


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.op = conv3(channels, channels, 2)

    def forward(self, x):
        return self.op(x)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = conv3(channels, channels)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class SplitLoRA(nn.Module):
    """A linear layer with a foreground and a background low-rank branch."""

    def __init__(self, inputs, outputs, lora):
        super().__init__()
        self.base = nn.Linear(inputs, outputs, bias=False)
        if not lora:
            return
        narrow = min(inputs, outputs)
        ranks = [int(r * narrow) if isinstance(r, float) else r for r in (lora["fr"], lora["br"])]
        self.down = nn.ModuleList(nn.Linear(inputs, r, bias=False) for r in ranks)
        self.up = nn.ModuleList(nn.Linear(r, outputs, bias=False) for r in ranks)
        # Branches that learn beside those.
        self.more_down, self.more_up = nn.ModuleList(), nn.ModuleList()
        for _ in range(2 if lora.get("added") else 0):
            self.more_down.append(nn.Linear(inputs, lora["added"], bias=False))
            self.more_up.append(nn.Linear(lora["added"], outputs, bias=False))

    def forward(self, x):
        return self.base(x)

    def branch(self, x, index):
        result = self.up[index](self.down[index](x))
        return result + self.more_up[index](self.more_down[index](x)) if self.more_up else result


class CrossAttention(nn.Module):
    def __init__(self, dim, context, heads, lora):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (SplitLoRA(inputs, dim, lora) for inputs in (dim, context, context))
        self.to_out = nn.Linear(dim, dim)

    def forward(self, x, cond):
        q = self.to_q(x)
        if cond["masks"] is None:
            context = cond["context"]
            return self.to_out(attend(q, self.to_k(context), self.to_v(context), self.heads))
        mask = cond["masks"][x.shape[1]]
        halves = []
        for index, context in enumerate(cond["context"]):
            # The product with the shared weight is made once for the queries of both halves.
            k, v = (layer(context) + layer.branch(context, index) for layer in (self.to_k, self.to_v))
            halves.append(attend(q + self.to_q.branch(x, index), k, v, self.heads))
        return self.to_out(torch.where(mask, *halves))


class SelfAttention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(dim, dim, bias=False) for _ in range(3))
        self.to_out = nn.Linear(dim, dim)

    def forward(self, x, context=None):
        context = x if context is None else context
        return self.to_out(attend(self.to_q(x), self.to_k(context), self.to_v(context), self.heads))


class SpatialTransformer(nn.Module):
    def __init__(self, channels, unet, lora, groups):
        super().__init__()
        heads = channels // unet["num_head_channels"]
        self.norm, self.proj_in = nn.GroupNorm(groups, channels, 1e-6), nn.Conv2d(channels, channels, 1)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(channels) for _ in range(3))
        self.attn1 = SelfAttention(channels, heads)
        self.attn2 = CrossAttention(channels, unet["context_dim"], heads, lora)
        self.gate, self.feed = nn.Linear(channels, 8 * channels), nn.Linear(4 * channels, channels)
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x, cond):
        y = tokens_of(self.proj_in(self.norm(x)))
        y = self.attn1(self.norm1(y)) + y
        y = self.attn2(self.norm2(y), cond) + y
        value, gate = self.gate(self.norm3(y)).chunk(2, -1)
        y = self.feed(value * F.gelu(gate)) + y
        return x + self.proj_out(image_of(y, x))


class UNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        unet, lora, groups = config["unet"], config.get("lora"), config.get("norm_groups", 32)
        base, levels = unet["model_channels"], unet["channel_mult"]
        emb = 4 * base
        self.base = base
        self.time = nn.Sequential(nn.Linear(base, emb), nn.SiLU(), nn.Linear(emb, emb))
        self.conv_in = conv3(unet["in_channels"], base)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        self.hints = {0}
        channels, skips = base, [base]

        def stage(inputs, level):
            outputs = base * levels[level]
            layers = [ResBlock(inputs, outputs, groups, emb)]
            if 2**level in unet["attention_resolutions"]:
                layers.append(SpatialTransformer(outputs, unet, lora, groups))
            return nn.ModuleList(layers), outputs

        for level in range(len(levels)):
            for _ in range(unet["num_res_blocks"]):
                layers, channels = stage(channels, level)
                self.down.append(layers)
                skips.append(channels)
            if level < len(levels) - 1:
                self.down.append(nn.ModuleList([Downsample(channels)]))
                skips.append(channels)
                self.hints.add(len(self.down))
        self.hints.add(len(self.down))
        self.middle = nn.ModuleList([
            ResBlock(channels, channels, groups, emb), SpatialTransformer(channels, unet, lora, groups),
            ResBlock(channels, channels, groups, emb),
        ])
        for level in reversed(range(len(levels))):
            for index in range(unet["num_res_blocks"] + 1):
                layers, channels = stage(channels + skips.pop(), level)
                if level and index == unet["num_res_blocks"]:
                    layers.append(Upsample(channels))
                self.up.append(layers)
        self.norm_out, self.conv_out = nn.GroupNorm(groups, channels), conv3(channels, unet["out_channels"])
        # Whether training keeps what passes from block to block alone, and computes a block again for its derivative.
        self.recomputes = False

    def forward(self, x, t, cond):
        emb = self.time(timestep_embedding(t, self.base).to(x.dtype))
        control = iter(cond["control"])

        def block(layers, h):
            for layer in layers:
                if isinstance(layer, ResBlock):
                    h = layer(h, emb)
                elif isinstance(layer, SpatialTransformer):
                    h = layer(h, cond)
                else:
                    h = layer(h)
            return h

        def run(layers, h):
            return checkpoint(block, layers, h, use_reentrant=False) if self.recomputes else block(layers, h)

        h = self.conv_in(x) + next(control)
        skips = [h]
        for index, layers in enumerate(self.down):
            h = run(layers, h)
            if index + 1 in self.hints:
                h = h + next(control)
            skips.append(h)
        h = run(self.middle, h)
        for layers in self.up:
            h = run(layers, torch.cat([h, skips.pop()], 1))
        return self.conv_out(F.silu(self.norm_out(h)))


def level_masks(mask, config, threshold):
    """The binary mask of the tokens of each level, by their number: made once, not at every step. The threshold may be
    one for each row, [B, 1, 1]."""
    masks = {}
    for level in range(len(config["unet"]["channel_mult"])):
        side = mask.shape[-1] >> level
        resized = F.interpolate(mask, size=(side, side), mode="bicubic") if level else mask
        masks[side * side] = tokens_of(resized) > threshold
    return masks


class SketchEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        base, levels, channels = config["model_channels"], config["ch_mults"], config["in_ch"]
        stem = []
        for index, width in enumerate([16, 16, 32, 32, 96, 96, 256]):
            stem += [conv3(channels, width, 2 if index in (2, 4, 6) else 1), nn.SiLU()]
            channels = width
        self.stem = nn.Sequential(*stem, conv3(channels, base))
        self.hint = nn.Conv2d(base, base, 1)
        self.levels, self.level_hints = nn.ModuleList(), nn.ModuleList()
        channels = base
        for index, multiplier in enumerate(levels):
            width = base * multiplier
            stride = 2 if index < len(levels) - 1 else 1
            self.levels.append(nn.Sequential(nn.SiLU(), conv3(channels, width, stride), nn.SiLU(), conv3(width, width)))
            self.level_hints.append(nn.Conv2d(width, width, 1))
            channels = width

    def forward(self, x):
        x = self.stem(x)
        hints = [self.hint(x)]
        for level, hint in zip(self.levels, self.level_hints):
            x = level(x)
            hints.append(hint(x))
        return hints


class VAEAttention(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, 1e-6)
        self.q, self.k, self.v, self.out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        n = self.norm(x)
        q, k, v = (tokens_of(f(n)) for f in (self.q, self.k, self.v))
        return x + self.out(image_of(attend(q, k, v, 1), x))


def vae_middle(channels, groups):
    return nn.Sequential(
        ResBlock(channels, channels, groups, eps=1e-6), VAEAttention(channels, groups),
        ResBlock(channels, channels, groups, eps=1e-6))


class VAEEncoder(nn.Module):
    def __init__(self, config, groups):
        super().__init__()
        base, latent, channels = config["ch"], config["z_channels"], config["ch"]
        layers = [conv3(3, base)]
        for level, multiplier in enumerate(config["ch_mult"]):
            for _ in range(config["num_res_blocks"]):
                layers.append(ResBlock(channels, base * multiplier, groups, eps=1e-6))
                channels = base * multiplier
            if level < len(config["ch_mult"]) - 1:
                layers += [nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(channels, channels, 3, stride=2)]
        self.body = nn.Sequential(*layers, vae_middle(channels, groups))
        self.norm_out, self.conv_out = nn.GroupNorm(groups, channels, 1e-6), conv3(channels, 2 * latent)
        self.quant = nn.Conv2d(2 * latent, 2 * latent, 1)

    def forward(self, x):
        return self.quant(self.conv_out(F.silu(self.norm_out(self.body(x))))).chunk(2, 1)[0]


class VAEDecoder(nn.Module):
    def __init__(self, config, groups):
        super().__init__()
        base, latent = config["ch"], config["z_channels"]
        channels = base * config["ch_mult"][-1]
        layers = [nn.Conv2d(latent, latent, 1), conv3(latent, channels), vae_middle(channels, groups)]
        for level in reversed(range(len(config["ch_mult"]))):
            for _ in range(config["num_res_blocks"] + 1):
                layers.append(ResBlock(channels, base * config["ch_mult"][level], groups, eps=1e-6))
                channels = base * config["ch_mult"][level]
            if level:
                layers.append(Upsample(channels))
        self.body = nn.Sequential(*layers)
        self.norm_out, self.conv_out = nn.GroupNorm(groups, channels, 1e-6), conv3(channels, 3)

    def forward(self, z):
        return self.conv_out(F.silu(self.norm_out(self.body(z))))


class VisionBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc, self.proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        x = x + self.out(attend(*self.qkv(self.ln_1(x)).chunk(3, -1), self.heads))
        return x + self.proj(F.gelu(self.fc(self.ln_2(x))))


class ImageEncoder(nn.Module):
    """OpenCLIP's vision tower, with its picture's resizing."""

    MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)

    def __init__(self, config):
        super().__init__()
        width, patch, self.size = config["width"], config["patch"], config["image_size"]
        self.conv1 = nn.Conv2d(3, width, patch, stride=patch, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(1, 1, width))
        self.positions = nn.Parameter(torch.empty((self.size // patch) ** 2 + 1, width))
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(VisionBlock(width, config["heads"]) for _ in range(config["layers"])))
        self.project = nn.Linear(width, config["output_dim"], bias=False)

    def forward(self, image):
        x = image
        if x.shape[-2:] != (self.size, self.size):
            x = F.interpolate(x.float(), (self.size, self.size), mode="bicubic", align_corners=True, antialias=True)
        mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (self.MEAN, self.DEVIATION))
        x = (((x + 1) / 2 - mean) / deviation).to(image.dtype)
        x = tokens_of(self.conv1(x))
        x = torch.cat([self.class_embedding.expand(x.shape[0], -1, -1), x], 1) + self.positions
        return self.project(self.ln_post(self.blocks(self.ln_pre(x))))[:, 1:]


class Recovery(nn.Module):
    def __init__(self, config):
        super().__init__()
        dim = config["dim"]
        self.embedding = nn.Parameter(torch.empty(config["token_length"], dim))
        self.layers = nn.ModuleList(
            nn.ModuleList([
                nn.LayerNorm(dim), nn.LayerNorm(dim), SelfAttention(dim, config["heads"]),
                nn.Sequential(nn.Linear(dim, 4 * dim), nn.SiLU(), nn.Linear(4 * dim, dim)),
            ]) for _ in range(config["layers"]))

    def forward(self, tokens):
        x = self.embedding.expand(tokens.shape[0], -1, -1)
        for norm1, norm2, attention, feed in self.layers:
            x = attention(norm1(x), tokens) + x
            x = feed(norm2(x)) + x
        return x


class ThresholdEmbedder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.dim, width = config["embed_dim"], config["out_dim"]
        self.embed = nn.Sequential(nn.Linear(self.dim, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, threshold):
        first = self.embed[0].weight
        embedding = timestep_embedding(torch.as_tensor(threshold).reshape(-1), self.dim)
        return self.embed(embedding.to(first.dtype))[:, None]
