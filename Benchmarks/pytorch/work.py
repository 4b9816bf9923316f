# SPDX-License-Identifier: Apache-2.0

"""The work that can be asked for: each function makes what it needs and returns a callable that does it once."""

import time

import torch
import torch.nn.functional as F

import model

LAYOUTS = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last}


class Setting:
    """How PyTorch runs: element type, layout of images, the network's sizes, device, eager or compiled."""

    def __init__(self, dtype, layout, config, device="cpu", is_compiled=False):
        self.dtype = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[dtype]
        self.device, self.is_compiled = device, is_compiled
        torch.set_default_device(device)
        self.layout, self.config = layout, config
        self.groups = config.get("norm_groups", 32)
        # Parameters are filled from one block: drawing a billion numbers would take longer than timing them.
        self.block = torch.rand(1 << 20, generator=torch.Generator("cpu").manual_seed(0), device="cpu") * 2 - 1
        self.block = self.block.to(device)
        self.known_layouts = {}
        self.kept = None

    def wait(self):
        """Until everything is done that was asked of the device."""
        if self.device == "cuda":
            torch.cuda.synchronize()

    def random(self, *shape, deviation=1.0):
        count = 1
        for extent in shape:
            count *= extent
        result = torch.empty(count, dtype=self.dtype)
        source = (self.block * (3**0.5 * deviation)).to(self.dtype)
        for start in range(0, count, source.numel()):
            result[start : start + source.numel()] = source[: min(count - start, source.numel())]
        return result.view(shape)

    def module(self, make, layout="nchw"):
        """A module of random parameters of deviation 1 / sqrt(fan in), so that activations keep their size."""
        with torch.device("meta"):
            module = make()
        module = module.to(self.dtype).to_empty(device=self.device)
        for name, parameter in module.named_parameters():
            if parameter.dim() > 1:
                fan_in = parameter[0].numel()
                parameter.data.copy_(self.random(*parameter.shape, deviation=fan_in**-0.5))
            else:
                parameter.data.fill_(1 if name.endswith("weight") else 0)
        module = module.eval().requires_grad_(False).to(memory_format=LAYOUTS[layout])
        # With CUDA graphs, on a card.
        return torch.compile(module, mode="reduce-overhead") if self.is_compiled else module

    def kept_module(self, name, make, layout):
        """The same for a large module that several requests in a row use: one is kept, until another is asked for."""
        if self.kept is None or self.kept[0] != (name, layout):
            self.kept = None
            self.kept = ((name, layout), self.module(make, layout))
        return self.kept[1]

    def image(self, *shape, layout="nchw"):
        return self.random(*shape).to(memory_format=LAYOUTS[layout])

    def faster(self, kind, trial):
        """The layout to use for a kind of work: the one asked for, or the faster in a trial of both."""
        if self.layout != "auto":
            return self.layout
        if kind not in self.known_layouts:
            self.known_layouts[kind] = min(LAYOUTS, key=lambda layout: fastest(trial(layout), self.wait))
        return self.known_layouts[kind]


def fastest(run, wait, runs=3):
    run()
    wait()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        wait()
        times.append(time.perf_counter() - start)
    return min(times)


# --- operations ---------------------------------------------------------------


def linear(s, rows, inputs, outputs, bias=0, gelu=0):
    x, w = s.random(1, rows, inputs), s.random(outputs, inputs, deviation=inputs**-0.5)
    b = torch.zeros(outputs, dtype=s.dtype) if bias else None
    return (lambda: F.gelu(F.linear(x, w, b))) if gelu else (lambda: F.linear(x, w, b)), None


def gated_linear(s, rows, inputs, outputs):
    x, w = s.random(1, rows, inputs), s.random(2 * outputs, inputs, deviation=inputs**-0.5)
    b = torch.zeros(2 * outputs, dtype=s.dtype)

    def run():
        value, gate = F.linear(x, w, b).chunk(2, -1)
        return value * F.gelu(gate)

    return run, None


