#version 450
#extension GL_GOOGLE_include_directive : require
// out = value
#include "arguments/fill.glsl"
#include "elementwise.glsl"

layout(constant_id = 1) const uint OUT_TYPE = 0;

void main() {
  uint index = elementIndex(1);
  if (index >= push.count) return;
  uint positions[OPERANDS];
  locate(index, positions);
  storeBits(positions[0], floatBitsToUint(push.scalars[0]), OUT_TYPE);
}
