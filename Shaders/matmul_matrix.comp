#version 450
#extension GL_GOOGLE_include_directive : require
// out[b] = activation(left[b] right[b] + bias) + residual on matrix units: left [B, M, K] and right [B, K, N] of f16,
// the inner axis of both without gaps, everything that begins a row at a multiple of eight elements.
// only variant: EMULATED
#include "storage.glsl"
#include "math.glsl"
#include "constants/matrix.glsl"
layout(set = 0, binding = 1) readonly buffer left_block { uvec4 left_words[]; };
layout(set = 0, binding = 2) readonly buffer right_block { uvec4 right_words[]; };
#include "epilogue.glsl"

#include "arguments/matmul.glsl"

#include "product_matrix.glsl"

void prepareLeft(uint k) {}

uvec4 loadLeft(uint i, uint row, uint k, uint end) {
  row += push.firstRow + gl_WorkGroupID.y * TILE_ROWS;
  uvec4 bits = uvec4(0);
  if (row < push.rows && k < end) {
    bits = left_words[(push.leftOffset + gl_WorkGroupID.z * push.leftStrides[0] + row * push.leftStrides[1] + k) >> 3];
  }
  return bits;
}

uvec4 loadRight(uint k, uint column, uint end) {
  column += gl_WorkGroupID.x * TILE_COLUMNS;
  uvec4 bits = uvec4(0);
  if (column < push.columns && k < end) {
    bits = right_words[
        (push.rightOffset + gl_WorkGroupID.z * push.rightStrides[0] + column * push.rightStrides[2] + k) >> 3];
  }
  return bits;
}

void main() {
  accumulate(0, push.inner);
  uint start = push.outOffset + gl_WorkGroupID.z * push.outStrides[0];
  // Unrolled: a matrix in registers cannot be chosen by a variable.
  [[unroll]] for (uint strip = 0; strip < DOWN; ++strip) {
    shareStrip(strip);
    for (uint e = gl_LocalInvocationIndex; e < 4 * MATRIX_ROWS * QUARTER_COLUMNS; e += THREADS) {
      // Neighbouring invocations take neighbouring columns.
      uint within = e % QUARTER_COLUMNS;
      uint i = e / QUARTER_COLUMNS % MATRIX_ROWS;
      uint quarter = e / (QUARTER_COLUMNS * MATRIX_ROWS);
      uint row = push.firstRow + gl_WorkGroupID.y * TILE_ROWS + (quarter >> 1) * QUARTER_ROWS + strip * MATRIX_ROWS + i;
      uint column = gl_WorkGroupID.x * TILE_COLUMNS + (quarter & 1u) * QUARTER_COLUMNS + within;
      if (row >= push.rows || column >= push.columns) continue;
      float value = finish(
          sharedSum(quarter, i, within), push.flags, push.biasOffset + column * push.biasStride,
          push.residualOffset + row * push.residualStrides[0] + column * push.residualStrides[1]);
      store(start + row * push.outStrides[1] + column * push.outStrides[2], value, OUT_TYPE);
    }
  }
}
