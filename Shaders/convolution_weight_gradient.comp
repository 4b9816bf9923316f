#version 450
#extension GL_GOOGLE_include_directive : require
// The gradient of a convolution's weight [O, kh, kw, I] as an implicit matrix product: rows are output channels, columns
// (ky, kx, input channel), and the inner index runs over the output positions of all samples. The groups along z each sum a
// part of these, of `split` positions. All is row-major and in f32: upstream [B, H', W', O], x [B, H, W, I].
#include "storage.glsl"
#include "math.glsl"
#include "constants/tiles.glsl"

layout(local_size_x = 64) in;
SOURCE(left, 1)
SOURCE(right, 2)
#include "arguments/convolution_weight_gradient.glsl"

// Where this group's part of the positions ends.
uint lastPosition;

void prepareLeft(uint k) {}

float loadLeft(uint row, uint k) {
  row += push.firstRow + gl_WorkGroupID.y * 32u * PARTS;
  return row < push.rows && k < lastPosition ? left_at(push.leftOffset + k * push.rows + row, TYPE_F32) : 0.0;
}

float loadRight(uint k, uint column) {
  column += gl_WorkGroupID.x * 64u;
  if (column >= push.columns || k >= lastPosition) return 0.0;
  uint tap = column / push.channels;
  uint channel = column - tap * push.channels;
  uint tapRow = tap / push.kernelWidth;
  uint across = k % push.outWidth;
  uint rest = k / push.outWidth;
  uint down = rest % push.outHeight;
  // Negative positions are large ones without a sign.
  uint y = down * push.stride + tapRow * push.dilation - push.padding;
  uint x = across * push.stride + (tap - tapRow * push.kernelWidth) * push.dilation - push.padding;
  if (y >= push.height * UPSAMPLING || x >= push.width * UPSAMPLING) return 0.0;
  uint pixel = (rest / push.outHeight * push.height + y / UPSAMPLING) * push.width + x / UPSAMPLING;
  return right_at(push.rightOffset + pixel * push.channels + channel, TYPE_F32);
}

vec4 loadLeftQuad(uint row, uint k) { return vec4(0.0); }
vec4 loadRightQuad(uint k, uint column) { return vec4(0.0); }

#include "product.glsl"

void main() {
  uint first = gl_WorkGroupID.z * push.split;
  lastPosition = min(first + push.split, push.positions);
  accumulate(first, lastPosition);
  uint start = push.outOffset + gl_WorkGroupID.z * push.rows * push.columns;
  uint column = gl_WorkGroupID.x * TILE + gl_LocalInvocationIndex;
  [[dont_unroll]] for (uint part = 0; part < PARTS; ++part) {
    shareSums(part);
    if (column < push.columns) {
      [[dont_unroll]] for (uint i = 0; i < 32; ++i) {
        uint row = push.firstRow + gl_WorkGroupID.y * 32u * PARTS + part * 32u + i;
        if (row >= push.rows) break;
        store(start + row * push.columns + column, sharedSum(i, gl_LocalInvocationIndex), TYPE_F32);
      }
    }
  }
}
