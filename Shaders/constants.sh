#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a Swift struct of the specialisation constants that a file in `constants` declares and shaders include: the
# numbers by which Swift sets them stand nowhere else.
#
# The file may declare `uint` and `bool`, and the size of a group of invocations, which is called `threads`.
#
# usage: constants.sh FILE.glsl OUTPUT.swift
set -eu
awk -v file="$1" '
function fail(message) { print "error: " file ": " message > "/dev/stderr"; failed = 1; exit 1 }
function camel(name,   parts, n, i, result) {
  n = split(tolower(name), parts, "_")
  result = parts[1]
  for (i = 2; i <= n; i++) result = result toupper(substr(parts[i], 1, 1)) substr(parts[i], 2)
  return result
}
function add(number, type, name) {
  if (number in names) fail("the number " number " is taken twice")
  order[++count] = number
  types[number] = type; names[number] = name; remarks[number] = comment; comment = ""
  if (number > last) last = number
}
BEGIN { last = -1 }
/^\/\// { sub(/^\/\/ */, ""); comment = comment == "" ? $0 : comment " " $0; next }
/^layout\(local_size_x_id = [0-9]+\) in;$/ { number = $3; sub(/\).*/, "", number); add(number + 0, "Int", "threads"); next }
/^layout\(constant_id = [0-9]+\) const (uint|bool) [A-Z_]+ = [a-z0-9]+;$/ {
  number = $3; sub(/\).*/, "", number)
  add(number + 0, $5 == "bool" ? "Bool" : "Int", camel($6))
  next
}
/^ *$/ { next }
{ fail("cannot read \"" $0 "\"") }
END {
  if (failed) exit 1
  if (count == 0) fail("declares no constants")
  short = file; sub(/^.*\//, "", short)
  name = short; sub(/\.glsl$/, "", name); name = camel(name)
  print "/// What shaders are specialised by, of `constants/" short "`."
  print "package struct " toupper(substr(name, 1, 1)) substr(name, 2) "Constants: ShaderConstants {"
  for (i = 1; i <= count; i++) {
    n = order[i]
    if (remarks[n] != "") print "  /// " remarks[n]
    print "  package var " names[n] ": " types[n]
  }
  print "  package init("
  for (i = 1; i <= count; i++) print "    " names[order[i]] ": " types[order[i]] (i < count ? "," : "")
  print "  ) {"
  for (i = 1; i <= count; i++) print "    self." names[order[i]] " = " names[order[i]]
  print "  }"
  print "  package var words: [UInt32] {"
  print "    ["
  for (n = 0; n <= last; n++)
    print "      " (!(n in names) ? "0" : types[n] == "Bool" ? names[n] " ? 1 : 0" : "UInt32(" names[n] ")") ","
  print "    ]"
  print "  }"
  print "}"
}
' "$1" > "$2.part" || { rm -f "$2.part"; exit 1; }
mv "$2.part" "$2"
