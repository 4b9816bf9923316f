#version 450
#extension GL_GOOGLE_include_directive : require
// out = value * gelu(gate), where x weight^T + bias = [value, gate]. A tile holds 32 columns of either half, so that
// the two sums that belong together end in one group of invocations.
#include "storage.glsl"
#include "math.glsl"
#include "constants/tiles.glsl"

layout(local_size_x = 64) in;
SOURCE(left, 1)
SOURCE(right, 2)
QUADS_OF(left, 1)
QUADS_OF(right, 2)
SOURCE(bias, 3)

#include "arguments/gated_linear.glsl"

void prepareLeft(uint k) {}

bool leftInside(uint row, uint k) { return row < push.rows && k < push.inner; }
uint leftIndex(uint row, uint k) { return push.leftOffset + row * push.leftStrides[0] + k * push.leftStrides[1]; }

float loadLeft(uint row, uint k) {
  row += push.firstRow + gl_WorkGroupID.y * 32u * PARTS;
  return leftInside(row, k) ? left_at(leftIndex(row, k), LEFT_TYPE) : 0.0;
}

vec4 loadLeftQuad(uint row, uint k) {
  row += push.firstRow + gl_WorkGroupID.y * 32u * PARTS;
  return leftInside(row, k) ? left_quad(leftIndex(row, k), LEFT_TYPE) : vec4(0.0);
}

bool rightInside(uint k, uint column) {
  return gl_WorkGroupID.x * 32u + (column & 31u) < push.columns && k < push.inner;
}

uint rightIndex(uint k, uint column) {
  uint row = gl_WorkGroupID.x * 32u + (column & 31u) + (column >> 5) * push.columns;
  return push.rightOffset + row * push.rightStrides[0] + k * push.rightStrides[1];
}

float loadRight(uint k, uint column) {
  return rightInside(k, column) ? right_at(rightIndex(k, column), RIGHT_TYPE) : 0.0;
}

vec4 loadRightQuad(uint k, uint column) {
  return rightInside(k, column) ? right_quad(rightIndex(k, column), RIGHT_TYPE) : vec4(0.0);
}

#include "product.glsl"

void main() {
  accumulate(0, push.inner);
  uint within = gl_LocalInvocationIndex & 31u;
  uint column = gl_WorkGroupID.x * 32u + within;
  [[dont_unroll]] for (uint part = 0; part < PARTS; ++part) {
    shareSums(part);
    if (column < push.columns) {
      float valueBias = bias_at(push.biasOffset + column * push.biasStride, push.biasType);
      float gateBias = bias_at(push.biasOffset + (column + push.columns) * push.biasStride, push.biasType);
      [[dont_unroll]] for (uint i = gl_LocalInvocationIndex >> 5; i < 32; i += 2) {
        uint row = push.firstRow + gl_WorkGroupID.y * 32u * PARTS + part * 32u + i;
        if (row >= push.rows) break;
        float value = sharedSum(i, within) + valueBias;
        float gate = sharedSum(i, within + 32u) + gateBias;
        store(push.outOffset + row * push.outStrides[0] + column * push.outStrides[1], value * gelu(gate), OUT_TYPE);
      }
    }
  }
}
