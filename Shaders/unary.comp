#version 450
#extension GL_GOOGLE_include_directive : require
// out = f(x), or scale * x + offset
#include "arguments/unary.glsl"
#include "elementwise.glsl"
#include "math.glsl"

SOURCE(x, 1)
TWOS_OF(x, 1)

float evaluate(float x) {
  switch (FUNCTION) {
    case 0: return exponential(x);
    case 1: return logarithm(x);
    case 2: return sqrt(x);
    case 4: return sigmoid(x);
    case 5: return silu(x);
    case 6: return gelu(x);
    case 7: return relu(x);
    case 8: return hyperbolicTangent(x);
    default: return push.scalars[0] * x + push.scalars[1];
  }
}

uint evaluateBits(uint bits) {
  return FUNCTION == 3 ? bits & 0x7fffffffu : floatBitsToUint(evaluate(uintBitsToFloat(bits)));
}

void main() {
  uint index = elementIndex(STEP);
  if (index >= push.count) return;
  uint positions[OPERANDS];
  locate(index, positions);
  if (STEP == 2) {
    uvec2 bits = x_two_bits(positions[1], A_TYPE);
    storeTwoBits(positions[0], uvec2(evaluateBits(bits.x), evaluateBits(bits.y)), OUT_TYPE);
  } else {
    storeBits(positions[0], evaluateBits(x_bits(positions[1], A_TYPE)), OUT_TYPE);
  }
}
