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
  uint upsampling;
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

float loadLeft(uint row, uint k) {
  uint tap = k / push.channels;
  uint ky = tap / push.kernelWidth;
  int y = firstY[row] + int(ky);
  int x = firstX[row] + int(tap - ky * push.kernelWidth);
  bool inside = gl_WorkGroupID.y * 64u + row < push.rows && k < push.inner && y >= 0 &&
                y < int(push.height * push.upsampling) && x >= 0 && x < int(push.width * push.upsampling);
  if (!inside) return 0.0;
  uint pixel = (uint(y) / push.upsampling) * push.width + uint(x) / push.upsampling;
  return left_at(push.leftOffset + imageStart[row] + pixel * push.channels + (k - tap * push.channels), LEFT_TYPE);
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
  for (uint i = 0; i < 8; ++i) {
    uint row = gl_WorkGroupID.y * TILE + tileRow(i);
    if (row >= push.rows) continue;
    for (uint j = 0; j < 8; ++j) {
      uint column = gl_WorkGroupID.x * TILE + tileColumn(j);
      if (column >= push.columns) continue;
      uint index = row * push.columns + column;
      float value =
          finish(sums[i][j >> 2][j & 3u], push.flags, push.biasOffset + column, push.residualOffset + index);
      store(push.outOffset + index, value, OUT_TYPE);
    }
  }
}
