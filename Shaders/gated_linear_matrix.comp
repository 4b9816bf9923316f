#version 450
#extension GL_GOOGLE_include_directive : require
// out = value * gelu(gate), where x weight^T + bias = [value, gate], on matrix units: x [M, K], weight [2N, K] of f16,
// rows that begin at a multiple of eight elements. Of each quarter of a tile, the first half of the columns is of
// values and the second of their gates.
// only variant: EMULATED
#include "storage.glsl"
#include "math.glsl"
#include "constants/matrix.glsl"
layout(set = 0, binding = 1) readonly buffer left_block { uvec4 left_words[]; };
layout(set = 0, binding = 2) readonly buffer right_block { uvec4 right_words[]; };
SOURCE(bias, 3)

#include "arguments/gated_linear.glsl"

#include "product_matrix.glsl"

const uint HALF = QUARTER_COLUMNS / 2;

void prepareLeft(uint k) {}

uvec4 loadLeft(uint i, uint row, uint k, uint end) {
  row += push.firstRow + gl_WorkGroupID.y * TILE_ROWS;
  uvec4 bits = uvec4(0);
  if (row < push.rows && k < end) bits = left_words[(push.leftOffset + row * push.leftStrides[0] + k) >> 3];
  return bits;
}

uvec4 loadRight(uint k, uint column, uint end) {
  uint within = column % QUARTER_COLUMNS;
  uint own = gl_WorkGroupID.x * 2u * HALF + column / QUARTER_COLUMNS * HALF + within % HALF;
  // The last words of a large group lie beyond the tile.
  uvec4 bits = uvec4(0);
  if (own < push.columns && column < TILE_COLUMNS && k < end) {
    bits = right_words[(push.rightOffset + (own + within / HALF * push.columns) * push.rightStrides[0] + k) >> 3];
  }
  return bits;
}

float bias(uint column) { return bias_at(push.biasOffset + column * push.biasStride, push.biasType); }

void main() {
  accumulate(0, push.inner);
  // Unrolled: a matrix in registers cannot be chosen by a variable.
  [[unroll]] for (uint strip = 0; strip < DOWN; ++strip) {
    shareStrip(strip);
    for (uint e = gl_LocalInvocationIndex; e < 4 * MATRIX_ROWS * HALF; e += THREADS) {
      // Neighbouring invocations take neighbouring columns.
      uint within = e % HALF;
      uint i = e / HALF % MATRIX_ROWS;
      uint quarter = e / (HALF * MATRIX_ROWS);
      uint row = push.firstRow + gl_WorkGroupID.y * TILE_ROWS + (quarter >> 1) * QUARTER_ROWS + strip * MATRIX_ROWS + i;
      uint column = gl_WorkGroupID.x * 2u * HALF + (quarter & 1u) * HALF + within;
      if (row >= push.rows || column >= push.columns) continue;
      float value = sharedSum(quarter, i, within) + bias(column);
      float gate = sharedSum(quarter, i, within + HALF) + bias(column + push.columns);
      store(push.outOffset + row * push.outStrides[0] + column * push.outStrides[1], value * gelu(gate), OUT_TYPE);
    }
  }
}
