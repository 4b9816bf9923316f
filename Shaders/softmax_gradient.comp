#version 450
#extension GL_GOOGLE_include_directive : require
// out[row, :] = scale * weights * (upstream - sum(weights * upstream)), of f32 without gaps
// variant: SUBGROUPS
#include "rows.glsl"

SOURCE(weights, 1)
SOURCE(upstream, 2)
#include "arguments/softmax_gradient.glsl"

void main() {
  uint row = rowIndex();
  if (row >= push.rows) return;
  uint start = row * push.columns;
  float total = 0.0;
  for (uint column = start + gl_LocalInvocationIndex; column < start + push.columns; column += THREADS) {
    total += weights_at(push.weightsOffset + column, TYPE_F32) * upstream_at(push.upstreamOffset + column, TYPE_F32);
  }
  total = sumOfGroup(total);
  for (uint column = start + gl_LocalInvocationIndex; column < start + push.columns; column += THREADS) {
    float slope = upstream_at(push.upstreamOffset + column, TYPE_F32) - total;
    store(
        push.outOffset + column, push.scale * weights_at(push.weightsOffset + column, TYPE_F32) * slope, TYPE_F32);
  }
}
