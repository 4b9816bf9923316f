# SPDX-License-Identifier: Apache-2.0

"""Writes the palettes that the tests read, with Python's own modules and Pillow: nothing of the library's."""

import struct
import zipfile

from PIL import Image, ImageDraw

# GIMP: names in UTF-8, comments, an entry without a name.
open("sheet.gpl", "wb").write(
    "GIMP Palette\nName: Aoi, summer\nColumns: 4\n# skin first\n250 222 205\tskin\n214 164 148\tskin shadow\n"
    "\n 32  40  92\thair\n 98 112 190\thair highlight\n255 255 255\tUntitled\n200  16  46\t髪飾り\n".encode()
)
# GIMP before 1.3: neither name nor columns; Latin-1, lines of Windows.
open("old.gpl", "wb").write("GIMP Palette\r\n#\r\n255 0 0 Rouge foncé\r\n  0 128 0\r\n".encode("latin-1"))
# Aseprite.
open("aseprite.gpl", "wb").write(b"GIMP Palette\nChannels: RGBA\n#\n1 2 3 255 first\n4 5 6 128 second\n")


def name16(text, kind):
    units = text.encode("utf-16-be") + b"\0\0"
    return struct.pack(kind, len(units) // 2) + units


# Photoshop: version 1, and version 1 with 2 behind it.
colors = [
    ("red", 0, (65535, 0, 0, 0)),
    ("half green", 1, (21845, 65535, 32896, 0)),
    ("cyan ink", 2, (0, 65535, 65535, 65535)),
    ("middle grey", 7, (5000, 0, 0, 0)),
    ("print rose", 7, (6200, 4300, 2000, 0)),
    ("quarter ink", 8, (2500, 0, 0, 0)),
    ("wide magenta", 9, (0, 10000, 0, 0)),
    ("名前 𝒳", 0, (0x1212, 0x3434, 0x5656, 0)),
]
one = struct.pack(">HH", 1, len(colors)) + b"".join(struct.pack(">5H", s, *v) for _, s, v in colors)
two = struct.pack(">HH", 2, len(colors)) + b"".join(
    struct.pack(">5H", s, *v) + name16(n, ">I") for n, s, v in colors
)
open("first.aco", "wb").write(one)
open("both.aco", "wb").write(one + two)
open("second.aco", "wb").write(two)


# Adobe Swatch Exchange, with a group.
def block(kind, body):
    return struct.pack(">HI", kind, len(body)) + body


def swatch(name, model, *values):
    body = name16(name, ">H") + model + struct.pack(f">{len(values)}f", *values) + struct.pack(">H", 2)
    return block(1, body)


blocks = [
    swatch("before", b"RGB ", 1, 0.5, 0),
    block(0xC001, name16("Skin", ">H")),
    swatch("肌", b"RGB ", 250 / 255, 222 / 255, 205 / 255),
    swatch("ink", b"CMYK", 0, 0.5, 1, 0.2),
    block(0xC002, b""),
    swatch("rose", b"LAB ", 0.62, 43, 20),
    swatch("grey", b"Gray", 0.5),
]
open("groups.ase", "wb").write(b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks))

# Krita, packed, with a group, references and other models.
XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE Colorset>
<Colorset version="1.0" name="A &amp; B" comment="" columns="8">
 <!-- <ColorSetEntry> -->
 <ColorSetEntry name="plain" id="0" bitdepth="U8" spot="false">
  <RGB r="0.2" g="0.4" b="0.6" space="sRGB-elle-V2-srgbtrc.icc"/><Position row="0" column="0"/>
 </ColorSetEntry>
 <ColorSetEntry name="&lt;&#x9AEA;&gt; &quot;light&quot;" id="1" bitdepth="F32" spot="false">
  <RGB r="0.5" g="0.5" b="0.5" space="scRGB (linear)"/></ColorSetEntry>
 <Group name="more" rows="1">
  <ColorSetEntry name="" id="2" bitdepth="U16" spot="false">
   <CMYK c="0" m="0.5" y="1" k="0.2" space="Chemical proof"/></ColorSetEntry>
  <ColorSetEntry name="lab" id="3" bitdepth="U16" spot="true">
   <Lab L="62" a="43" b="20" space="Lab identity built-in"/></ColorSetEntry>
  <ColorSetEntry name="grey" id="4" bitdepth="U8" spot="false"><Gray g="0.5" space="Gray-D50"/></ColorSetEntry>
  <ColorSetEntry name="white" id="5" bitdepth="F32" spot="false">
   <XYZ x="0.9505" y="1" z="1.089" space="XYZ"/></ColorSetEntry>
 </Group>
</Colorset>
"""
with zipfile.ZipFile("group.kpl", "w") as z:
    z.writestr(zipfile.ZipInfo("mimetype"), "application/x-krita-palette")
    for name, text in [("colorset.xml", XML), ("profiles.xml", "<Profiles/>")]:
        z.writestr(zipfile.ZipInfo(name), text, compress_type=zipfile.ZIP_DEFLATED)

open("lospec.hex", "w").write("2d2840\n7a4e8f\nffe9c5\n")
open("paintnet.txt", "w").write("; paint.net Palette File\n; Colors: 2\nFF102030\nFFA0B0C0\n")
open("table.act", "wb").write(
    bytes([10, 20, 30, 40, 50, 60]) + bytes(768 - 6) + struct.pack(">HH", 2, 0xFFFF)
)
open("jasc.pal", "w").write("JASC-PAL\r\n0100\r\n2\r\n12 34 56\r\n255 0 128\r\n")

# Swatches on paper, with antialiased discs and a label.
big = Image.new("RGB", (480, 320), (255, 255, 255))
draw = ImageDraw.Draw(big)
for i, c in enumerate([(250, 222, 205), (214, 164, 148), (32, 40, 92), (98, 112, 190), (200, 16, 46), (201, 17, 46)]):
    x, y = 40 + i % 3 * 150, 20 + i // 3 * 150
    draw.ellipse((x, y, x + 110, y + 110), fill=c)
draw.text((40, 140), "skin", fill=(0, 0, 0))
big.resize((240, 160), Image.LANCZOS).save("discs.png")
# A pixel a colour.
strip = Image.new("RGB", (4, 1))
strip.putdata([(1, 2, 3), (4, 5, 6), (1, 2, 3), (7, 8, 9)])
strip.save("strip.png")
