# SPDX-License-Identifier: Apache-2.0

"""Reads the library's layered files with programs that others wrote, and compares every layer and the merged picture.

    pip install numpy pillow psd-tools[composite] pyora
    apt-get install gimp krita xvfb xauth imagemagick
    IRODORI_LAYERS_OUT=/tmp/layers swift test -c release --filter ReaderExport
    python3 Tests/Readers/check_layers.py /tmp/layers

The tests write each picture in both formats, a JSON text that says what it holds, a PNG file for each layer, and the
merged picture. Programs that are not there are left out, and said to be. The pixels of layers must be equal where
anything is seen. Merged pictures are composed anew by the readers, in their own precision: the largest difference is
printed, beside the share of samples that differ.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

# Beyond this a merged picture is taken to be wrong. Readers round after each layer, or compose in single precision.
TOLERANCE = 1
GIMP_TOLERANCE = 1
# It rounds to 8 bits after each layer.
KRITA_TOLERANCE = 3
MARGIN = 128
failures = []


def fail(text):
    failures.append(text)
    print("  FAILED", text)


def rgba(path):
    return np.asarray(Image.open(path).convert("RGBA"))


def plane(image, x, y, width, height):
    """An image on a canvas with a margin, so that what lies outside of the canvas is compared too."""
    out = np.zeros((height + 2 * MARGIN, width + 2 * MARGIN, 4), np.uint8)
    if image is None or 0 in image.shape:
        return out
    top, left = y + MARGIN, x + MARGIN
    assert top >= 0 and left >= 0 and top + image.shape[0] <= out.shape[0] and left + image.shape[1] <= out.shape[1]
    out[top : top + image.shape[0], left : left + image.shape[1]] = image
    out[out[..., 3] == 0] = 0
    return out


def same_layers(what, manifest, folder, found, with_name=lambda name: name):
    """`found` is a list like the manifest's, the lowest first: dictionaries with an array as image."""

    def walk(expected, actual, path):
        if len(expected) != len(actual):
            fail(f"{what}: {path}: {len(actual)} layers, expected {len(expected)}")
            return
        for want, have in zip(expected, actual):
            place = f"{path}/{want['name']!r}"
            for key in ("opacity", "mode", "isVisible", "isLocked"):
                if key in have and have[key] != want[key]:
                    fail(f"{what}: {place}: {key} is {have[key]!r}, expected {want[key]!r}")
            if have["name"] != with_name(want["name"]) and with_name(want["name"]):
                fail(f"{what}: name is {have['name']!r}, expected {want['name']!r}")
            if want.get("image"):
                size = manifest["width"], manifest["height"]
                a = plane(rgba(folder / want["image"]), want["x"], want["y"], *size)
                b = plane(have["image"], have["x"], have["y"], *size)
                if not np.array_equal(a, b):
                    fail(f"{what}: {place}: {np.count_nonzero((a != b).any(-1))} pixels differ")
                same_layers.count += 1
            else:
                walk(want["children"], have["children"], place)

    walk(manifest["layers"], found, "")


same_layers.count = 0


def same_merged(what, expected, actual, tolerance=TOLERANCE):
    """Colours are compared weighted by alpha: under next to no alpha they mean next to nothing."""
    a, b = expected.astype(float), actual.astype(float)
    if a.shape != b.shape:
        fail(f"{what}: {b.shape}, expected {a.shape}")
        return
    a[..., :3] *= a[..., 3:] / 255
    b[..., :3] *= b[..., 3:] / 255
    difference = np.abs(a - b)
    share = np.count_nonzero(difference > 0.01) / difference.size
    print(f"  {what}: largest difference {difference.max():.2f}, {share:.2%} of the samples differ")
    if difference.max() > tolerance + 1e-6:
        fail(f"{what}: differs by {difference.max():.2f}")


def check_psd_tools(path, manifest, folder, merged):
    from psd_tools import PSDImage
    from psd_tools.composite import composite

    modes = {
        "normal": "NORMAL", "multiply": "MULTIPLY", "screen": "SCREEN", "overlay": "OVERLAY", "darken": "DARKEN",
        "lighten": "LIGHTEN", "colorDodge": "COLOR_DODGE", "colorBurn": "COLOR_BURN", "hardLight": "HARD_LIGHT",
        "difference": "DIFFERENCE",
    }
    words = {value: key for key, value in modes.items()}
    psd = PSDImage.open(path)

    def walk(layers):
        for layer in layers:
            entry = dict(
                name=layer.name, opacity=layer.opacity, mode=words[layer.blend_mode.name], isVisible=layer.visible,
                isLocked=layer.locks is not None and layer.locks.value == 0x80000007, x=layer.left, y=layer.top)
            if layer.is_group():
                entry["children"] = list(walk(layer))
            elif layer.width and layer.height:
                entry["image"] = np.asarray(layer.topil().convert("RGBA"))
            else:
                entry["image"] = None
            yield entry

    same_layers("psd-tools", manifest, folder, list(walk(psd)))
    resolution = psd.image_resources.get_data(1005)
    if abs(resolution.horizontal / 65536 - manifest["resolution"]) > 1e-3:
        fail(f"psd-tools: {resolution.horizontal / 65536} pixels per inch")
    # What is stored; under little alpha the format itself keeps colours coarsely.
    same_merged("psd-tools, stored preview", merged, np.asarray(psd.topil().convert("RGBA")))
    # Its pictures are cut to whole numbers, not rounded; so the numbers themselves are taken.
    color, _, alpha = composite(psd, color=0.0, alpha=0.0, force=True)
    same_merged("psd-tools, composed", merged, np.rint(255 * np.concatenate([color, alpha], axis=2)))