def attention(s, heads, queries, keys, width):
    q, k, v = (s.random(1, n, heads * width) for n in (queries, keys, keys))
    return (lambda: model.attend(q, k, v, heads)), None


def layer_norm(s, rows, channels):
    one, zero = torch.ones(channels, dtype=s.dtype), torch.zeros(channels, dtype=s.dtype)
    x = s.random(1, rows, channels)
    return (lambda: F.layer_norm(x, (channels,), one, zero, 1e-5)), None


def convolution(s, side, inputs, outputs):
    def trial(layout):
        x = s.image(1, inputs, side, side, layout=layout)
        conv = s.module(lambda: model.conv3(inputs, outputs), layout)
        return lambda: conv(x)

    layout = s.faster(("convolution", side, inputs, outputs), trial)
    return trial(layout), layout


def group_norm(s, channels, side, groups):
    one, zero = torch.ones(channels, dtype=s.dtype), torch.zeros(channels, dtype=s.dtype)

    def trial(layout):
        x = s.image(1, channels, side, side, layout=layout)
        return lambda: F.silu(F.group_norm(x, groups, one, zero, 1e-5))

    layout = s.faster(("group_norm", channels, side), trial)
    return trial(layout), layout


# --- parts ----------------------------------------------------------------------


def blocks_trial(s, places):
    """A trial of layouts for a network of residual blocks: one block at each (channels, side)."""

    def trial(layout):
        blocks = [s.module(lambda c=c: model.ResBlock(c, c, s.groups), layout) for c, _ in places]
        images = [s.image(1, c, side, side, layout=layout) for c, side in places]
        return lambda: [block(x) for block, x in zip(blocks, images)]

    return trial


def unet_layout(s, size):
    unet = s.config["unet"]
    side = size // 2 ** (len(s.config["vae"]["ch_mult"]) - 1)
    places = [(unet["model_channels"] * m, side >> level) for level, m in enumerate(unet["channel_mult"])]
    return s.faster(("unet", size), blocks_trial(s, places))


