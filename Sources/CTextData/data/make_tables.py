# SPDX-License-Identifier: Apache-2.0
"""Makes html-entities.txt, compositions.txt and widths.txt anew, from the tables that Python carries.

    python3 make_tables.py
"""
import html.entities
import unicodedata


def points(text):
    return " ".join(f"{ord(c):X}" for c in text)


def write(name, lines):
    with open(name, "w") as file:
        file.write("\n".join(lines) + "\n")


# Name, with the semicolon where it belongs to it, and the characters that it stands for.
write("html-entities.txt", [f"{name} {points(text)}" for name, text in sorted(html.entities.html5.items())])

# Canonical decompositions in one step: the character, and what it is made of. A line that begins with - is not composed.
lines = []
for code in range(0x110000):
    parts = unicodedata.decomposition(chr(code))
    if parts and not parts.startswith("<"):
        mark = "" if unicodedata.normalize("NFC", chr(code)) == chr(code) else "-"
        lines.append(f"{mark}{code:X} {' '.join(f'{int(p, 16):X}' for p in parts.split())}")
write("compositions.txt", lines)

# Half- and full-width forms, and what they are otherwise.
lines = []
for code in range(0xFF01, 0xFFF0):
    other = unicodedata.normalize("NFKC", chr(code))
    if other != chr(code):
        lines.append(f"{code:X} {points(other)}")
write("widths.txt", lines)
print("Unicode", unicodedata.unidata_version)