def check_pyora(path, manifest, folder, merged):
    from pyora import Project

    words = {
        "svg:src-over": "normal", "svg:color-dodge": "colorDodge", "svg:color-burn": "colorBurn",
        "svg:hard-light": "hardLight",
    }
    project = Project.load(str(path))
    if project.dimensions != (manifest["width"], manifest["height"]):
        fail(f"pyora: {project.dimensions}")

    def walk(group):
        for item in reversed(list(group.children)):
            op = item.composite_op
            entry = dict(
                name=item.name, opacity=round(item.opacity * 255), mode=words.get(op, op.removeprefix("svg:")),
                isVisible=item.visible, isLocked=item.raw_attributes.get("edit-locked") == "true", x=item.offsets[0],
                y=item.offsets[1])
            if item.is_group:
                entry["children"] = list(walk(item))
            else:
                entry["image"] = np.asarray(item.get_image_data(raw=True).convert("RGBA"))
            yield entry

    same_layers("pyora", manifest, folder, list(walk(project.root)))
    stored = np.asarray(project.get_image_data(use_original=True).convert("RGBA"))
    if not np.array_equal(stored, merged):
        fail("pyora: the merged picture is another")
    same_merged("pyora, composed", merged, np.asarray(project.get_image_data().convert("RGBA")))


GIMP_SCRIPT = """
(define (quoted text) (string-append "\\"" text "\\""))
(define (describe image item folder port)
  (let* ((is-group (= TRUE (car (gimp-item-is-group item)))) (offsets (gimp-drawable-offsets item))
         (file (string-append folder "/" (number->string item) ".png")))
    (write (list (car (gimp-item-get-name item)) (car (gimp-layer-get-opacity item)) (car (gimp-layer-get-mode item))
      (car (gimp-item-get-visible item)) (car offsets) (cadr offsets) (if is-group 1 0) item
      (car (gimp-item-get-lock-content item))) port)
    (newline port)
    (if is-group
      (begin
        (for-each (lambda (child) (describe image child folder port))
          (reverse (vector->list (cadr (gimp-item-get-children item)))))
        (write '("end") port) (newline port))
      (let* ((single (car (gimp-image-new (car (gimp-drawable-width item)) (car (gimp-drawable-height item)) RGB)))
             (copy (car (gimp-layer-new-from-drawable item single))))
        (gimp-image-insert-layer single copy 0 0)
        (gimp-layer-set-offsets copy 0 0)
        (file-png-save-defaults RUN-NONINTERACTIVE single copy file file)
        (gimp-image-delete single)))))
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "@IN@" "@IN@"))) (port (open-output-file "@OUT@/layers.txt")))
  (write (gimp-image-get-resolution image) port) (newline port)
  (for-each (lambda (layer) (describe image layer "@OUT@" port))
    (reverse (vector->list (cadr (gimp-image-get-layers image)))))
  (close-output-port port)
  (let* ((copy (car (gimp-image-duplicate image))) (merged (car (gimp-image-merge-visible-layers copy CLIP-TO-IMAGE))))
    (gimp-layer-resize-to-image-size merged)
    (file-png-save-defaults RUN-NONINTERACTIVE copy merged "@OUT@/merged.png" "@OUT@/merged.png")))
(gimp-quit 0)
"""


