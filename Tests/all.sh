#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All tests: format, unit tests, the benchmarks' package, and a package of programs that depend on this one.
set -euo pipefail
cd "$(dirname "$0")/.."

swift format lint --strict --recursive --parallel Package.swift Sources Tests Plugins Examples \
  Benchmarks/Package.swift Benchmarks/Sources Benchmarks/Tests

missing=$(grep -rL --include=*.swift 'SPDX-License-Identifier: Apache-2.0' Sources Tests Examples Plugins Benchmarks/Sources || true)
[ -z "$missing" ] || { echo "no SPDX line: $missing"; exit 1; }

# Release, because the kernels are fifty times slower without optimisation.
swift test -c release

# The benchmarks, a package of their own: this builds the program too.
swift test -c release --package-path Benchmarks --scratch-path .build-benchmarks

# Dependents, built and run as users would.
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
samples=Sources/CSamples/data
swift build -c release --package-path Examples --scratch-path .build-examples
example() { swift run -c release --skip-build --package-path Examples --scratch-path .build-examples "$@"; }
example Minimal $samples/sketch.png $samples/reference.png "$out/result.png"
test -s "$out/result.png"
for name in sheet:reference sheet-mask:reference_mask frame-1:sketch mask-1:sketch_mask frame-2:sketch mask-2:sketch_mask; do
  cp "$samples/${name#*:}.png" "$out/${name%:*}.png"
done
example Cut "$out"
test -s "$out/coloured-2.png"
example EventStream $samples/sketch.png $samples/reference.png "$out/events.png"
test -s "$out/events.png"
example CustomBackend $samples/sketch.png $samples/reference.png
example CustomSampler $samples/sketch.png $samples/reference.png "$out/churn.png" Churn | grep -q "as stored: euler_churn"
test -s "$out/churn.png"
mkdir "$out/pictures"
cp $samples/*reference.png "$out/pictures"
example FromScratch "$out/pictures" "$out/model" 8 64
test -s "$out/model/colorizer.safetensors"
