#version 450
#extension GL_GOOGLE_include_directive : require
// moments[b, g] = (mean, 1 / sqrt(var + epsilon)) from the partial moments of runs of tokens, after Chan, Golub and
// LeVeque 1979.
// variant: SUBGROUPS
#include "rows.glsl"

SOURCE(partials_in, 1)

#include "arguments/group_norm_moments.glsl"

float tokensOf(uint chunk) { return float(min(push.tokensPerChunk, push.tokens - chunk * push.tokensPerChunk)); }

void main() {
  uint index = rowIndex();
  if (index >= push.groups) return;
  uint start = push.inOffset + 2u * push.chunks * index;
  uint lane = gl_LocalInvocationIndex;
  float total = 0.0;
  for (uint chunk = lane; chunk < push.chunks; chunk += THREADS) {
    total += tokensOf(chunk) * partials_in_at(start + 2u * chunk, TYPE_F32);
  }
  float mean = sumOfGroup(total) / float(push.tokens);
  float squares = 0.0;
  for (uint chunk = lane; chunk < push.chunks; chunk += THREADS) {
    float distance = partials_in_at(start + 2u * chunk, TYPE_F32) - mean;
    squares += partials_in_at(start + 2u * chunk + 1u, TYPE_F32)
        + tokensOf(chunk) * float(push.width) * distance * distance;
  }
  squares = sumOfGroup(squares);
  if (lane == 0) {
    float variance = squares / (float(push.tokens) * float(push.width));
    store(push.outOffset + 2u * index, mean, TYPE_F32);
    store(push.outOffset + 2u * index + 1u, 1.0 / sqrt(variance + push.epsilon), TYPE_F32);
  }
}
