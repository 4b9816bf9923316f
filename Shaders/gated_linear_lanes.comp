#version 450
#extension GL_GOOGLE_include_directive : require
// out = value * gelu(gate), where x weight^T + bias = [value, gate], in the registers of a subgroup: the first pair of
// columns of each invocation is of the values, the second of their gates.
#include "constants/lanes.glsl"
#include "lanes.glsl"
#include "math.glsl"

SOURCE(left, 1)
SOURCE(right, 2)
SOURCE(bias, 3)
PAIRS_OF(left, 1)
PAIRS_OF(right, 2)

#include "arguments/gated_linear.glsl"

uint firstRow;
uint rightStarts[2 * PAIRS];
bool rightInside[2 * PAIRS];

void prepareRun(uint k) {}

vec2 loadLeft(uint row, uint k) {
  if (firstRow + row >= push.rows || k >= push.inner) return vec2(0.0);
  uint index = push.leftOffset + (firstRow + row) * push.leftStrides[0] + k * push.leftStrides[1];
  if (LEFT_PAIRED) return left_pair(index, LEFT_TYPE);
  vec2 pair = vec2(left_at(index, LEFT_TYPE), 0.0);
  if (k + 1u < push.inner) pair.y = left_at(index + push.leftStrides[1], LEFT_TYPE);
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

float bias(uint column) { return bias_at(push.biasOffset + column * push.biasStride, push.biasType); }

void main() {
  firstRow = push.firstRow + gl_WorkGroupID.y * ROWS;
  uint column = gl_WorkGroupID.x * 2u * WIDTH + 2u * lane();
  [[unroll]] for (uint j = 0; j < 2 * PAIRS; ++j) {
    uint own = column + (j & 1u);
    rightInside[j] = own < push.columns;
    rightStarts[j] = push.rightOffset + (own + (j >> 1) * push.columns) * push.rightStrides[0];
  }
  accumulate(push.inner);

  // A copy that may lie in memory, to be indexed by a variable.
  vec2 values[ROWS];
  vec2 gates[ROWS];
  [[unroll]] for (uint i = 0; i < ROWS; ++i) {
    values[i] = vec2(sums[i][0], sums[i][1]);
    gates[i] = vec2(sums[i][2], sums[i][3]);
  }
  if (column >= push.columns) return;
  bool second = column + 1u < push.columns;
  vec2 valueBias = vec2(bias(column), second ? bias(column + 1u) : 0.0);
  vec2 gateBias = vec2(bias(column + push.columns), second ? bias(column + 1u + push.columns) : 0.0);
  uint count = min(ROWS, push.rows - firstRow);
  [[dont_unroll]] for (uint i = 0; i < count; ++i) {
    vec2 value = values[i] + valueBias;
    vec2 gate = gates[i] + gateBias;
    value *= vec2(gelu(gate.x), gelu(gate.y));
    uint index = push.outOffset + (firstRow + i) * push.outStrides[0] + column * push.outStrides[1];
    if (OUT_PAIRED) {
      storePair(index, value, OUT_TYPE);
    } else {
      store(index, value.x, OUT_TYPE);
      if (second) store(index + push.outStrides[1], value.y, OUT_TYPE);
    }
  }
}
