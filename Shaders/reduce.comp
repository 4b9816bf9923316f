#version 450
#extension GL_GOOGLE_include_directive : require
// out[row] = sum or maximum of x[row, :]
// variant: SUBGROUPS
#include "rows.glsl"

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
