#version 450
#extension GL_GOOGLE_include_directive : require
// Of a group norm with normed = (x - mean) * inverse, x [B, N, C]: inner = upstream * activation'(normed * gamma + beta),
// or inner * normed. Their sums over tokens make the gradients of beta and gamma, and what that of x subtracts.
#include "slopes.glsl"

layout(local_size_x = 256) in;
SOURCE(x, 1)
SOURCE(upstream, 2)
SOURCE(moments, 3)
SOURCE(gamma, 4)
SOURCE(beta, 5)
#include "arguments/group_norm_products.glsl"

void main() {
  uint index = elementOfInvocation();
  if (index >= push.count) return;
  uint channel = index % push.channels;
  uint batch = index / (push.tokens * push.channels);
  uint group = batch * (push.channels / push.width) + channel / push.width;
  float mean = moments_at(push.momentsOffset + 2u * group, TYPE_F32);
  float inverse = moments_at(push.momentsOffset + 2u * group + 1u, TYPE_F32);
  float normed = (x_at(push.xOffset + index, TYPE_F32) - mean) * inverse;
  float inner = upstream_at(push.upstreamOffset + index, TYPE_F32);
  if (VARIANT != 0u) {
    float before = normed * gamma_at(push.gammaOffset + channel, TYPE_F32) + beta_at(push.betaOffset + channel, TYPE_F32);
    inner *= activationSlope(before, VARIANT);
  }
  store(push.outOffset + index, push.makesProducts != 0u ? inner * normed : inner, TYPE_F32);
}
