#version 450
#extension GL_GOOGLE_include_directive : require
// out[row, :] = softmax(scale * x[row, :])
// variant: SUBGROUPS
#include "rows.glsl"

layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint X_TYPE = 0;
SOURCE(x, 1)

layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  uint outOffset;
  uint outRow;
  uint outColumn;
  uint xOffset;
  uint xRow;
  uint xColumn;
  float scale;
} push;

void main() {
  uint row = rowIndex();
  if (row >= push.rows) return;
  uint start = push.xOffset + row * push.xRow;
  uint lane = gl_LocalInvocationIndex;
  float top = -INFINITY;
  for (uint column = lane; column < push.columns; column += THREADS) {
    top = larger(top, push.scale * x_at(start + column * push.xColumn, X_TYPE));
  }
  top = maximumOfGroup(top);
  float total = 0.0;
  for (uint column = lane; column < push.columns; column += THREADS) {
    total += exponential(push.scale * x_at(start + column * push.xColumn, X_TYPE) - top);
  }
  total = sumOfGroup(total);
  for (uint column = lane; column < push.columns; column += THREADS) {
    float term = exponential(push.scale * x_at(start + column * push.xColumn, X_TYPE) - top);
    store(push.outOffset + row * push.outRow + column * push.outColumn, term / total, OUT_TYPE);
  }
}
