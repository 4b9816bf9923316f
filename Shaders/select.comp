#version 450
#extension GL_GOOGLE_include_directive : require
// out = condition > 0 ? a : b
#include "arguments/select.glsl"
#include "elementwise.glsl"

SOURCE(condition, 1)
SOURCE(a, 2)
SOURCE(b, 3)

void main() {
  uint index = elementIndex(1);
  if (index >= push.count) return;
  uint positions[OPERANDS];
  locate(index, positions);
  uint bits = condition_bits(positions[1], A_TYPE);
  // As integers: positive and not NaN, subnormal numbers included.
  bool chosen = bits != 0u && bits <= 0x7f800000u;
  storeBits(positions[0], chosen ? a_bits(positions[2], B_TYPE) : b_bits(positions[3], C_TYPE), OUT_TYPE);
}
