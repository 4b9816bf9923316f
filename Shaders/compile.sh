#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles a shader to SPIR-V and writes it, in base64, into a Swift source file.
# usage: compile.sh COMPILER SHADER NAME OUTPUT.swift [-DMACRO]
set -eu
compiler=$1 shader=$2 name=$3 output=$4
shift 4
binary=$output.spv
if ! "$compiler" -V --target-env vulkan1.1 -g0 --quiet "$@" -I"$(dirname "$shader")/include" -I"$(dirname "$shader")" -o "$binary" "$shader"; then
  echo "error: $shader does not compile" >&2
  exit 1
fi
identifier=$(echo "$name" | awk -F_ '{ s = $1; for (i = 2; i <= NF; i++) s = s toupper(substr($i, 1, 1)) substr($i, 2); print s }')
{
  echo "extension ShaderBinaries {"
  printf '  package static let %s: StaticString = "' "$identifier"
  base64 < "$binary" | tr -d '\n'
  echo '"'
  echo "}"
} > "$output"
rm -f "$binary"
