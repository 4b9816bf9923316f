#version 450
#extension GL_GOOGLE_include_directive : require
// out[b] = activation(left[b] right[b] + bias) + residual, all strided: left [B, M, K], right [B, K, N], in the
// registers of a subgroup.
#include "constants/lanes.glsl"
#include "lanes.glsl"
#include "math.glsl"

SOURCE(left, 1)
SOURCE(right, 2)
PAIRS_OF(left, 1)
PAIRS_OF(right, 2)
#include "epilogue_lanes.glsl"

#include "arguments/matmul.glsl"

uint firstRow;
uint firstColumn;
uint leftStart;
uint rightStarts[2 * PAIRS];
bool rightInside[2 * PAIRS];

void prepareRun(uint k) {}

vec2 loadLeft(uint row, uint k) {
  if (firstRow + row >= push.rows || k >= push.inner) return vec2(0.0);
  uint index = leftStart + row * push.leftStrides[1] + k * push.leftStrides[2];
  if (LEFT_PAIRED) return left_pair(index, LEFT_TYPE);
  vec2 pair = vec2(left_at(index, LEFT_TYPE), 0.0);
  if (k + 1u < push.inner) pair.y = left_at(index + push.leftStrides[2], LEFT_TYPE);
  return pair;
}

vec2 loadRight(uint k, uint j) {
  if (!rightInside[j] || k >= push.inner) return vec2(0.0);
  uint index = rightStarts[j] + k * push.rightStrides[1];
  if (RIGHT_PAIRED) return right_pair(index, RIGHT_TYPE);
  vec2 pair = vec2(right_at(index, RIGHT_TYPE), 0.0);
  if (k + 1u < push.inner) pair.y = right_at(index + push.rightStrides[1], RIGHT_TYPE);
  return pair;
}

#include "product_lanes.glsl"

void main() {
  firstRow = push.firstRow + gl_WorkGroupID.y * ROWS;
  firstColumn = gl_WorkGroupID.x * 2u * PAIRS * WIDTH;
  leftStart = push.leftOffset + gl_WorkGroupID.z * push.leftStrides[0] + firstRow * push.leftStrides[1];
  [[unroll]] for (uint j = 0; j < 2 * PAIRS; ++j) {
    uint column = firstColumn + columnOf(j);
    rightInside[j] = column < push.columns;
    rightStarts[j] = push.rightOffset + gl_WorkGroupID.z * push.rightStrides[0] + column * push.rightStrides[2];
  }
  accumulate(push.inner);

  // A copy that may lie in memory, to be indexed by a variable.
  float results[ROWS][2 * PAIRS];
  [[unroll]] for (uint i = 0; i < ROWS; ++i) {
    [[unroll]] for (uint j = 0; j < 2 * PAIRS; ++j) results[i][j] = sums[i][j];
  }
  uint start = push.outOffset + gl_WorkGroupID.z * push.outStrides[0];
  [[unroll]] for (uint p = 0; p < PAIRS; ++p) {
    uint column = firstColumn + columnOf(2u * p);
    if (column >= push.columns) continue;
    bool second = column + 1u < push.columns;
    vec2 bias = vec2(0.0);
    if ((push.flags & HAS_BIAS) != 0u) {
      bias.x = bias_at(push.biasOffset + column * push.biasStride, biasType(push.flags));
      if (second) bias.y = bias_at(push.biasOffset + (column + 1u) * push.biasStride, biasType(push.flags));
    }
    uint count = min(ROWS, push.rows - firstRow);
    [[dont_unroll]] for (uint i = 0; i < count; ++i) {
      uint row = firstRow + i;
      finishPair(
          vec2(results[i][2u * p], results[i][2u * p + 1u]), push.flags, bias, second,
          Place(
              push.residualOffset + row * push.residualStrides[0] + column * push.residualStrides[1],
              push.residualStrides[1]),
          Place(start + row * push.outStrides[1] + column * push.outStrides[2], push.outStrides[2]));
    }
  }
}
