#version 450
#extension GL_GOOGLE_include_directive : require
// out = activation(conv2d(x, weight) + bias) + residual as an implicit matrix product: rows are output positions, the
// inner index runs over (ky, kx, channel). Everything is row-major: x [B, H, W, I], weight [O, kh, kw, I]. The groups
// along z each sum a part of the inner extent of `split` elements, a multiple of 16.
#include "storage.glsl"
#include "math.glsl"
#include "constants/tiles.glsl"

layout(local_size_x = 64) in;
SOURCE(left, 1)
SOURCE(right, 2)
QUADS_OF(left, 1)
QUADS_OF(right, 2)
#include "epilogue.glsl"

#include "arguments/convolution.glsl"

// Of each row of the tile: its image's first element, and the position of its first tap in the upsampled image.
shared uint imageStart[64];
shared int firstY[64];
shared int firstX[64];

void locateRow(uint lane) {
  uint row = min(push.firstRow + gl_WorkGroupID.y * 32u * PARTS + lane, push.rows - 1u);
  uint x = row % push.outWidth;
  uint rest = row / push.outWidth;
  uint y = rest % push.outHeight;
  imageStart[lane] = (rest / push.outHeight) * push.height * push.width * push.channels;
  firstY[lane] = int(y * push.stride) - int(push.padding);
  firstX[lane] = int(x * push.stride) - int(push.padding);
}

// The tap and the channel of an inner index: divisions are slow, and neighbouring rows share them.
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

bool leftInside(uint row, uint k) {
  // Negative positions are large ones without a sign.
  return push.firstRow + gl_WorkGroupID.y * 32u * PARTS + row < push.rows && k < push.inner &&
         uint(firstY[row] + tapY) < push.height * UPSAMPLING && uint(firstX[row] + tapX) < push.width * UPSAMPLING;
}

uint leftIndex(uint row) {
  uint pixel = (uint(firstY[row] + tapY) / UPSAMPLING) * push.width + uint(firstX[row] + tapX) / UPSAMPLING;
  return push.leftOffset + imageStart[row] + pixel * push.channels + tapChannel;
}

float loadLeft(uint row, uint k) { return leftInside(row, k) ? left_at(leftIndex(row), LEFT_TYPE) : 0.0; }

vec4 loadLeftQuad(uint row, uint k) {
  return leftInside(row, k) ? left_quad(leftIndex(row), LEFT_TYPE) : vec4(0.0);
}

bool rightInside(uint k, uint column) { return column < push.columns && k < push.inner; }

float loadRight(uint k, uint column) {
  column += gl_WorkGroupID.x * 64u;
  return rightInside(k, column) ? right_at(push.rightOffset + column * push.inner + k, RIGHT_TYPE) : 0.0;
}

vec4 loadRightQuad(uint k, uint column) {
  column += gl_WorkGroupID.x * 64u;
  return rightInside(k, column) ? right_quad(push.rightOffset + column * push.inner + k, RIGHT_TYPE) : vec4(0.0);
}

#include "product.glsl"

void main() {
  locateRow(gl_LocalInvocationIndex);
  barrier();
  uint begin = gl_WorkGroupID.z * push.split;
  accumulate(begin, min(begin + push.split, push.inner));
  uint start = push.outOffset + gl_WorkGroupID.z * push.rows * push.columns;
  uint column = gl_WorkGroupID.x * TILE + gl_LocalInvocationIndex;
  [[dont_unroll]] for (uint part = 0; part < PARTS; ++part) {
    shareSums(part);
    if (column < push.columns) {
      [[dont_unroll]] for (uint i = 0; i < 32; ++i) {
        uint row = push.firstRow + gl_WorkGroupID.y * 32u * PARTS + part * 32u + i;
        if (row >= push.rows) break;
        uint index = row * push.columns + column;
        float value = finish(
            sharedSum(i, gl_LocalInvocationIndex), push.flags, push.biasOffset + column, push.residualOffset + index);
        store(start + index, value, OUT_TYPE);
      }
    }
  }
}
