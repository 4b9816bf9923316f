#version 450
#extension GL_GOOGLE_include_directive : require
// out = activation((x - mean) * inverse * gamma + beta) with the moments of each group: x [B, N, C]. An invocation owns
// a channel, or two neighbours, so that its parameters are loaded once for a run of tokens.
#include "pairs.glsl"
#include "math.glsl"
#include "constants/group_norm.glsl"

SOURCE(x, 1)
SOURCE(moments, 2)
SOURCE(gamma, 3)
SOURCE(beta, 4)
TWOS_OF(x, 1)
TWOS_OF(gamma, 3)
TWOS_OF(beta, 4)

#include "arguments/group_norm.glsl"

void main() {
  uint channel = STEP * gl_GlobalInvocationID.x;
  if (channel >= push.channels) return;
  uint batch = gl_WorkGroupID.z;
  uint group = batch * (push.channels / push.width) + channel / push.width;
  float mean = moments_at(push.momentsOffset + 2u * group, TYPE_F32);
  float inverse = moments_at(push.momentsOffset + 2u * group + 1u, TYPE_F32);
  uint first = gl_WorkGroupID.y * push.tokensPerRun;
  uint end = min(first + push.tokensPerRun, push.tokens);
  uint source = push.xOffset + batch * push.xStrides[0] + channel * push.xStrides[2];
  uint target = push.outOffset + batch * push.outStrides[0] + channel * push.outStrides[2];
  if (STEP == 2) {
    vec2 gamma = gamma_two(push.gammaOffset + channel, push.gammaType);
    vec2 beta = beta_two(push.betaOffset + channel, push.betaType);
    for (uint token = first; token < end; ++token) {
      vec2 y = (x_two(source + token * push.xStrides[1], X_TYPE) - mean) * inverse * gamma + beta;
      storeTwo(target + token * push.outStrides[1], vec2(activate(y.x, ACTIVATION), activate(y.y, ACTIVATION)), OUT_TYPE);
    }
  } else {
    float gamma = gamma_at(push.gammaOffset + channel * push.gammaStride, push.gammaType);
    float beta = beta_at(push.betaOffset + channel * push.betaStride, push.betaType);
    for (uint token = first; token < end; ++token) {
      float x = x_at(source + token * push.xStrides[1], X_TYPE);
      float y = activate((x - mean) * inverse * gamma + beta, ACTIVATION);
      store(target + token * push.outStrides[1], y, OUT_TYPE);
    }
  }
}
