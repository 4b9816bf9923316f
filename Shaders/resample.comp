#version 450
#extension GL_GOOGLE_include_directive : require
// out[a, o, i] = sum_j weights[o, j] * x[a, indices[o, j], i]
#include "storage.glsl"
#include "constants/outputs.glsl"

layout(local_size_x = 256) in;
SOURCE(x, 1)
SOURCE(indices, 2)
SOURCE(weights, 3)

#include "arguments/resample.glsl"

void main() {
  uint index = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 256u + gl_LocalInvocationIndex;
  if (index >= push.count) return;
  uint i = index % push.inner;
  uint rest = index / push.inner;
  uint o = rest % push.extent;
  uint a = rest / push.extent;
  uint start = push.xOffset + a * push.xStrides[0] + i * push.xStrides[2];
  float total = 0.0;
  for (uint j = 0; j < push.width; ++j) {
    uint tap = o * push.width + j;
    uint source = indices_bits(push.indicesOffset + tap, TYPE_F32);
    total += weights_at(push.weightsOffset + tap, TYPE_F32) * x_at(start + source * push.xStrides[1], LEFT_TYPE);
  }
  store(push.outOffset + a * push.outStrides[0] + o * push.outStrides[1] + i * push.outStrides[2], total, OUT_TYPE);
}
