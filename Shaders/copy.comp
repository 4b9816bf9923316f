#version 450
#extension GL_GOOGLE_include_directive : require
// out = x. No arithmetic touches the value, so that NaN patterns and subnormal numbers survive.
#define OPERANDS 2
#define MAX_RANK 8
#include "elementwise.glsl"

layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint X_TYPE = 0;
SOURCE(x, 1)

void main() {
  uint index = elementIndex();
  if (index >= push.count) return;
  uint positions[OPERANDS];
  locate(index, positions);
  storeBits(positions[0], x_bits(positions[1], X_TYPE), OUT_TYPE);
}
