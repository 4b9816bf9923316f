#version 450
#extension GL_GOOGLE_include_directive : require
// out = activation(conv2d(x, weight) + bias) + residual as an implicit product on matrix units: rows are output
// positions, the inner index runs over (ky, kx, channel). Everything is row-major: x [B, H, W, I], weight [O, kh, kw, I]
// of f16, I a multiple of eight. With `split`, the groups along z each sum a part of the inner extent.
// only variant: EMULATED
#include "storage.glsl"
#include "math.glsl"
#include "constants/matrix.glsl"
layout(set = 0, binding = 1) readonly buffer left_block { uvec4 left_words[]; };
layout(set = 0, binding = 2) readonly buffer right_block { uvec4 right_words[]; };
#include "epilogue.glsl"

#include "arguments/convolution.glsl"

#include "product_matrix.glsl"

// Of each row that this invocation loads: its image's first element, and the position of its first tap in the upsampled
// image.
uint imageStarts[LEFT_WORDS];
int firstY[LEFT_WORDS];
int firstX[LEFT_WORDS];

void locateRows() {
  [[unroll]] for (uint i = 0; i < LEFT_WORDS; ++i) {
    uint row = min(push.firstRow + gl_WorkGroupID.y * TILE_ROWS + wordOf(i) / (RUN / 8), push.rows - 1u);
    uint x = row % push.outWidth;
    uint rest = row / push.outWidth;
    uint y = rest % push.outHeight;
    imageStarts[i] = push.leftOffset + (rest / push.outHeight) * push.height * push.width * push.channels;
    firstY[i] = int(y * push.stride) - int(push.padding);
    firstX[i] = int(x * push.stride) - int(push.padding);
  }
}

// The tap and the channel of the eight elements to load: divisions are slow, and the rows share them.
int tapY;
int tapX;
uint tapChannel;

void prepareLeft(uint k) {
  uint tap = k / push.channels;
  uint row = tap / push.kernelWidth;
  tapY = int(row * push.dilation);
  tapX = int((tap - row * push.kernelWidth) * push.dilation);
  tapChannel = k - tap * push.channels;
}

uvec4 loadLeft(uint i, uint row, uint k, uint end) {
  // Negative positions are large ones without a sign.
  uint y = uint(firstY[i] + tapY);
  uint x = uint(firstX[i] + tapX);
  bool inside = push.firstRow + gl_WorkGroupID.y * TILE_ROWS + row < push.rows && k < end && y < push.height * UPSAMPLING &&
                x < push.width * UPSAMPLING;
  uvec4 bits = uvec4(0);
  if (inside) {
    uint pixel = (y / UPSAMPLING) * push.width + x / UPSAMPLING;
    bits = left_words[(imageStarts[i] + pixel * push.channels + tapChannel) >> 3];
  }
  return bits;
}

uvec4 loadRight(uint k, uint column, uint end) {
  column += gl_WorkGroupID.x * TILE_COLUMNS;
  uvec4 bits = uvec4(0);
  if (column < push.columns && k < end) bits = right_words[(push.rightOffset + column * push.inner + k) >> 3];
  return bits;
}

void main() {
  locateRows();
  uint begin = gl_WorkGroupID.z * push.split;
  accumulate(begin, min(begin + push.split, push.inner));
  uint start = push.outOffset + gl_WorkGroupID.z * push.rows * push.columns;
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
      uint index = row * push.columns + column;
      float value =
          finish(sharedSum(quarter, i, within), push.flags, push.biasOffset + column, push.residualOffset + index);
      store(start + index, value, OUT_TYPE);
    }
  }
}
