#version 450
#extension GL_GOOGLE_include_directive : require
// A part of a step of AdamW, in place: of the first moment m, of the second v, or of the value p by both.
#include "slopes.glsl"

layout(local_size_x = 256) in;
const uint FIRST_MOMENT = 0;
const uint SECOND_MOMENT = 1;
SOURCE(value, 1)
// The gradient, or the first moment and the second.
SOURCE(a, 2)
SOURCE(b, 3)
#include "arguments/adamw.glsl"

void main() {
  uint index = elementOfInvocation();
  if (index >= push.count) return;
  float value = value_at(push.valueOffset + index, TYPE_F32);
  float a = a_at(push.aOffset + index, TYPE_F32);
  float result;
  if (VARIANT == FIRST_MOMENT || VARIANT == SECOND_MOMENT) {
    float gradient = push.hasGradient != 0u ? push.gradientScale * a : 0.0;
    result = push.keep * value + push.take * (VARIANT == FIRST_MOMENT ? gradient : gradient * gradient);
  } else {
    float deviation = push.deviationScale * sqrt(b_at(push.bOffset + index, TYPE_F32)) + push.epsilon;
    result = push.keep * value - push.take * a / deviation;
  }
  store(push.outOffset + index, result, TYPE_F32);
}
