#!/usr/bin/env bash
# All tests: format, unit tests, and a package that depends on this one.
set -euo pipefail
cd "$(dirname "$0")/.."

swift format lint --strict --recursive --parallel Package.swift Sources Tests Plugins Benchmarks/Package.swift Benchmarks/Sources \
  Examples

# Release, because the kernels are fifty times slower without optimisation.
swift test -c release

# A dependent, built and run as a user would.
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
samples=Sources/CSamples/data
swift run -c release --package-path Tests/Dependent --scratch-path .build-dependent \
  Dependent $samples/sketch.png $samples/reference.png "$out/result.png"
test -s "$out/result.png"
for name in sheet:reference sheet-mask:reference_mask frame-1:sketch mask-1:sketch_mask frame-2:sketch mask-2:sketch_mask; do
  cp "$samples/${name#*:}.png" "$out/${name%:*}.png"
done
swift run -c release --package-path Tests/Dependent --scratch-path .build-dependent Cut "$out"
test -s "$out/coloured-2.png"

# The examples.
swift run -c release --package-path Examples --scratch-path .build-examples \
  CustomSampler $samples/sketch.png $samples/reference.png "$out/churn.png" Churn | grep -q "as stored: euler_churn"
test -s "$out/churn.png"
