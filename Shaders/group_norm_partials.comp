#version 450
#extension GL_GOOGLE_include_directive : require
// partials[b, g, chunk] = (mean, sum of squared distances from it) of a run of tokens of one group of channels.
// variant: SUBGROUPS
#include "rows.glsl"

SOURCE(x, 1)
TWOS_OF(x, 1)

#include "arguments/group_norm_partials.glsl"

// STEP elements of the run, of which each token has `width`.
vec2 load(uint start, uint e) {
  uint index = start + (e / push.width) * push.xStrides[1] + (e % push.width) * push.xStrides[2];
  if (STEP == 2) return x_two(index, X_TYPE);
  return vec2(x_at(index, X_TYPE), 0.0);
}

// The sum of what belongs to elements.
float sumOfStep(vec2 x) { return STEP == 2 ? x.x + x.y : x.x; }

void main() {
  uint index = rowIndex();
  uint chunk = index % push.chunks;
  uint sampleGroup = index / push.chunks;
  if (sampleGroup >= push.batch * push.groups) return;
  uint batch = sampleGroup / push.groups;
  uint group = sampleGroup % push.groups;
  uint first = chunk * push.tokensPerChunk;
  uint elements = min(push.tokensPerChunk, push.tokens - first) * push.width;
  uint start =
      push.xOffset + batch * push.xStrides[0] + first * push.xStrides[1] + group * push.width * push.xStrides[2];
  uint lane = gl_LocalInvocationIndex;

  float total = 0.0;
  for (uint e = STEP * lane; e < elements; e += STEP * THREADS) total += sumOfStep(load(start, e));
  float mean = sumOfGroup(total) / float(elements);
  // About the rounded mean; what the rounding leaves is added to it.
  float rest = 0.0;
  float squares = 0.0;
  for (uint e = STEP * lane; e < elements; e += STEP * THREADS) {
    vec2 centred = load(start, e) - mean;
    rest += sumOfStep(centred);
    squares += sumOfStep(centred * centred);
  }
  rest = sumOfGroup(rest);
  squares = sumOfGroup(squares);
  if (lane == 0) {
    uint target = push.outOffset + 2u * index;
    float correction = rest / float(elements);
    store(target, mean + correction, TYPE_F32);
    store(target + 1u, max(squares - rest * correction, 0.0), TYPE_F32);
  }
}
