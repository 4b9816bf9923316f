#version 450
#extension GL_GOOGLE_include_directive : require
// The gradient of a group norm's x [B, N, C]: inverse * (gamma * inner - mean(gamma * inner) - normed * mean(gamma * inner *
// normed)), with the means of each group.
#include "slopes.glsl"

layout(local_size_x = 256) in;
SOURCE(x, 1)
SOURCE(inner, 2)
SOURCE(moments, 3)
SOURCE(gamma, 4)
SOURCE(means, 5)
#include "arguments/group_norm_gradient.glsl"

void main() {
  uint index = elementOfInvocation();
  if (index >= push.count) return;
  uint channel = index % push.channels;
  uint batch = index / (push.tokens * push.channels);
  uint group = 2u * (batch * (push.channels / push.width) + channel / push.width);
  float mean = moments_at(push.momentsOffset + group, TYPE_F32);
  float inverse = moments_at(push.momentsOffset + group + 1u, TYPE_F32);
  float normed = (x_at(push.xOffset + index, TYPE_F32) - mean) * inverse;
  float slope = gamma_at(push.gammaOffset + channel, TYPE_F32) * inner_at(push.innerOffset + index, TYPE_F32);
  float rest = means_at(push.meansOffset + group, TYPE_F32) + normed * means_at(push.meansOffset + group + 1u, TYPE_F32);
  store(push.outOffset + index, inverse * (slope - rest), TYPE_F32);
}
