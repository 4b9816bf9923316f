#version 450
#extension GL_GOOGLE_include_directive : require
// out = upstream * activation'(x)
#include "slopes.glsl"

layout(local_size_x = 256) in;
SOURCE(x, 1)
SOURCE(upstream, 2)
#include "arguments/activation_gradient.glsl"

void main() {
  uint index = elementOfInvocation();
  if (index >= push.count) return;
  float slope = activationSlope(x_at(push.xOffset + index, TYPE_F32), VARIANT);
  store(push.outOffset + index, upstream_at(push.upstreamOffset + index, TYPE_F32) * slope, TYPE_F32);
}
