#version 450
#extension GL_GOOGLE_include_directive : require
// out [B, G, 2]: for each group of channels the means over its elements of gamma * inner and of gamma * inner * normed, from
// sums over tokens [B, C].
#include "storage.glsl"

layout(local_size_x = 64) in;
SOURCE(inner, 1)
SOURCE(products, 2)
SOURCE(gamma, 3)
#include "arguments/group_norm_sums.glsl"

void main() {
  uint index = gl_GlobalInvocationID.x;
  if (index >= push.groups) return;
  uint channel = index * push.width % push.channels;
  uint start = index * push.width;
  float plain = 0.0;
  float along = 0.0;
  for (uint i = 0; i < push.width; ++i) {
    float scale = gamma_at(push.gammaOffset + channel + i, TYPE_F32);
    plain += scale * inner_at(push.innerOffset + start + i, TYPE_F32);
    along += scale * products_at(push.productsOffset + start + i, TYPE_F32);
  }
  float count = float(push.tokens) * float(push.width);
  store(push.outOffset + 2u * index, plain / count, TYPE_F32);
  store(push.outOffset + 2u * index + 1u, along / count, TYPE_F32);
}
