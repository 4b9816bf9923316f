# SPDX-License-Identifier: Apache-2.0

"""Makes the image fixtures: python3 make_fixtures.py (needs Pillow 10 or later, and numpy).

The PNG files are put together byte by byte here, since no library writes every colour type, depth and interlacing.
expected.raw holds what each must decode to, one after the other: "NAME WIDTH HEIGHT CHANNELS\\n" and the samples. They
are computed from the samples that went in, and checked against Pillow's decoder wherever Pillow keeps them.
"""
import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

rng = np.random.default_rng(20250301)
W, H = 9, 7
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def pack(rows, depth):
    """Rows of samples [h, w, c] to filter-0 scan lines."""
    out = b""
    for row in rows:
        flat = row.reshape(-1)
        if depth == 16:
            line = flat.astype(">u2").tobytes()
        elif depth == 8:
            line = flat.astype("u1").tobytes()
        else:
            bits = "".join(format(int(v), f"0{depth}b") for v in flat)
            bits += "0" * (-len(bits) % 8)
            line = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        out += b"\0" + line
    return out


def png(samples, color_type, depth, interlaced=False, before=b"", idats=1, after=b""):
    h, w = samples.shape[:2]
    if interlaced:
        data = b"".join(
            pack(samples[y::dy, x::dx], depth) for x, y, dx, dy in PASSES if samples[y::dy, x::dx].size
        )
    else:
        data = pack(samples, depth)
    packed = zlib.compress(data, 9)
    step = -(-len(packed) // idats)
    body = b"".join(chunk(b"IDAT", packed[i : i + step]) for i in range(0, len(packed), step))
    header = struct.pack(">IIBBBBB", w, h, depth, color_type, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + body + after + chunk(b"IEND", b"")


all_expected = open("expected.raw", "wb")


def expect(name, samples):
    h, w, c = samples.shape
    all_expected.write(f"{name} {w} {h} {c}\n".encode() + samples.tobytes())


def save(name, data, expected, pillow_mode="", tolerance=0):
    """Writes the image and its expected samples [h, w, c]; an empty mode skips Pillow's check."""
    expected = np.asarray(expected, dtype=np.uint8)
    h, w, c = expected.shape
    if pillow_mode:
        seen = np.asarray(Image.open(io.BytesIO(data)).convert(pillow_mode), dtype=np.int16).reshape(h, w, c)
        assert np.abs(seen - expected).max() <= tolerance, name
    open(name, "wb").write(data)
    expect(name, expected)


def eight(samples, depth):
    """Full-range 8-bit values, rounded."""
    top = (1 << depth) - 1
    return ((samples.astype(np.int64) * 255 * 2 + top) // (2 * top)).astype(np.uint8)


def with_alpha(color, alpha):
    return np.concatenate([np.repeat(color, 3, 2) if color.shape[2] == 1 else color, alpha], 2)


for interlaced in (False, True):
    tag = "-interlaced" if interlaced else ""
    for depth in (1, 2, 4, 8, 16):
        grey = rng.integers(0, 1 << depth, (H, W, 1))
        save(f"grey{depth}{tag}.png", png(grey, 0, depth, interlaced), eight(grey, depth), "L" if depth < 16 else "")
        if depth < 16:
            key = int(grey[3, 4, 0])
            alpha = np.where(grey == key, 0, 255)
            data = png(grey, 0, depth, interlaced, chunk(b"tRNS", struct.pack(">H", key)))
            save(f"grey{depth}-trns{tag}.png", data, with_alpha(eight(grey, depth), alpha), "RGBA" if depth in (1, 8) else "")
        if depth < 16:
            n = min(1 << depth, 29)
            index = rng.integers(0, n, (H, W, 1))
            palette = rng.integers(0, 256, (n, 3)).astype(np.uint8)
            plte = chunk(b"PLTE", palette.tobytes())
            save(f"palette{depth}{tag}.png", png(index, 3, depth, interlaced, plte), palette[index[..., 0]], "RGB")
            some = rng.integers(0, 256, n - 1).astype(np.uint8)
            alpha = np.append(some, 255)[index[..., 0]][..., None]
            data = png(index, 3, depth, interlaced, plte + chunk(b"tRNS", some.tobytes()))
            save(f"palette{depth}-trns{tag}.png", data, with_alpha(palette[index[..., 0]], alpha), "RGBA")
    for depth in (8, 16):
        rgb = rng.integers(0, 1 << depth, (H, W, 3))
        save(f"rgb{depth}{tag}.png", png(rgb, 2, depth, interlaced), eight(rgb, depth), "RGB", depth // 16)
        rgba = rng.integers(0, 1 << depth, (H, W, 4))
        save(f"rgba{depth}{tag}.png", png(rgba, 6, depth, interlaced), eight(rgba, depth), "RGBA", depth // 16)
        both = rng.integers(0, 1 << depth, (H, W, 2))
        expected = with_alpha(eight(both[..., :1], depth), eight(both[..., 1:], depth))
        save(f"greyalpha{depth}{tag}.png", png(both, 4, depth, interlaced), expected, "RGBA", depth // 16)

# A transparent colour of 16 bits must be compared before the samples are reduced: these two differ in the low byte.
near = np.array([[[0x1234, 0x5678, 0x9ABC], [0x1235, 0x5678, 0x9ABC]]])
trns = chunk(b"tRNS", struct.pack(">HHH", 0x1234, 0x5678, 0x9ABC))
save("rgb16-trns.png", png(near, 2, 16, False, trns), with_alpha(eight(near, 16), np.array([[[0], [255]]])))
every = np.arange(256).reshape(16, 16, 1) * 256 + rng.integers(0, 256, (16, 16, 1))
save("grey16-ramp.png", png(every, 0, 16), eight(every, 16))

rgb = rng.integers(0, 256, (H, W, 3))
gamma = chunk(b"gAMA", struct.pack(">I", 45455))
save("srgb-gamma.png", png(rgb, 2, 8, False, gamma + chunk(b"sRGB", b"\0")), rgb, "RGB")
save("gamma-only.png", png(rgb, 2, 8, False, gamma), rgb, "RGB")
save("gamma-linear.png", png(rgb, 2, 8, False, chunk(b"gAMA", struct.pack(">I", 100000))), rgb, "RGB")
grey16 = rng.integers(0, 65536, (H, W, 1))
save("gamma-grey16.png", png(grey16, 0, 16, False, gamma), eight(grey16, 16))
profile = chunk(b"iCCP", b"bad profile\0\0" + zlib.compress(b"not a profile"))
save("bad-profile.png", png(rgb, 2, 8, False, profile), rgb, "RGB")
bad_text = chunk(b"tEXt", b"Comment\0hello")[:-1] + b"?"
save("bad-text-crc.png", png(rgb, 2, 8, False, b"", 1, bad_text), rgb)
save("many-idat.png", png(rgb, 2, 8, False, b"", 40), rgb, "RGB")
save("one-pixel.png", png(np.array([[[7]]]), 0, 8), [[[7]]], "L")

info = PngImagePlugin.PngInfo()
info.add_text("Title", "caf\u00e9\nline two")
info.add_text("Packed", "x" * 500, zip=True)
info.add_itxt("Author", "\u7d75\u5e2b", "ja", "\u4f5c\u8005")
info.add_itxt("PackedToo", "\u8272" * 200, zip=True)
out = io.BytesIO()
Image.fromarray(rgb.astype(np.uint8)).save(out, "PNG", pnginfo=info)
late = chunk(b"tEXt", b"Late\0after the pixels")
save("texts.png", out.getvalue()[:-12] + late + chunk(b"IEND", b""), rgb, "RGB")

# Smooth, so that lossy coding stays close; not symmetric, so that every orientation differs.
y, x = np.mgrid[0:18, 0:21].astype(np.float64)
photo = np.stack([x * 12, y * 14, 255 - x * 6 - y * 7], -1).clip(0, 255).astype(np.uint8)


def jpeg(name, image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    data = out.getvalue()
    seen = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    seen = seen if seen.mode == "L" else seen.convert("RGB")
    expected = np.asarray(seen)
    save(name, data, expected if expected.ndim == 3 else expected[..., None])


jpeg("photo.jpg", Image.fromarray(photo), quality=90)
jpeg("photo-444.jpg", Image.fromarray(photo), quality=95, subsampling=0)
jpeg("photo-progressive.jpg", Image.fromarray(photo), quality=90, progressive=True, subsampling=0)
jpeg("photo-grey.jpg", Image.fromarray(photo).convert("L"), quality=90)
jpeg("photo-cmyk.jpg", Image.fromarray(photo).convert("CMYK"), quality=95)
inks = Image.fromarray(np.dstack([photo, photo[..., 0] // 2]), "CMYK")
jpeg("photo-inks.jpg", inks, quality=95)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x010F] = "A maker with a name that is stored elsewhere"
    exif[0x0112] = orientation
    jpeg(f"orientation-{orientation}.jpg", Image.fromarray(photo[:8, :12]), quality=85, subsampling=0, exif=exif)


# Resampling, after the rule in the documentation, in float64 and matrix form.
def matrix(source, target):
    scale = source / target
    stretch = max(scale, 1)
    m = np.zeros((target, source))
    for i in range(target):
        center = (i + 0.5) * scale - 0.5
        for tap in range(int(np.floor(center - 2 * stretch)) - 1, int(np.ceil(center + 2 * stretch)) + 2):
            d = abs(tap - center) / stretch
            k = 1.5 * d**3 - 2.5 * d**2 + 1 if d < 1 else -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0
            m[i, min(max(tap, 0), source - 1)] += k
        m[i] /= m[i].sum()
    return m


def resize(image, w, h):
    return np.einsum("ys,xt,stc->yxc", matrix(image.shape[0], h), matrix(image.shape[1], w), image.astype(np.float64))


noise = rng.integers(0, 256, (19, 15, 3)).astype(np.uint8)
save("resize-source.png", png(noise, 2, 8), noise, "RGB")
for w, h in ((5, 8), (27, 22), (7, 31), (15, 6), (1, 1)):
    exact = resize(noise, w, h)
    result = np.floor(exact.clip(0, 255) + 0.5).astype(np.uint8)
    expect(f"resize-{w}x{h}", result)
    if 4 < w < 15 and 4 < h < 19:
        # Pillow leaves taps beyond the edge out instead of repeating it, so only the middle is the same.
        pillow = np.asarray(Image.fromarray(noise).resize((w, h), Image.BICUBIC)).astype(int)
        assert np.abs(pillow - result)[2:-2, 2:-2].max() <= 1, (w, h)