def vae_layout(s, size):
    vae = s.config["vae"]
    # At half the size, since one block of the finest level takes a second; above, the layouts compare alike.
    places = [(vae["ch"] * m, (size // 2) >> level) for level, m in enumerate(vae["ch_mult"])]
    return s.faster(("vae", size), blocks_trial(s, places))


def hints(s, side, rows, layout):
    unet = s.config["unet"]
    levels = unet["channel_mult"]
    places = [(0, unet["model_channels"])]
    places += [(min(i + 1, len(levels) - 1), unet["model_channels"] * m) for i, m in enumerate(levels)]
    return [s.image(rows, channels, side >> level, side >> level, layout=layout) for level, channels in places]


def tokens(s):
    clip = s.config["clip"]
    return s.random(1, (clip["image_size"] // clip["patch"]) ** 2, clip["output_dim"])


def left_half(s, side):
    mask = torch.zeros(1, 1, side, side)
    mask[..., : side // 2] = 1
    return mask


def guided(context, rows):
    """The reference-free row of guidance has a context of zeros."""
    return torch.cat([context] + [torch.zeros_like(context)] * (rows - 1))


def unet(s, size, rows, active, split):
    layout = unet_layout(s, size)
    net = s.kept_module("unet", lambda: model.UNet(s.config), layout)
    side = size // 2 ** (len(s.config["vae"]["ch_mult"]) - 1)
    x = s.image(rows, s.config["unet"]["in_channels"], side, side, layout=layout)
    t = torch.full((rows,), 500.0)
    context = guided(tokens(s), rows)
    masks = model.level_masks(left_half(s, side), s.config, 0.5) if split else None
    cond = dict(control=hints(s, side, rows, layout), context=[context, context] if split else context, masks=masks)
    return (lambda: net(x, t, cond)), layout


def image_encoder(s, size):
    net, x = s.module(lambda: model.ImageEncoder(s.config["clip"])), s.image(1, 3, size, size)
    return (lambda: net(x)), None


def sketch_encoder(s, size):
    def trial(layout):
        net = s.module(lambda: model.SketchEncoder(s.config["sketch"]), layout)
        x = s.image(1, 3, size, size, layout=layout)
        return lambda: net(x)

    layout = s.faster(("sketch", size), trial)
    return trial(layout), layout


def recovery(s, size):
    net, x = s.module(lambda: model.Recovery(s.config["cluster"])), tokens(s)
    return (lambda: net(x)), None


def vae_encode(s, size):
    layout = vae_layout(s, size)
    net = s.module(lambda: model.VAEEncoder(s.config["vae"], s.groups), layout)
    x = s.image(1, 3, size, size, layout=layout)
    return (lambda: net(x)), layout


def vae_decode(s, size):
    layout = vae_layout(s, size)
    net = s.module(lambda: model.VAEDecoder(s.config["vae"], s.groups), layout)
    side = size // 2 ** (len(s.config["vae"]["ch_mult"]) - 1)
    z = s.image(1, s.config["vae"]["z_channels"], side, side, layout=layout)
    return (lambda: net(z)), layout


# --- the whole job --------------------------------------------------------------


def job(s, size, steps):
    """Full mode: reference and its background, sketch, guided steps of two rows with split attention, decoding."""
    config = s.config
    layout, outer = unet_layout(s, size), vae_layout(s, size)
    net = s.module(lambda: model.UNet(config), layout)
    sketch_net = s.module(lambda: model.SketchEncoder(config["sketch"]), layout)
    decoder = s.module(lambda: model.VAEDecoder(config["vae"], s.groups), outer)
    image_net = s.module(lambda: model.ImageEncoder(config["clip"]))
    recovery_net = s.module(lambda: model.Recovery(config["cluster"]))
    threshold = s.module(lambda: model.ThresholdEmbedder(config["threshold"]))
    side = size // 2 ** (len(config["vae"]["ch_mult"]) - 1)
    reference, sketch = s.image(1, 3, size, size), s.image(1, 3, size, size, layout=layout)
    reference_mask, sketch_mask = left_half(s, size), left_half(s, size)
    betas = torch.linspace(config["linear_start"] ** 0.5, config["linear_end"] ** 0.5, 1000, dtype=torch.float64) ** 2
    alphas = torch.cumprod(1 - betas, 0)
    times = torch.linspace(999, 0, steps + 1).round().long()

    def encode_reference():
        background = torch.where(reference_mask < 0.5, reference, torch.ones_like(reference))
        front = image_net(reference) + threshold(0.05)
        behind = recovery_net(image_net(background) + threshold(0.5))
        return [guided(front, 2), guided(behind, 2)]

    def sample(cond):
        x = s.image(1, config["unet"]["in_channels"], side, side, layout=layout)
        for now, then in zip(times[:-1], times[1:]):
            both = net(torch.cat([x, x]), now.float().expand(2), cond).float()
            v = both[1:] + (both[:1] - both[1:]) * 4
            # DDIM with v-prediction. Its arithmetic is nothing beside the network's, as is that of other samplers.
            a, b = alphas[now].sqrt().item(), (1 - alphas[now]).sqrt().item()
            c, d = alphas[then].sqrt().item(), (1 - alphas[then]).sqrt().item()
            x = (c * (a * x - b * v) + d * (b * x + a * v)).to(s.dtype)
        return x

    def run():
        stages = {}

        def stage(name, body):
            s.wait()
            start = time.perf_counter()
            result = body()
            s.wait()
            stages[name] = time.perf_counter() - start
            return result

        context = stage("encodingReference", encode_reference)
        control = stage("encodingSketch", lambda: [h.expand(2, -1, -1, -1) for h in sketch_net(sketch)])
        mask = F.interpolate(sketch_mask, size=(side, side), mode="bicubic")
        cond = dict(control=control, context=context, masks=model.level_masks(mask, config, 0.05))
        latent = stage("sampling", lambda: sample(cond))
        stage("decoding", lambda: decoder((latent / config["scale_factor"]).to(memory_format=LAYOUTS[outer])))
        return stages

    return run, layout


# --- training --------------------------------------------------------------------


def training_trial(s, places):
    """A trial of layouts for training a network of residual blocks: one block at each (channels, side), and back."""

    def trial(layout):
        blocks = [s.module(lambda c=c: model.ResBlock(c, c, s.groups), layout).requires_grad_() for c, _ in places]
        images = [s.image(1, c, side, side, layout=layout).requires_grad_() for c, side in places]
        return lambda: [block(x).sum().backward() for block, x in zip(blocks, images)]

    return trial


def training(s, size, batch, everything):
    """Steps of training: forwards, backwards, clipping and AdamW. Of everything but the autoencoder, a step with masks
    and one without; or of added branches of both regions alone, with blocks computed again."""
    config = dict(s.config, lora=dict(s.config["lora"], added=8))
    unet = config["unet"]
    side = size // 2 ** (len(config["vae"]["ch_mult"]) - 1)
    places = [(unet["model_channels"] * m, side >> level) for level, m in enumerate(unet["channel_mult"])]
    layout = s.faster(("training", size), training_trial(s, places))
    net = s.module(lambda: model.UNet(config), layout)
    net.recomputes = not everything
    recovery_net = s.module(lambda: model.Recovery(config["cluster"]))
    threshold = s.module(lambda: model.ThresholdEmbedder(config["threshold"]))
    sketch_net = s.module(lambda: model.SketchEncoder(config["sketch"]), layout) if everything else None
    image_net = s.module(lambda: model.ImageEncoder(config["clip"])) if everything else None
    for name, p in net.named_parameters():
        # The network's own branches are frozen, as they are where others are added to them.
        is_own_branch = any(f".to_{which}.{way}." in name for which in "qkv" for way in ("down", "up"))
        p.requires_grad_(".more_" in name or (bool(everything) and not is_own_branch))
    for part in (recovery_net, threshold, sketch_net, image_net):
        if part is not None:
            part.requires_grad_(bool(everything))
    learning = [p for m in (net, recovery_net, threshold, sketch_net, image_net) if m is not None
                for p in m.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=1e-4, fused=True)

    z, noise = (s.image(batch, unet["in_channels"], side, side, layout=layout) for _ in range(2))
    sketch = s.image(batch, 3, size, size, layout=layout)
    picture = config["clip"]["image_size"]
    reference = s.image(batch, 3, picture, picture)
    known_tokens = tokens(s).expand(batch, -1, -1)
    known_hints = hints(s, side, batch, layout)
    # Figures differ within a batch.
    mask = (torch.arange(side) < side // 2 + torch.arange(batch)[:, None]).to(s.dtype)
    mask = mask[:, None, None].expand(-1, 1, side, -1).contiguous()
    cut = torch.linspace(0.05, 0.95, batch)
    t = torch.linspace(0, 999, batch).long()

    def step(is_split):
        control = sketch_net(sketch) if everything else known_hints

        def encoded():
            return image_net(reference) if everything else known_tokens

        if is_split:
            context = [encoded() + threshold(cut), recovery_net(encoded() + threshold(cut))]
            masks = model.level_masks(mask, config, cut[:, None, None])
        else:
            context, masks = encoded(), None
        loss = F.mse_loss(net(z, t, dict(control=control, context=context, masks=masks)), noise)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def run():
        for is_split in (True, False) if everything else (True,):
            step(is_split)

    return run, layout


WORK = {
    f.__name__: f
    for f in (
        linear, gated_linear, attention, layer_norm, convolution, group_norm,
        unet, image_encoder, sketch_encoder, recovery, vae_encode, vae_decode, job, training)
}
