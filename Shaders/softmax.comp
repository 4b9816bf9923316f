#version 450
#extension GL_GOOGLE_include_directive : require
// out[row, :] = softmax(scale * x[row, :])
// variant: SUBGROUPS
#include "rows.glsl"

SOURCE(x, 1)
TWOS_OF(x, 1)

#include "arguments/softmax.glsl"

// scale * x of STEP columns.
vec2 logits(uint start, uint column) {
  if (STEP == 2) return push.scale * x_two(start + column, X_TYPE);
  return vec2(push.scale * x_at(start + column * push.xColumn, X_TYPE), 0.0);
}

void main() {
  uint row = rowIndex();
  if (row >= push.rows) return;
  uint start = push.xOffset + row * push.xRow;
  uint target = push.outOffset + row * push.outRow;
  uint first = STEP * gl_LocalInvocationIndex;
  float top = -INFINITY;
  for (uint column = first; column < push.columns; column += STEP * THREADS) {
    vec2 x = logits(start, column);
    top = larger(top, x.x);
    if (STEP == 2) top = larger(top, x.y);
  }
  top = maximumOfGroup(top);
  float total = 0.0;
  for (uint column = first; column < push.columns; column += STEP * THREADS) {
    vec2 x = logits(start, column);
    total += exponential(x.x - top);
    if (STEP == 2) total += exponential(x.y - top);
  }
  total = sumOfGroup(total);
  for (uint column = first; column < push.columns; column += STEP * THREADS) {
    vec2 x = logits(start, column);
    if (STEP == 2) {
      storeTwo(target + column, vec2(exponential(x.x - top), exponential(x.y - top)) / total, OUT_TYPE);
    } else {
      store(target + column * push.outColumn, exponential(x.x - top) / total, OUT_TYPE);
    }
  }
}
