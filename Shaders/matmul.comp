#version 450
#extension GL_GOOGLE_include_directive : require
// out[b] = activation(left[b] right[b] + bias) + residual, all strided: left [B, M, K], right [B, K, N].
#include "storage.glsl"
#include "math.glsl"
#include "constants/tiles.glsl"

layout(local_size_x = 64) in;
SOURCE(left, 1)
SOURCE(right, 2)
QUADS_OF(left, 1)
QUADS_OF(right, 2)
#include "epilogue.glsl"

#include "arguments/matmul.glsl"

void prepareLeft(uint k) {}

bool leftInside(uint row, uint k) { return row < push.rows && k < push.inner; }
bool rightInside(uint k, uint column) { return column < push.columns && k < push.inner; }

uint leftIndex(uint row, uint k) {
  uint start = push.leftOffset + gl_WorkGroupID.z * push.leftStrides[0];
  return start + row * push.leftStrides[1] + k * push.leftStrides[2];
}

uint rightIndex(uint k, uint column) {
  uint start = push.rightOffset + gl_WorkGroupID.z * push.rightStrides[0];
  return start + k * push.rightStrides[1] + column * push.rightStrides[2];
}

float loadLeft(uint row, uint k) {
  row += push.firstRow + gl_WorkGroupID.y * 32u * PARTS;
  return leftInside(row, k) ? left_at(leftIndex(row, k), LEFT_TYPE) : 0.0;
}

vec4 loadLeftQuad(uint row, uint k) {
  row += push.firstRow + gl_WorkGroupID.y * 32u * PARTS;
  return leftInside(row, k) ? left_quad(leftIndex(row, k), LEFT_TYPE) : vec4(0.0);
}

float loadRight(uint k, uint column) {
  column += gl_WorkGroupID.x * 64u;
  return rightInside(k, column) ? right_at(rightIndex(k, column), RIGHT_TYPE) : 0.0;
}

vec4 loadRightQuad(uint k, uint column) {
  column += gl_WorkGroupID.x * 64u;
  return rightInside(k, column) ? right_quad(rightIndex(k, column), RIGHT_TYPE) : vec4(0.0);
}

#include "product.glsl"

void main() {
  accumulate(0, push.inner);
  uint start = push.outOffset + gl_WorkGroupID.z * push.outStrides[0];
  uint column = gl_WorkGroupID.x * TILE + gl_LocalInvocationIndex;
  [[dont_unroll]] for (uint part = 0; part < PARTS; ++part) {
    shareSums(part);
    if (column < push.columns) {
      [[dont_unroll]] for (uint i = 0; i < 32; ++i) {
        uint row = push.firstRow + gl_WorkGroupID.y * 32u * PARTS + part * 32u + i;
        if (row >= push.rows) break;
        float value = finish(
            sharedSum(i, gl_LocalInvocationIndex), push.flags, push.biasOffset + column * push.biasStride,
            push.residualOffset + row * push.residualStrides[0] + column * push.residualStrides[1]);
        store(start + row * push.outStrides[1] + column * push.outStrides[2], value, OUT_TYPE);
      }
    }
  }
}
