#version 450
#extension GL_GOOGLE_include_directive : require
// out = activation(conv2d(x, weight) + bias) + residual where channels are in groups of few, depth-wise above all:
// limited by memory, so that a plain loop for each output serves. Neighbours read neighbouring channels. Everything is
// row-major: x [B, H, W, I], weight [O, kh, kw, I / groups].
#include "storage.glsl"
#include "math.glsl"
#include "constants/outputs.glsl"

layout(local_size_x = 256) in;
SOURCE(left, 1)
SOURCE(right, 2)
#include "epilogue.glsl"
#include "arguments/grouped_convolution.glsl"

void main() {
  uint index = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 256u + gl_LocalInvocationIndex;
  if (index >= push.count) return;
  uint column = index % push.columns;
  uint rest = index / push.columns;
  uint outX = rest % push.outWidth;
  rest /= push.outWidth;
  uint outY = rest % push.outHeight;
  uint image = push.leftOffset + rest / push.outHeight * push.height * push.width * push.channels;
  uint firstChannel = column / push.groupColumns * push.groupChannels;
  float sum = 0.0;
  for (uint ky = 0; ky < push.kernelHeight; ++ky) {
    // Negative positions are large ones without a sign.
    uint y = outY * push.stride + ky * push.dilation - push.padding;
    if (y >= push.height * push.upsampling) continue;
    for (uint kx = 0; kx < push.kernelWidth; ++kx) {
      uint x = outX * push.stride + kx * push.dilation - push.padding;
      if (x >= push.width * push.upsampling) continue;
      uint pixel = (y / push.upsampling) * push.width + x / push.upsampling;
      uint source = image + pixel * push.channels + firstChannel;
      uint tap = push.rightOffset + ((column * push.kernelHeight + ky) * push.kernelWidth + kx) * push.groupChannels;
      for (uint channel = 0; channel < push.groupChannels; ++channel) {
        sum += left_at(source + channel, LEFT_TYPE) * right_at(tap + channel, RIGHT_TYPE);
      }
    }
  }
  store(
      push.outOffset + index, finish(sum, push.flags, push.biasOffset + column, push.residualOffset + index),
      OUT_TYPE);
}
