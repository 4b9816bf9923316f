#version 450
#extension GL_GOOGLE_include_directive : require
// out [rows, 2 N] of both = [value, gate] [rows, 2 N]: upstream * gelu(gate), upstream * value * gelu'(gate). An
// invocation has a value and its gate.
#include "slopes.glsl"

layout(local_size_x = 256) in;
SOURCE(both, 1)
SOURCE(upstream, 2)
#include "arguments/gate_gradient.glsl"

void main() {
  uint index = elementOfInvocation();
  if (index >= push.count) return;
  uint place = index + index / push.width * push.width;
  float value = both_at(push.bothOffset + place, TYPE_F32);
  float gate = both_at(push.bothOffset + place + push.width, TYPE_F32);
  float slope = upstream_at(push.upstreamOffset + index, TYPE_F32);
  store(push.outOffset + place, slope * gelu(gate), TYPE_F32);
  store(push.outOffset + place + push.width, slope * value * geluSlope(gate), TYPE_F32);
}
