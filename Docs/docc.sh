#!/usr/bin/env bash
# Makes the documentation of all library products from the sources' comments; fails where one has a warning.
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
for module in DiffusionCore DiffusionVulkan Colorize LayeredPictures DiffusionTraining BackendConformance; do
  graphs=$out/$module.symbols
  rm -rf "$graphs" "$out/$module.doccarchive" && mkdir -p "$graphs"
  swift-symbolgraph-extract -module-name $module -I "$modules" -target "$(uname -m)-unknown-linux-gnu" \
    -minimum-access-level public -output-dir "$graphs" "${flags[@]}"
  docc convert "Sources/$module/$module.docc" --additional-symbol-graph-dir "$graphs" \
    --fallback-display-name $module --fallback-bundle-identifier irodori.$module \
    --output-path "$out/$module.doccarchive" --warnings-as-errors || failed=1
done
exit $failed
