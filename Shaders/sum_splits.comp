#version 450
#extension GL_GOOGLE_include_directive : require
// out = activation(sum of the splits + bias) + residual: the second half of a product whose inner extent was split among
// groups of invocations. splits [S, M, N] of f32, summed in order, so that the result is always the same.
#include "storage.glsl"
#include "math.glsl"
#include "constants/outputs.glsl"

layout(local_size_x = 256) in;
SOURCE(splits, 1)
#include "epilogue.glsl"

#include "arguments/sum_splits.glsl"

void main() {
  uint index = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 256u + gl_LocalInvocationIndex;
  uint count = push.rows * push.columns;
  if (index >= count) return;
  float sum = 0.0;
  for (uint i = 0; i < push.splits; ++i) sum += splits_at(push.splitsOffset + i * count + index, TYPE_F32);
  uint row = index / push.columns;
  uint column = index - row * push.columns;
  float value = finish(
      sum, push.flags, push.biasOffset + column * push.biasStride,
      push.residualOffset + row * push.residualStrides[0] + column * push.residualStrides[1]);
  store(push.outOffset + row * push.outStrides[0] + column * push.outStrides[1], value, OUT_TYPE);
}
