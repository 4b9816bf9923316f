#version 450
#extension GL_GOOGLE_include_directive : require
// out = activation(conv2d(x, weight) + bias) + residual as an implicit matrix product: rows are output positions, the
// inner index runs over (ky, kx, channel). Everything is row-major: x [B, H, W, I], weight [O, kh, kw, I].
#include "storage.glsl"
#include "math.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint LEFT_TYPE = 0;
layout(constant_id = 3) const uint RIGHT_TYPE = 0;
layout(constant_id = 4) const uint UPSAMPLING = 1;
const bool LEFT_ALONG_K = true;
const bool RIGHT_ALONG_K = true;
SOURCE(left, 1)
SOURCE(right, 2)
#include "epilogue.glsl"

layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  uint inner;
  uint height;
  uint width;
  uint channels;
  uint outHeight;
  uint outWidth;
  uint kernelWidth;
  uint stride;
  uint padding;
  uint leftOffset;
  uint rightOffset;
  uint outOffset;
  uint flags;
  uint biasOffset;
  uint residualOffset;
} push;

// Of each row of the tile: its image's first element, and the position of its first tap in the upsampled image.
shared uint imageStart[64];
shared int firstY[64];
shared int firstX[64];

void locateRow(uint lane) {
  uint row = min(gl_WorkGroupID.y * 64u + lane, push.rows - 1u);
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
  tapY = int(row);
  tapX = int(tap - row * push.kernelWidth);
  tapChannel = k - tap * push.channels;
}

float loadLeft(uint row, uint k) {
  int y = firstY[row] + tapY;
  int x = firstX[row] + tapX;
  bool inside = gl_WorkGroupID.y * 64u + row < push.rows && k < push.inner && y >= 0 &&
                y < int(push.height * UPSAMPLING) && x >= 0 && x < int(push.width * UPSAMPLING);
  if (!inside) return 0.0;
  uint pixel = (uint(y) / UPSAMPLING) * push.width + uint(x) / UPSAMPLING;
  return left_at(push.leftOffset + imageStart[row] + pixel * push.channels + tapChannel, LEFT_TYPE);
}

float loadRight(uint k, uint column) {
  column += gl_WorkGroupID.x * 64u;
  if (column >= push.columns || k >= push.inner) return 0.0;
  return right_at(push.rightOffset + column * push.inner + k, RIGHT_TYPE);
}

#include "product.glsl"

void main() {
  locateRow(gl_LocalInvocationIndex);
  barrier();
  accumulate(push.inner);
  uint column = gl_WorkGroupID.x * TILE + gl_LocalInvocationIndex;
  [[dont_unroll]] for (uint part = 0; part < 2; ++part) {
    shareSums(part);
    if (column < push.columns) {
      [[dont_unroll]] for (uint i = 0; i < 32; ++i) {
        uint row = gl_WorkGroupID.y * TILE + part * 32u + i;
        if (row >= push.rows) break;
        uint index = row * push.columns + column;
        float value = finish(
            sharedSum(i, gl_LocalInvocationIndex), push.flags, push.biasOffset + column, push.residualOffset + index);
        store(push.outOffset + index, value, OUT_TYPE);
      }
    }
  }
}
