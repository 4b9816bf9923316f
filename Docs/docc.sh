#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the documentation of all library products from the comments of the sources; fails where a link leads nowhere.
# usage: Docs/docc.sh [FOLDER]   (default: .build/documentation)
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-.build/documentation}
swift build -c release
modules=$(swift build -c release --show-bin-path)/Modules
flags=()
while read -r map; do flags+=(-Xcc "$map"); done < <(grep -o '"-fmodule-map-file=[^"]*"' .build/release.yaml | tr -d '"' | sort -u)
for headers in Sources/C*/include; do flags+=(-Xcc "-I$PWD/$headers"); done
while read -r flag; do flags+=(-Xcc "$flag"); done < <(pkg-config --cflags-only-I openblas | tr ' ' '\n' | grep .)
failed=0
for module in DiffusionCore DiffusionVulkan Colorize LayeredPictures PictureFormats Shots DiffusionTraining \
  ColorizeTraining BackendConformance; do
  graphs=$out/$module.symbols
  rm -rf "$graphs" "$out/$module.doccarchive" && mkdir -p "$graphs"
  swift-symbolgraph-extract -module-name $module -I "$modules" -target "$(uname -m)-unknown-linux-gnu" \
    -minimum-access-level public -output-dir "$graphs" "${flags[@]}"
  # Who documents some parameters need not document those that say themselves what they are.
  docc convert "Sources/$module/$module.docc" --additional-symbol-graph-dir "$graphs" \
    --fallback-display-name $module --fallback-bundle-identifier irodori.$module \
    --output-path "$out/$module.doccarchive" 2>&1 | tee "$out/$module.log" | grep -A8 "^warning" \
    | grep -v "is missing documentation" >"$out/$module.warnings" || true
  if grep -q "^warning" "$out/$module.warnings"; then
    cat "$out/$module.warnings"
    failed=1
  fi
done
exit $failed
