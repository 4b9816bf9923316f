#version 450
#extension GL_GOOGLE_include_directive : require
// out = value * gelu(gate), where x weight^T + bias = [value, gate]. A tile holds 32 columns of either half, so that
// the two sums that belong together end in one group of invocations.
#include "storage.glsl"
#include "math.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint LEFT_TYPE = 0;
layout(constant_id = 3) const uint RIGHT_TYPE = 0;
const bool LEFT_ALONG_K = true;
const bool RIGHT_ALONG_K = true;
SOURCE(left, 1)
SOURCE(right, 2)
SOURCE(bias, 3)

layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  uint inner;
  uint leftOffset;
  uint leftStrides[2];
  uint rightOffset;
  uint rightStrides[2];
  uint outOffset;
  uint outStrides[2];
  uint biasType;
  uint biasOffset;
  uint biasStride;
} push;

void prepareLeft(uint k) {}

float loadLeft(uint row, uint k) {
  row += gl_WorkGroupID.y * 64u;
  if (row >= push.rows || k >= push.inner) return 0.0;
  return left_at(push.leftOffset + row * push.leftStrides[0] + k * push.leftStrides[1], LEFT_TYPE);
}

float loadRight(uint k, uint column) {
  uint within = gl_WorkGroupID.x * 32u + (column & 31u);
  if (within >= push.columns || k >= push.inner) return 0.0;
  uint row = within + (column >> 5) * push.columns;
  return right_at(push.rightOffset + row * push.rightStrides[0] + k * push.rightStrides[1], RIGHT_TYPE);
}

#include "product.glsl"

void main() {
  accumulate(push.inner);
  uint within = gl_LocalInvocationIndex & 31u;
  uint column = gl_WorkGroupID.x * 32u + within;
  [[dont_unroll]] for (uint part = 0; part < 2; ++part) {
    shareSums(part);
    if (column < push.columns) {
      float valueBias = bias_at(push.biasOffset + column * push.biasStride, push.biasType);
      float gateBias = bias_at(push.biasOffset + (column + push.columns) * push.biasStride, push.biasType);
      [[dont_unroll]] for (uint i = gl_LocalInvocationIndex >> 5; i < 32; i += 2) {
        uint row = gl_WorkGroupID.y * TILE + part * 32u + i;
        if (row >= push.rows) break;
        float value = sharedSum(i, within) + valueBias;
        float gate = sharedSum(i, within + 32u) + gateBias;
        store(push.outOffset + row * push.outStrides[0] + column * push.outStrides[1], value * gelu(gate), OUT_TYPE);
      }
    }
  }
}