def check_gimp(path, manifest, folder, merged):
    import re

    with tempfile.TemporaryDirectory() as out:
        script = GIMP_SCRIPT.replace("@IN@", str(path)).replace("@OUT@", out)
        done = subprocess.run(
            ["gimp", "-i", "-d", "-f", "-b", script], capture_output=True, text=True, timeout=900,
            env=dict(os.environ, LC_ALL="C.UTF-8"))
        listing = Path(out, "layers.txt")
        if not listing.exists() or not Path(out, "merged.png").exists():
            fail(f"GIMP: {done.stderr[-2000:]} {done.stdout[-500:]}")
            return
        if "warning" in done.stderr.lower() and "psd" in done.stderr.lower():
            fail(f"GIMP: {done.stderr}")
        # GIMP 2.10's modes for documents of old: LAYER-MODE-*-LEGACY, and those it has no legacy for.
        words = {
            0: "normal", 28: "normal", 3: "multiply", 30: "multiply", 4: "screen", 31: "screen", 5: "overlay",
            23: "overlay", 9: "darken", 35: "darken", 10: "lighten", 36: "lighten", 16: "colorDodge", 42: "colorDodge",
            17: "colorBurn", 43: "colorBurn", 18: "hardLight", 44: "hardLight", 6: "difference", 32: "difference",
        }
        lines = listing.read_text().split("\n")
        stack, groups = [[]], []
        text = "\n".join(lines[1:])
        pattern = re.compile(
            r'\("end"\)|\("((?:[^"\\]|\\.)*)" ([-\d.e]+) (\d+) (\d) (-?\d+) (-?\d+) (\d) (\d+) (\d)\)', re.S)
        for match in pattern.finditer(text):
            if match.group(0) == '("end")':
                group = groups.pop()
                group["children"] = stack.pop()
                continue
            # GIMP 2.10 does not take over locks.
            name, opacity, mode, visible, x, y, is_group, item, _ = match.groups()
            name = name.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"').replace("\\\\", "\\")
            entry = dict(
                name=name, opacity=round(float(opacity) * 2.55), mode=words.get(int(mode), mode),
                isVisible=visible == "1", x=int(x), y=int(y))
            stack[-1].append(entry)
            if is_group == "1":
                groups.append(entry)
                stack.append([])
            else:
                entry["image"] = rgba(Path(out, item + ".png"))
        # GIMP drops spaces at the ends of names, and has none that are empty.
        same_layers("GIMP", manifest, folder, stack[0], with_name=lambda name: name.strip())
        # GIMP has formulas of its own for dodge and burn.
        tolerance = 255 if path.stem == "dodge-and-burn" else GIMP_TOLERANCE
        same_merged("GIMP, composed", merged, rgba(Path(out, "merged.png")), tolerance)


def check_krita(path, manifest, folder, merged):
    with tempfile.TemporaryDirectory() as out:
        target = Path(out, "merged.png")
        done = subprocess.run(
            ["xvfb-run", "-a", "krita", "--export", "--export-filename", str(target), str(path)], capture_output=True,
            text=True, timeout=900, env=dict(os.environ, HOME=out, XDG_RUNTIME_DIR=out))
        if not target.exists():
            fail(f"Krita: {path.name}: {done.stderr[-1000:]}")
            return
        # Krita 5.1 does not take over the opacity of a Photoshop document's groups.
        tolerance = 255 if path.name == "groups.psd" else KRITA_TOLERANCE
        same_merged(f"Krita, {path.suffix} composed", merged, rgba(target), tolerance)


def check_imagemagick(path, manifest, folder, merged):
    command = "convert-im6.q16" if shutil.which("convert-im6.q16") else "convert"
    with tempfile.TemporaryDirectory() as out:
        target = Path(out, "merged.png")
        done = subprocess.run([command, f"{path}[0]", str(target)], capture_output=True, text=True, timeout=900)
        if done.returncode or done.stderr:
            fail(f"ImageMagick: {done.stderr}")
            return
        same_merged("ImageMagick, stored preview", merged, rgba(target))
        command = command.replace("convert", "identify")
        count = subprocess.run([command, str(path)], capture_output=True, text=True)
        if count.returncode or count.stderr:
            fail(f"ImageMagick: {count.stderr}")


def main():
    folder = Path(sys.argv[1])
    wanted = set(sys.argv[2:])
    for description in sorted(folder.glob("*.json")):
        name = description.stem
        if wanted and name not in wanted:
            continue
        manifest = json.loads(description.read_text())
        merged = rgba(folder / f"{name}.merged.png")
        print(f"{name}: {manifest['width']} x {manifest['height']}")
        check_psd_tools(folder / f"{name}.psd", manifest, folder, merged)
        check_pyora(folder / f"{name}.ora", manifest, folder, merged)
        if shutil.which("gimp"):
            check_gimp(folder / f"{name}.psd", manifest, folder, merged)
        if shutil.which("krita") and shutil.which("xvfb-run"):
            check_krita(folder / f"{name}.psd", manifest, folder, merged)
            check_krita(folder / f"{name}.ora", manifest, folder, merged)
        if shutil.which("convert"):
            check_imagemagick(folder / f"{name}.psd", manifest, folder, merged)
    for program in ("gimp", "krita", "convert"):
        if not shutil.which(program):
            print(f"{program} is not installed: not checked")
    print(f"{same_layers.count} layers compared, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
