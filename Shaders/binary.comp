#version 450
#extension GL_GOOGLE_include_directive : require
// out = f(a, b)
#include "arguments/binary.glsl"
#include "elementwise.glsl"
#include "math.glsl"

SOURCE(a, 1)
SOURCE(b, 2)
TWOS_OF(a, 1)
TWOS_OF(b, 2)

float evaluate(float a, float b) {
  switch (FUNCTION) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return a / b;
    case 4: return isNaN(a) ? a : (isNaN(b) || b > a ? b : a);
    case 5: return isNaN(a) ? a : (isNaN(b) || b < a ? b : a);
    case 6: return a > b ? 1.0 : 0.0;
    default: return a > 0.0 ? a : a * b;
  }
}

void main() {
  uint index = elementIndex(STEP);
  if (index >= push.count) return;
  uint positions[OPERANDS];
  locate(index, positions);
  if (STEP == 2) {
    vec2 a = a_two(positions[1], A_TYPE);
    vec2 b = b_two(positions[2], B_TYPE);
    storeTwo(positions[0], vec2(evaluate(a.x, b.x), evaluate(a.y, b.y)), OUT_TYPE);
  } else {
    store(positions[0], evaluate(a_at(positions[1], A_TYPE), b_at(positions[2], B_TYPE)), OUT_TYPE);
  }
}
