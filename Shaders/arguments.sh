#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a Swift struct of the arguments that a shader reads by position: of the push constant block of a file in
# `arguments`, which the shaders include. The block is the only description of them.
#
# The block may have `uint`, `int` and `float`, alone or in arrays of a number, of a macro of the same file, or of a
# product of both, and lines of the folder `include` that several blocks share. It must not be larger than the 128 bytes
# that every device has for push constants.
#
# usage: arguments.sh BLOCK.glsl OUTPUT.swift
set -eu
includes=$(dirname "$0")/include
# Shared lines in their place.
while IFS= read -r line || [ -n "$line" ]; do
  case $line in
  '#include "'*'"')
    shared=${line#*\"}
    cat "$includes/${shared%\"}" || { echo "error: $1: cannot read $shared" >&2; exit 1; }
    ;;
  *) printf '%s\n' "$line" ;;
  esac
done < "$1" | awk -v file="$1" '
function fail(message) { print "error: " file ": " message > "/dev/stderr"; failed = 1; exit 1 }
function value(expression,   parts, n, i, product) {
  product = 1
  n = split(expression, parts, /[ ]*\*[ ]*/)
  for (i = 1; i <= n; i++) {
    if (parts[i] in macros) product *= macros[parts[i]]
    else if (parts[i] ~ /^[0-9]+$/) product *= parts[i]
    else fail("the extent " expression " is no number")
  }
  return product
}
BEGIN { limit = 128 }
/^#define [A-Z_]+ [0-9]+$/ { macros[$2] = $3; next }
/^layout\(push_constant\) uniform [A-Z][A-Za-z]* \{$/ { name = $3; inside = 1; next }
/^\} push;$/ { inside = 0; ended = 1; next }
!inside { next }
/^ *\/\// { sub(/^ *\/\/ */, ""); comment = comment == "" ? $0 : comment " " $0; next }
/^ *(uint|int|float) [a-z][A-Za-z0-9]*(\[[A-Z0-9_* ]+\])?;$/ {
  member = $0
  sub(/^ */, "", member); sub(/;$/, "", member)
  type[++count] = substr(member, 1, index(member, " ") - 1) == "float" ? "Float" : "Int"
  member = substr(member, index(member, " ") + 1)
  extent[count] = 0
  if (match(member, /\[.*\]/)) {
    extent[count] = value(substr(member, RSTART + 1, RLENGTH - 2))
    member = substr(member, 1, RSTART - 1)
  }
  names[count] = member
  remarks[count] = comment
  comment = ""
  words += extent[count] > 0 ? extent[count] : 1
  next
}
/^ *$/ { next }
{ fail("cannot read \"" $0 "\"") }
END {
  if (failed) exit 1
  if (name == "" || !ended || count == 0) fail("has no block of push constants")
  if (words * 4 > limit) fail(name " has " words * 4 " bytes, more than the " limit " that every device takes")
  short = file; sub(/^.*\//, "", short)
  print "/// What shaders read by `arguments/" short "`, of which this is made."
  print "package struct " name ": ShaderArguments {"
  print "  package static let byteCount = " words * 4
  for (i = 1; i <= count; i++) if (extent[i] > 0) print "  package static let " names[i] "Count = " extent[i]
  for (i = 1; i <= count; i++) {
    if (remarks[i] != "") print "  /// " remarks[i]
    print "  package var " names[i] ": " (extent[i] > 0 ? "[" type[i] "]" : type[i])
  }
  print "  package init("
  for (i = 1; i <= count; i++)
    print "    " names[i] ": " (extent[i] > 0 ? "[" type[i] "]" : type[i]) (i < count ? "," : "")
  print "  ) {"
  for (i = 1; i <= count; i++) print "    self." names[i] " = " names[i]
  print "  }"
  print "  package func write(to words: inout ShaderWords) {"
  for (i = 1; i <= count; i++)
    print "    words.append(" names[i] (extent[i] > 0 ? ", count: " extent[i] : "") ")"
  print "  }"
  print "}"
}
' > "$2.part" || { rm -f "$2.part"; exit 1; }
mv "$2.part" "$2"
