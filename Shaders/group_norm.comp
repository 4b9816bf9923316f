#version 450
#extension GL_GOOGLE_include_directive : require
// out = activation((x - mean) * inverse * gamma + beta) with the moments of each group: x [B, N, C].
#include "storage.glsl"
#include "math.glsl"

layout(local_size_x = 256) in;
layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint X_TYPE = 0;
layout(constant_id = 3) const uint ACTIVATION = 0;
SOURCE(x, 1)
SOURCE(moments, 2)
SOURCE(gamma, 3)
SOURCE(beta, 4)

layout(push_constant) uniform Push {
  uint count;
  uint tokens;
  uint channels;
  uint width;
  uint xOffset;
  uint xStrides[3];
  uint outOffset;
  uint outStrides[3];
  uint momentsOffset;
  uint gammaOffset;
  uint gammaStride;
  uint gammaType;
  uint betaOffset;
  uint betaStride;
  uint betaType;
} push;

void main() {
  uint index = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 256u + gl_LocalInvocationIndex;
  if (index >= push.count) return;
  uint channel = index % push.channels;
  uint rest = index / push.channels;
  uint token = rest % push.tokens;
  uint batch = rest / push.tokens;
  uint group = batch * (push.channels / push.width) + channel / push.width;
  float mean = moments_at(push.momentsOffset + 2u * group, TYPE_F32);
  float inverse = moments_at(push.momentsOffset + 2u * group + 1u, TYPE_F32);
  float gamma = gamma_at(push.gammaOffset + channel * push.gammaStride, push.gammaType);
  float beta = beta_at(push.betaOffset + channel * push.betaStride, push.betaType);
  float x = x_at(
      push.xOffset + batch * push.xStrides[0] + token * push.xStrides[1] + channel * push.xStrides[2], X_TYPE);
  float y = activate((x - mean) * inverse * gamma + beta, ACTIVATION);
  store(
      push.outOffset + batch * push.outStrides[0] + token * push.outStrides[1] + channel * push.outStrides[2], y,
      OUT_TYPE);
}
