#version 450
#extension GL_GOOGLE_include_directive : require
// partials[b, g, chunk] = (mean, sum of squared distances from it) of a run of tokens of one group of channels.
// variant: SUBGROUPS
#include "rows.glsl"

layout(constant_id = 2) const uint X_TYPE = 0;
SOURCE(x, 1)

layout(push_constant) uniform Push {
  uint tokens;
  uint groups;
  uint width;
  uint tokensPerChunk;
  uint xOffset;
  uint xStrides[3];
  uint outOffset;
} push;

void main() {
  uint batch = gl_WorkGroupID.y / push.groups;
  uint group = gl_WorkGroupID.y % push.groups;
  uint first = gl_WorkGroupID.x * push.tokensPerChunk;
  uint elements = min(push.tokensPerChunk, push.tokens - first) * push.width;
  uint start =
      push.xOffset + batch * push.xStrides[0] + first * push.xStrides[1] + group * push.width * push.xStrides[2];
  uint lane = gl_LocalInvocationIndex;

  float total = 0.0;
  for (uint e = lane; e < elements; e += THREADS) {
    total += x_at(start + (e / push.width) * push.xStrides[1] + (e % push.width) * push.xStrides[2], X_TYPE);
  }
  float mean = sumOfGroup(total) / float(elements);
  // About the rounded mean; what the rounding leaves is added to it.
  float rest = 0.0;
  float squares = 0.0;
  for (uint e = lane; e < elements; e += THREADS) {
    float centred =
        x_at(start + (e / push.width) * push.xStrides[1] + (e % push.width) * push.xStrides[2], X_TYPE) - mean;
    rest += centred;
    squares += centred * centred;
  }
  rest = sumOfGroup(rest);
  squares = sumOfGroup(squares);
  if (lane == 0) {
    uint target = push.outOffset + 2u * (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x);
    float correction = rest / float(elements);
    store(target, mean + correction, TYPE_F32);
    store(target + 1u, max(squares - rest * correction, 0.0), TYPE_F32);
  }
}
