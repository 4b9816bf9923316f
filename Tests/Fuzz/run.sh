#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes what reads files with libFuzzer and the address sanitizer, which Swift's toolchain brings along.
#
#   Tests/Fuzz/run.sh SECONDS [TARGET...]     that long for each target
#   Tests/Fuzz/run.sh runs=N [TARGET...]      that many inputs for each target
#
# Targets: safetensors pytorch palette png jpeg tiff webp tga photoshop openraster tokenizer vocabulary configuration index
# regions options sheet; by default all, one after the other.
# It needs swift, clang and the packages of the README. The seeds are the fixtures of the tests, seeds/TARGET, and kept/TARGET, where an
# input that was found is put when its fault is mended. What libFuzzer adds to the corpus stays in .build/fuzz.
set -euo pipefail
shopt -s globstar nullglob
cd "$(dirname "$0")/../.."
case ${1:?how many seconds a target gets, or runs=N} in
  runs=*) limit=-runs=${1#runs=} ;;
  *) limit=-max_total_time=$1 ;;
esac
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(safetensors pytorch palette png jpeg tiff webp tga photoshop openraster tokenizer
  vocabulary configuration index regions options sheet)
sources=$PWD/Sources
out=$PWD/.build/fuzz
mkdir -p "$out"

build() {
  # The library alone, without its tests, the tool and the devices.
  modules=()
  for name in CCodec CPNGIO CJPEG CColorProfile CTIFF CTextData CKernels CSystem CEmbeddedModel CSamples; do
    printf 'module %s {\n  umbrella "%s"\n  export *\n}\n' "$name" "$sources/$name/include" > "$out/$name.modulemap"
    modules+=(-Xcc "-fmodule-map-file=$out/$name.modulemap" -Xcc "-I$sources/$name/include")
    for file in "$sources/$name"/*.c; do
      clang -std=c2x -O1 -g -fsanitize=fuzzer-no-link,address -c -I"$sources/$name/include" -I"$sources/CCodec/include" "$file" \
        -o "$out/$name-$(basename "$file" .c).o"
    done
  done
  for name in CZlib CWebP COpenBLAS CCrypto; do
    modules+=(-Xcc "-fmodule-map-file=$sources/$name/module.modulemap")
  done
  for flag in $(pkg-config --cflags openblas); do modules+=(-Xcc "$flag"); done
  compile() {
    local name=$1
    shift
    echo "building $name"
    swiftc -O -wmo -parse-as-library -swift-version 6 -package-name fuzz -sanitize=fuzzer,address -I "$out" \
      "${modules[@]}" -module-name "$name" -emit-module -emit-module-path "$out/$name.swiftmodule" -c "$@" \
      -o "$out/$name.o"
  }
  for name in DiffusionCore Colorize PictureFormats Shots; do compile "$name" "$sources/$name"/**/*.swift; done
  echo linking
  swiftc -O -parse-as-library -swift-version 6 -package-name fuzz -sanitize=fuzzer,address -I "$out" "${modules[@]}" \
    Tests/Fuzz/*.swift "$sources"/ColorizeTool/Run/{StoredOptions,InputFile}.swift "$sources"/ColorizeTool/Support/Tool.swift "$out"/*.o \
    -lpng16 -ljpeg -llcms2 -ltiff -lwebp -lwebpdemux -lz -lopenblas -lcrypto -o "$out/fuzz"
}
# IRODORI_FUZZ_BUILT=1 takes what was built last time.
[ -n "${IRODORI_FUZZ_BUILT:-}" ] || build

seeds() {
  case $1 in
    safetensors) echo Tests/DiffusionCoreTests/Golden/**/*.safetensors ;;
    pytorch) echo Tests/DiffusionCoreTests/Golden/pytorch/*.{pt,pth,ckpt} ;;
    palette) echo Tests/ColorizeTests/Fixtures/palettes/* ;;
    png) echo Tests/ColorizeTests/Fixtures/images/*.png ;;
    jpeg) echo Tests/ColorizeTests/Fixtures/images/*.jpg ;;
    tiff) echo Tests/PictureFormatsTests/Fixtures/*.tif ;;
    webp) echo Tests/PictureFormatsTests/Fixtures/*.webp ;;
    tga) echo Tests/PictureFormatsTests/Fixtures/*.tga ;;
    photoshop) echo Tests/PictureFormatsTests/Fixtures/*.ps[db] ;;
    openraster) echo Tests/PictureFormatsTests/Fixtures/*.{ora,kra} ;;
    *) echo Tests/Fuzz/seeds/"$1"/* ;;
  esac
}
status=0
for target in "${targets[@]}"; do
  corpus=$out/corpus/$target
  mkdir -p "$corpus"
  for file in $(seeds "$target") Tests/Fuzz/kept/"$target"/*; do
    if [ -f "$file" ] && [ "$(stat -c %s "$file")" -le 65536 ]; then cp "$file" "$corpus/"; fi
  done
  echo "== $target, $limit"
  IRODORI_FUZZ=$target "$out/fuzz" "$corpus" "$limit" -timeout=10 -rss_limit_mb=2048 \
    -malloc_limit_mb=1024 -max_len=65536 -artifact_prefix="$out/$target-" -print_final_stats=1 -verbosity=1 \
    > "$out/$target.log" 2>&1 || { status=1; echo "$target: FOUND SOMETHING"; }
  grep -E "stat::number_of_executed_units|stat::peak_rss_mb|SUMMARY|Test unit written" "$out/$target.log" || true
done
exit $status
