#version 450
#extension GL_GOOGLE_include_directive : require
// out[row] = sum or maximum of x[row, :]
// variant: SUBGROUPS
#include "rows.glsl"

layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint X_TYPE = 0;
layout(constant_id = 3) const uint REDUCTION = 0;
SOURCE(x, 1)

#include "arguments/reduce.glsl"

void main() {
  uint row = rowIndex();
  if (row >= push.rows) return;
  uint start = push.xOffset + row * push.xRow;
  float value = REDUCTION == 0 ? 0.0 : -INFINITY;
  for (uint column = gl_LocalInvocationIndex; column < push.columns; column += THREADS) {
    float x = x_at(start + column * push.xColumn, X_TYPE);
    value = REDUCTION == 0 ? value + x : larger(value, x);
  }
  value = REDUCTION == 0 ? sumOfGroup(value) : maximumOfGroup(value);
  if (gl_LocalInvocationIndex == 0) store(push.outOffset + row * push.outRow, value, OUT_TYPE);
}
