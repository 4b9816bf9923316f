# SPDX-License-Identifier: Apache-2.0

"""Makes the fixtures of TIFF, WebP, TGA, Photoshop and OpenRaster: python3 make_fixtures.py
(needs numpy, Pillow 10 or later, tifffile with imagecodecs, psd-tools and pyora).

expected.raw holds what each must decode to, one after the other: "NAME WIDTH HEIGHT CHANNELS\\n" and the samples. They are
computed from the samples that went in. Where another program's decoder is the measure, the comment says so.
"""
import io
import struct
import zipfile

import numpy as np
import tifffile
from PIL import Image, ImageOps

rng = np.random.default_rng(20250302)
W, H = 37, 23
expected = open("expected.raw", "wb")
names = []


def expect(name, samples):
    if samples.ndim == 2:
        samples = samples[..., None]
    h, w, c = samples.shape
    expected.write(f"{name} {w} {h} {c}\n".encode() + np.ascontiguousarray(samples, "u1").tobytes())
    names.append(name)


def put(name, data, samples):
    open(name, "wb").write(data)
    expect(name, samples)


def narrow(v):
    return ((v.astype("u4") + 128) // 257).astype("u1")


def smooth(c, low=0, high=256):
    """Ramps with some noise: something a predictor and a run-length code have work with."""
    y, x = np.mgrid[0:H, 0:W]
    planes = [(x * 5 + y * 3 * (k + 1) + rng.integers(0, 9, (H, W))) % 256 for k in range(c)]
    a = np.stack(planes, -1).astype("u1")
    a[5:9, 3:20] = a[5, 3]
    return a if c > 1 else a[..., 0]


grey, rgb, rgba = smooth(1), smooth(3), smooth(4)
rgba[0:4, :, 3] = 0
rgba[4:8, :, 3] = 255
wide = {c: rng.integers(0, 65536, (H, W) if c == 1 else (H, W, c)).astype("u2") for c in (1, 3, 4)}


# TIFF


def tiff(name, array, samples, **options):
    tifffile.imwrite(name, array, metadata=None, **options)
    expect(name, samples)


tiff("grey8.tif", grey, grey, photometric="minisblack")
tiff("white8.tif", 255 - grey, grey, photometric="miniswhite")
tiff("grey16.tif", wide[1], narrow(wide[1]), photometric="minisblack", byteorder=">")
tiff("rgb8-lzw.tif", rgb, rgb, photometric="rgb", compression="lzw", predictor=True)
tiff("rgb8-packbits.tif", rgb, rgb, photometric="rgb", compression="packbits", rowsperstrip=4)
tiff("rgb16-deflate.tif", wide[3], narrow(wide[3]), photometric="rgb", compression="adobe_deflate", predictor=True)
tiff("rgb16-big.tif", wide[3], narrow(wide[3]), photometric="rgb", bigtiff=True, byteorder=">")
tiff("rgba8.tif", rgba, rgba, photometric="rgb", extrasamples=["unassalpha"])
tiff("rgba16.tif", wide[4], narrow(wide[4]), photometric="rgb", extrasamples=["unassalpha"])
tiff("rgbx8.tif", rgba, rgba[..., :3], photometric="rgb", extrasamples=["unspecified"])
greyalpha = np.stack([grey, rgba[..., 3]], -1)
tiff("greyalpha8.tif", greyalpha, np.dstack([grey] * 3 + [rgba[..., 3]]), photometric="minisblack",
     extrasamples=["unassalpha"])
planar = np.moveaxis(rgb, -1, 0).copy()
tiff("rgb8-planes.tif", planar, rgb, photometric="rgb", planarconfig="separate", rowsperstrip=5)
tiff("rgb8-tiles.tif", rgb, rgb, photometric="rgb", tile=(16, 16), compression="lzw")
tiff("rgb8-plane-tiles.tif", planar, rgb, photometric="rgb", planarconfig="separate", tile=(16, 32))
# Multiplied by alpha, in 16 bits so that little is lost.
alpha = rgba[..., 3:].astype("f8") / 255
multiplied = np.concatenate([np.rint(rgba[..., :3] * 257.0 * alpha), rgba[..., 3:] * 257.0], -1).astype("u2")
straight = rgba.copy()
straight[rgba[..., 3] == 0] = 0
tiff("multiplied16.tif", multiplied, straight, photometric="rgb", extrasamples=["assocalpha"])
floats = rgb.astype("f4") / 255
floats[0, 0] = [-1, 2, np.nan]
clamped = rgb.copy()
clamped[0, 0] = [0, 255, 0]
tiff("rgb32f.tif", floats, clamped, photometric="rgb")
# By libtiff's own conversion.
colors = rng.integers(0, 256, (256, 3)).astype("u1")
tiff("palette8.tif", grey, colors[grey], photometric="palette", colormap=(colors.T.astype("u2") * 257))
Image.fromarray(grey > 100).save("bits1.tif", compression="group4")
expect("bits1.tif", np.where(grey > 100, 255, 0))
cmyk = smooth(4)
Image.fromarray(cmyk, "CMYK").save("cmyk8.tif")
k = 255 - cmyk[..., 3:].astype("u4")
expect("cmyk8.tif", (k * (255 - cmyk[..., :3]) // 255).astype("u1"))
# Turned, with a density; two pages, a thumbnail before the picture.
for orientation in range(1, 9):
    turned = Image.fromarray(rgb)
    turned.save(f"orientation-{orientation}.tif", dpi=(300, 150), tiffinfo={274: orientation})
    with Image.open(f"orientation-{orientation}.tif") as image:
        expect(f"orientation-{orientation}.tif", np.asarray(ImageOps.exif_transpose(image)))
with tifffile.TiffWriter("pages.tif") as writer:
    writer.write(rgb, photometric="rgb", metadata=None)
    writer.write(grey, photometric="minisblack", metadata=None)
expect("pages.tif", rgb)
with tifffile.TiffWriter("thumbnail-first.tif") as writer:
    writer.write(rgb[::4, ::4].copy(), photometric="rgb", subfiletype=1, metadata=None)
    writer.write(rgb, photometric="rgb", metadata=None)
expect("thumbnail-first.tif", rgb)

# WebP


def webp(name, array, samples, **options):
    out = io.BytesIO()
    Image.fromarray(array).save(out, "WEBP", **options)
    put(name, out.getvalue(), samples)


webp("lossless.webp", rgb, rgb, lossless=True)
webp("lossless-alpha.webp", rgba, rgba, lossless=True, exact=True)
out = io.BytesIO()
Image.fromarray(rgb).save(out, "WEBP", quality=90)
# Pillow decodes with the same library.
put("lossy.webp", out.getvalue(), np.asarray(Image.open(out).convert("RGB")))
out = io.BytesIO()
Image.fromarray(rgb).save(out, "WEBP", lossless=True, save_all=True, append_images=[Image.fromarray(255 - rgb)], duration=50)
put("animation.webp", out.getvalue(), np.dstack([rgb, np.full((H, W), 255)]))
exif = Image.Exif()
exif[0x0112] = 6
webp("orientation-6.webp", rgb, np.rot90(rgb, -1), lossless=True, exif=exif.tobytes())

# TGA


def tga_header(kind, w, h, bits, flags, palette=(0, 0, 0), comment=b""):
    return struct.pack("<BBBHHBHHHHBB", len(comment), int(palette[1] > 0), kind, *palette, 0, 0, w, h, bits, flags) + comment


def packets(pixels):
    """Run-length packets, a row at a time."""
    out = b""
    for row in pixels:
        flat = [bytes(p) for p in row]
        i = 0
        while i < len(flat):
            j = i
            while j + 1 < len(flat) and j - i < 127 and flat[j + 1] == flat[i]:
                j += 1
            if j > i:
                out += bytes([128 + j - i]) + flat[i]
                i = j + 1
                continue
            j = i
            while j + 1 < len(flat) and j - i < 127 and flat[j + 1] != flat[j]:
                j += 1
            out += bytes([j - i]) + b"".join(flat[i : j + 1])
            i = j + 1
    return out


bgr, bgra = rgb[..., ::-1], rgba[..., [2, 1, 0, 3]]
put("rgb.tga", tga_header(2, W, H, 24, 0, comment=b"made by hand") + bgr[::-1].tobytes(), rgb)
put("rgb-top.tga", tga_header(2, W, H, 24, 0x20) + bgr.tobytes(), rgb)
put("rgb-right.tga", tga_header(2, W, H, 24, 0x30) + bgr[:, ::-1].tobytes(), rgb)
put("rgba.tga", tga_header(2, W, H, 32, 0x28) + bgra.tobytes(), rgba)
put("rgbx.tga", tga_header(2, W, H, 32, 0x20) + bgra.tobytes(), rgba[..., :3])
put("rgba-packed.tga", tga_header(10, W, H, 32, 8) + packets(bgra[::-1]), rgba)
put("grey.tga", tga_header(3, W, H, 8, 0x20) + grey.tobytes(), grey)
put("grey-packed.tga", tga_header(11, W, H, 8, 0x20) + packets(grey[..., None]), grey)
put("palette.tga", tga_header(1, W, H, 8, 0x20, palette=(0, 256, 24)) + colors[:, ::-1].tobytes() + grey.tobytes(), colors[grey])
put("palette-packed.tga", tga_header(9, W, H, 8, 0x20, palette=(16, 240, 24)) + colors[16:, ::-1].tobytes()
    + packets(np.maximum(grey, 16)[..., None]), colors[np.maximum(grey, 16)])
five = (rgb >> 3).astype("u2")
put("rgb15.tga", tga_header(2, W, H, 16, 0x20) + (five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]).astype("<u2").tobytes(),
    ((five.astype("u4") * 255 + 15) // 31).astype("u1"))
for name in ("rgb.tga", "rgba.tga", "rgba-packed.tga", "palette.tga", "grey-packed.tga"):
    Image.open(name).load()

# Photoshop documents, put together here: psd-tools writes few kinds.


def rows_packed(plane_bytes):
    out = []
    for row in plane_bytes:
        packed, i = b"", 0
        while i < len(row):
            j = i
            while j + 1 < len(row) and j - i < 127 and row[j + 1] == row[i]:
                j += 1
            if j > i:
                packed += bytes([257 - (j - i + 1)]) + row[i : i + 1]
                i = j + 1
                continue
            j = i
            while j + 1 < len(row) and j - i < 126 and row[j + 1] != row[j]:
                j += 1
            packed += bytes([j - i]) + row[i : j + 1]
            i = j + 1
        out.append(packed)
    return out


def resource(number, data):
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\0" * (len(data) % 2)


def psd(planes, mode, depth, packed, version=1, table=b"", resources=b"", alpha=False, layers=None):
    """planes: arrays of a dtype of that depth."""
    h, w = planes[0].shape[:2] if depth > 1 else (H, W)
    head = b"8BPS" + struct.pack(">H6xHIIHH", version, len(planes), h, w, depth, mode)
    size = ">Q" if version == 2 else ">I"
    if layers is None:
        layers = b""
        if alpha:
            # A section that says no more than that the merged picture has transparency: minus one layer, empty.
            record = struct.pack(">4iH", 0, 0, 0, 0, 0) + b"8BIMnorm" + bytes([255, 0, 0, 0]) + struct.pack(">I", 12)
            record += struct.pack(">II", 0, 0) + b"\0\0\0\0"
            info = struct.pack(">h", -1) + record
            info += b"\0" * (-len(info) % 4)
            layers = struct.pack(size, len(info)) + info + struct.pack(">I", 0)
    body = struct.pack(">I", len(table)) + table + struct.pack(">I", len(resources)) + resources
    body += struct.pack(size, len(layers)) + layers
    lines = [[row.tobytes() for row in plane] for plane in planes]
    if packed:
        rows = [r for plane in lines for r in rows_packed(plane)]
        body += struct.pack(">H", 1) + b"".join(struct.pack(">I" if version == 2 else ">H", len(r)) for r in rows)
        body += b"".join(rows)
    else:
        body += struct.pack(">H", 0) + b"".join(b"".join(plane) for plane in lines)
    return head + body


def split(array):
    return [np.ascontiguousarray(array[..., k]) for k in range(array.shape[-1])]


density = resource(1005, struct.pack(">IHHIHH", 300 << 16, 1, 1, 150 << 16, 1, 1))
put("rgb8.psd", psd(split(rgb), 3, 8, True, resources=density), rgb)
put("rgb8-plain.psd", psd(split(rgb), 3, 8, False), rgb)
put("rgb8.psb", psd(split(rgb), 3, 8, True, version=2), rgb)
put("rgb16.psd", psd(split(wide[3].astype(">u2")), 3, 16, True), narrow(wide[3]))
put("grey8.psd", psd([grey], 1, 8, True), grey)
put("duotone.psd", psd([grey], 8, 8, False, table=b"inks of its own"), grey)
put("indexed.psd", psd([grey], 2, 8, True, table=colors.T.tobytes()), colors[grey])
put("cmyk8.psd", psd(split(255 - cmyk), 4, 8, True),
    ((255 - cmyk[..., :3]).astype("u4") * (255 - cmyk[..., 3:]).astype("u4") + 127).__floordiv__(255).astype("u1"))
bits = np.packbits(grey <= 100, axis=1)
put("bits1.psd", psd([bits], 0, 1, True), np.where(grey > 100, 255, 0))
# A fourth channel is a saved selection, unless the layers say that it is transparency.
put("selection.psd", psd(split(rgba), 3, 8, True), rgba[..., :3])
a = rgba[..., 3:].astype("u4")
on_white = ((a * rgba[..., :3] + (255 - a) * 255 + 127) // 255).astype("u1")
merged = np.dstack([on_white, rgba[..., 3]])
out_of_white = merged.astype("i8")
part = (merged[..., 3] > 0) & (merged[..., 3] < 255)
al = merged[..., 3].astype("i8")[part][:, None]
out_of_white[part, :3] = np.clip(((merged[part, :3].astype("i8") - 255 + al) * 255 + al // 2) / al, 0, 255).astype("i8")
put("transparent.psd", psd(split(merged), 3, 8, True, alpha=True), out_of_white.astype("u1"))
linear = rng.random((H, W, 3)).astype(">f4")
curve = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
put("rgb32f.psd", psd(split(linear), 3, 32, False), np.rint(curve * 255))

# OpenRaster and Krita


def png(array):
    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


def archive(name, kind, files, samples):
    with zipfile.ZipFile(name, "w") as z:
        z.writestr("mimetype", kind, zipfile.ZIP_STORED)
        for path, data in files.items():
            z.writestr(path, data, zipfile.ZIP_DEFLATED)
    if samples is not None:
        expect(name, samples)


archive("picture.ora", "image/openraster", {"stack.xml": "<image/>", "mergedimage.png": png(rgba)}, rgba)
archive("picture.kra", "application/x-krita", {"maindoc.xml": "<DOC/>", "mergedimage.png": png(rgb)}, rgb)
archive("no-merged.ora", "image/openraster", {"stack.xml": "<image/>"}, None)
open("no-merged.psd", "wb").write(
    psd(split(rgb), 3, 8, True, resources=resource(1057, struct.pack(">IB", 1, 0) + b"\0" * 8)))

# Adobe RGB in each format: all must come out as the PNG does.
icc = Image.open("../../ColorizeTests/Fixtures/metadata/ref-adobergb.png").info["icc_profile"]
for name, options in (("profile.png", {}), ("profile.tif", {}), ("profile.webp", {"lossless": True})):
    Image.fromarray(rgb).save(name, icc_profile=icc, **options)
open("profile.psd", "wb").write(psd(split(rgb), 3, 8, True, resources=resource(1039, icc)))
print(len(names), "pictures")
