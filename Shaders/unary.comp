#version 450
#extension GL_GOOGLE_include_directive : require
// out = f(x), or scale * x + offset
#define OPERANDS 2
#define MAX_RANK 8
#include "elementwise.glsl"
#include "math.glsl"

layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint X_TYPE = 0;
layout(constant_id = 3) const uint FUNCTION = 0;
SOURCE(x, 1)

float evaluate(float x) {
  switch (FUNCTION) {
    case 0: return exponential(x);
    case 1: return logarithm(x);
    case 2: return sqrt(x);
    case 4: return sigmoid(x);
    case 5: return silu(x);
    case 6: return gelu(x);
    default: return push.scalars[0] * x + push.scalars[1];
  }
}

void main() {
  uint index = elementIndex();
  if (index >= push.count) return;
  uint positions[OPERANDS];
  locate(index, positions);
  uint bits = x_bits(positions[1], X_TYPE);
  if (FUNCTION == 3) {
    bits &= 0x7fffffffu;
  } else {
    bits = floatBitsToUint(evaluate(uintBitsToFloat(bits)));
  }
  storeBits(positions[0], bits, OUT_TYPE);
}
