#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a folder that checks and times a machine's graphics card and processor without Swift, sources or network:
#
#   Benchmarks/hardware.sh [FOLDER]        (default: .build-hardware/irodori-hardware)
#
# It runs on any x86-64 Linux with glibc of this system's version or later (2.36 on Debian 12); beside it lies the same
# folder as FOLDER.tar.xz. On the other machine:  tar xf irodori-hardware.tar.xz; irodori-hardware/hardware report
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-.build-hardware/irodori-hardware}

# One build for both programs. The old tag of the path to libraries (RPATH) also holds for what the libraries need
# themselves, and does not reach other programs, as a variable of the environment would.
flags=(
  -c release --static-swift-stdlib --package-path Benchmarks --scratch-path .build-static
  -Xswiftc -file-prefix-map -Xswiftc "$PWD=." -Xcc "-ffile-prefix-map=$PWD=."
  -Xlinker --disable-new-dtags -Xlinker -rpath -Xlinker '$ORIGIN/../lib')
for product in Benchmark colorize; do swift build "${flags[@]}" --product "$product"; done
built=$(swift build "${flags[@]}" --show-bin-path)

rm -rf "$folder" "$folder.tar.xz"
mkdir -p "$folder"/{bin,lib,fallback,pytorch,licenses}
for program in Benchmark colorize; do
  cp "$built/$program" "$folder/bin/"
  strip "$folder/bin/$program"
done
cp Benchmarks/hardware "$folder/hardware"
cp Benchmarks/pytorch/*.py "$folder/pytorch/"
cp LICENSE "$folder/licenses/Irodori"

# Libraries but those of glibc. What drivers and Python use too lies apart, each in a folder of its own: an older one of
# ours must not stand before the system's, and is taken where the system has none.
while read -r name path; do
  case $name in
    libc.so.* | libm.so.* | libdl.so.* | librt.so.* | libpthread.so.* | ld-linux*) continue ;;
    libstdc++.so.* | libgcc_s.so.* | libz.so.* | libvulkan.so.*)
      mkdir -p "$folder/fallback/$name"
      cp -L "$path" "$folder/fallback/$name/$name" ;;
    *) cp -L "$path" "$folder/lib/$name" ;;
  esac
  real=$(readlink -f "$path")
  package=$({ dpkg-query -S "$path" "$real" "${real#/usr}" "/usr$real" 2>/dev/null || true; } | head -1 | cut -d: -f1)
  if [ -n "$package" ] && [ -f "/usr/share/doc/$package/copyright" ]; then
    cp "/usr/share/doc/$package/copyright" "$folder/licenses/$package"
  fi
done < <(for program in "$folder"/bin/*; do ldd "$program"; done | awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }' | sort -u)

# The two programs share most of their content, which a window of their size finds.
tar -C "$(dirname "$folder")" --sort=name --owner=0 --group=0 --numeric-owner -cf - "$(basename "$folder")" \
  | xz -T0 --lzma2=preset=6,dict=192MiB > "$folder.tar.xz"
du -sh "$folder" "$folder.tar.xz"
