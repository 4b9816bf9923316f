#version 450
#extension GL_GOOGLE_include_directive : require
// out = x. No arithmetic touches the value, so that NaN patterns and subnormal numbers survive.
#include "arguments/unary.glsl"
#include "elementwise.glsl"

SOURCE(x, 1)
TWOS_OF(x, 1)

void main() {
  uint index = elementIndex(STEP);
  if (index >= push.count) return;
  uint positions[OPERANDS];
  locate(index, positions);
  if (STEP == 2) {
    if (A_TYPE == OUT_TYPE && A_TYPE != TYPE_F32) {
      out_words[positions[0] >> 1] = x_words[positions[1] >> 1];
    } else {
      storeTwoBits(positions[0], x_two_bits(positions[1], A_TYPE), OUT_TYPE);
    }
  } else {
    storeBits(positions[0], x_bits(positions[1], A_TYPE), OUT_TYPE);
  }
}
