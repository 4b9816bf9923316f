#version 450
#extension GL_GOOGLE_include_directive : require
// out = condition > 0 ? a : b
#include "arguments/select.glsl"
#include "elementwise.glsl"

layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint CONDITION_TYPE = 0;
layout(constant_id = 3) const uint A_TYPE = 0;
layout(constant_id = 4) const uint B_TYPE = 0;
SOURCE(condition, 1)
SOURCE(a, 2)
SOURCE(b, 3)

void main() {
  uint index = elementIndex(1);
  if (index >= push.count) return;
  uint positions[OPERANDS];
  locate(index, positions);
  uint bits = condition_bits(positions[1], CONDITION_TYPE);
  // As integers: positive and not NaN, subnormal numbers included.
  bool chosen = bits != 0u && bits <= 0x7f800000u;
  storeBits(positions[0], chosen ? a_bits(positions[2], A_TYPE) : b_bits(positions[3], B_TYPE), OUT_TYPE);
}
