#version 450
#extension GL_GOOGLE_include_directive : require
// out[b, y, x, c] = the maximum or the mean of a window of x[b, :, :, c]: an output for each invocation, so that
// neighbours read neighbouring channels.
#include "storage.glsl"
#include "math.glsl"
#include "constants/outputs.glsl"

layout(local_size_x = 256) in;
const uint MAXIMUM = 0;
const uint MEAN = 1;
// The padding counts as zeros.
const uint MEAN_WITH_PADDING = 2;
SOURCE(x, 1)
#include "arguments/pool.glsl"

void main() {
  uint index = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 256u + gl_LocalInvocationIndex;
  if (index >= push.count) return;
  uint channel = index % push.channels;
  uint rest = index / push.channels;
  uint column = rest % push.outWidth;
  rest /= push.outWidth;
  uint row = rest % push.outHeight;
  uint batch = rest / push.outHeight;
  int y0 = int(row * push.stride) - int(push.padding);
  int x0 = int(column * push.stride) - int(push.padding);
  int bottom = min(y0 + int(push.kernelHeight), int(push.height));
  int right = min(x0 + int(push.kernelWidth), int(push.width));
  uint start = push.xOffset + batch * push.xStrides[0] + channel * push.xStrides[3];
  float result = POOLING == MAXIMUM ? -INFINITY : 0.0;
  for (int y = max(y0, 0); y < bottom; ++y) {
    for (int x = max(x0, 0); x < right; ++x) {
      float value = x_at(start + uint(y) * push.xStrides[1] + uint(x) * push.xStrides[2], LEFT_TYPE);
      if (POOLING == MAXIMUM) {
        result = isNaN(result) || !(isNaN(value) || value > result) ? result : value;
      } else {
        result += value;
      }
    }
  }
  if (POOLING == MEAN) {
    result /= float((bottom - max(y0, 0)) * (right - max(x0, 0)));
  } else if (POOLING == MEAN_WITH_PADDING) {
    // The padding reaches so far behind the image, and no further.
    int rows = min(int(push.kernelHeight), int(push.height + push.padding) - y0);
    int columns = min(int(push.kernelWidth), int(push.width + push.padding) - x0);
    result /= float(rows * columns);
  }
  store(
      push.outOffset + batch * push.outStrides[0] + row * push.outStrides[1] + column * push.outStrides[2] +
          channel * push.outStrides[3],
      result, OUT_TYPE);
}
