#version 450
#extension GL_GOOGLE_include_directive : require
// out = value
#include "arguments/fill.glsl"
#include "elementwise.glsl"


void main() {
  uint index = elementIndex(1);
  if (index >= push.count) return;
  uint positions[OPERANDS];
  locate(index, positions);
  storeBits(positions[0], floatBitsToUint(push.scalars[0]), OUT_TYPE);
}
