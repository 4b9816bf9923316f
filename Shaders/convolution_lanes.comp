#version 450
#extension GL_GOOGLE_include_directive : require
// out = activation(conv2d(x, weight) + bias) + residual as an implicit matrix product in the registers of a subgroup:
// rows are output positions, the inner index runs over (ky, kx, channel). Everything is row-major: x [B, H, W, I],
// weight [O, kh, kw, I].
#include "constants/lanes.glsl"
#include "lanes.glsl"
#include "math.glsl"

SOURCE(left, 1)
SOURCE(right, 2)
PAIRS_OF(left, 1)
PAIRS_OF(right, 2)
#include "epilogue_lanes.glsl"

#include "arguments/convolution.glsl"

uint firstRow;
uint firstColumn;
// Of each row: its image's first element, and the position of its first tap in the upsampled image.
uint imageStarts[ROWS];
int firstY[ROWS];
int firstX[ROWS];

void locateRows() {
  uint x = firstRow % push.outWidth;
  uint rest = firstRow / push.outWidth;
  uint y = rest % push.outHeight;
  uint image = rest / push.outHeight;
  [[unroll]] for (uint i = 0; i < ROWS; ++i) {
    imageStarts[i] = push.leftOffset + image * push.height * push.width * push.channels;
    firstY[i] = int(y * push.stride) - int(push.padding);
    firstX[i] = int(x * push.stride) - int(push.padding);
    x += 1u;
    y += x == push.outWidth ? 1u : 0u;
    x = x == push.outWidth ? 0u : x;
    image += y == push.outHeight ? 1u : 0u;
    y = y == push.outHeight ? 0u : y;
  }
}

// Where in the kernel an inner index lies.
struct Tap {
  int y;
  int x;
  uint channel;
};

Tap tapOf(uint k) {
  uint tap = k / push.channels;
  uint row = tap / push.kernelWidth;
  return Tap(
      int(row * push.dilation), int((tap - row * push.kernelWidth) * push.dilation), k - tap * push.channels);
}

Tap tap;
Tap secondTap;

void prepareRun(uint k) {
  tap = tapOf(k);
  if (!LEFT_PAIRED) secondTap = tapOf(k + 1u);
}

bool isInside(uint row, Tap tap, uint k) {
  uint y = uint(firstY[row] + tap.y);
  uint x = uint(firstX[row] + tap.x);
  return firstRow + row < push.rows && k < push.inner && y < push.height * UPSAMPLING && x < push.width * UPSAMPLING;
}

uint indexOf(uint row, Tap tap) {
  uint y = uint(firstY[row] + tap.y);
  uint x = uint(firstX[row] + tap.x);
  return imageStarts[row] + ((y / UPSAMPLING) * push.width + x / UPSAMPLING) * push.channels + tap.channel;
}

vec2 loadLeft(uint row, uint k) {
  vec2 pair = vec2(0.0);
  if (LEFT_PAIRED) {
    if (isInside(row, tap, k)) pair = left_pair(indexOf(row, tap), LEFT_TYPE);
  } else {
    if (isInside(row, tap, k)) pair.x = left_at(indexOf(row, tap), LEFT_TYPE);
    if (isInside(row, secondTap, k + 1u)) pair.y = left_at(indexOf(row, secondTap), LEFT_TYPE);
  }
  return pair;
}

uint rightStarts[2 * PAIRS];
bool rightInside[2 * PAIRS];

vec2 loadRight(uint k, uint j) {
  if (!rightInside[j] || k >= push.inner) return vec2(0.0);
  uint index = rightStarts[j] + k;
  if (RIGHT_PAIRED) return right_pair(index, RIGHT_TYPE);
  vec2 pair = vec2(right_at(index, RIGHT_TYPE), 0.0);
  if (k + 1u < push.inner) pair.y = right_at(index + 1u, RIGHT_TYPE);
  return pair;
}

#include "product_lanes.glsl"

void main() {
  firstRow = push.firstRow + gl_WorkGroupID.y * ROWS;
  firstColumn = gl_WorkGroupID.x * 2u * PAIRS * WIDTH;
  locateRows();
  [[unroll]] for (uint j = 0; j < 2 * PAIRS; ++j) {
    uint column = firstColumn + columnOf(j);
    rightInside[j] = column < push.columns;
    rightStarts[j] = push.rightOffset + column * push.inner;
  }
  accumulate(push.inner);

  // A copy that may lie in memory, to be indexed by a variable.
  float results[ROWS][2 * PAIRS];
  [[unroll]] for (uint i = 0; i < ROWS; ++i) {
    [[unroll]] for (uint j = 0; j < 2 * PAIRS; ++j) results[i][j] = sums[i][j];
  }
  [[unroll]] for (uint p = 0; p < PAIRS; ++p) {
    uint column = firstColumn + columnOf(2u * p);
    if (column >= push.columns) continue;
    bool second = column + 1u < push.columns;
    vec2 bias = vec2(0.0);
    if ((push.flags & HAS_BIAS) != 0u) {
      bias.x = bias_at(push.biasOffset + column, biasType(push.flags));
      if (second) bias.y = bias_at(push.biasOffset + column + 1u, biasType(push.flags));
    }
    uint count = min(ROWS, push.rows - firstRow);
    [[dont_unroll]] for (uint i = 0; i < count; ++i) {
      uint index = (firstRow + i) * push.columns + column;
      finishPair(
          vec2(results[i][2u * p], results[i][2u * p + 1u]), push.flags, bias, second,
          Place(push.residualOffset + index, 1u), Place(push.outOffset + index, 1u));
    }
  }
}
