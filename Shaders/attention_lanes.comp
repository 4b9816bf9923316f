#version 450
#extension GL_GOOGLE_include_directive : require
// out = softmax(scale * q k^T) v without ever storing the scores (Dao et al. 2022), in the registers of a subgroup: it
// owns 16 queries and walks over the keys, two for each invocation at a time, with a running maximum and sum of each
// row. A head wider than 4 * WIDTH channels takes several groups along z, each of which makes the scores anew.
#extension GL_KHR_shader_subgroup_arithmetic : require
#include "constants/attention_lanes.glsl"
#include "lanes.glsl"
#include "math.glsl"

SOURCE(q, 1)
SOURCE(k, 2)
SOURCE(v, 3)
PAIRS_OF(q, 1)
PAIRS_OF(k, 2)
PAIRS_OF(v, 3)

#include "arguments/attention.glsl"

uint firstQuery;
uint qStart;
uint kStart;
uint firstKey;

// The product of queries and keys is that of `product_lanes.glsl`, one pair of keys an invocation.
const uint PAIRS = 1;

void prepareRun(uint channel) {}

vec2 loadLeft(uint row, uint channel) {
  if (firstQuery + row >= push.queries || channel >= push.width) return vec2(0.0);
  uint index = qStart + row * push.qStrides[2] + channel * push.qStrides[3];
  if (QK_PAIRED) return q_pair(index, Q_TYPE);
  vec2 pair = vec2(q_at(index, Q_TYPE), 0.0);
  if (channel + 1u < push.width) pair.y = q_at(index + push.qStrides[3], Q_TYPE);
  return pair;
}

uint keyOf(uint j) { return firstKey + 2u * gl_SubgroupInvocationID + j; }

vec2 loadRight(uint channel, uint j) {
  uint key = keyOf(j);
  if (key >= push.keys || channel >= push.width) return vec2(0.0);
  uint index = kStart + key * push.kStrides[2] + channel * push.kStrides[3];
  if (QK_PAIRED) return k_pair(index, K_TYPE);
  vec2 pair = vec2(k_at(index, K_TYPE), 0.0);
  if (channel + 1u < push.width) pair.y = k_at(index + push.kStrides[3], K_TYPE);
  return pair;
}

#include "product_lanes.glsl"

uint channelOf(uint p) { return gl_WorkGroupID.z * 4u * WIDTH + p * 2u * WIDTH + 2u * lane(); }

vec2 loadValue(uint key, uint p, uint vStart) {
  uint channel = channelOf(p);
  if (key >= push.keys || channel >= push.width) return vec2(0.0);
  uint index = vStart + key * push.vStrides[2] + channel * push.vStrides[3];
  if (V_PAIRED) return v_pair(index, V_TYPE);
  vec2 pair = vec2(v_at(index, V_TYPE), 0.0);
  if (channel + 1u < push.width) pair.y = v_at(index + push.vStrides[3], V_TYPE);
  return pair;
}

#define VALUE_STEP(L)                                                                      \
  if (L < WIDTH) {                                                                         \
    [[unroll]] for (uint j = 0; j < 2; ++j) {                                              \
      vec2 value0 = loadValue(firstKey + 2u * L + j, 0, vStart);                           \
      vec2 value1 = loadValue(firstKey + 2u * L + j, 1, vStart);                           \
      [[unroll]] for (uint i = 0; i < ROWS; ++i) {                                         \
        float weight = subgroupBroadcast(sums[i][j], L);                                   \
        outputs[i][0] += weight * value0;                                                  \
        outputs[i][1] += weight * value1;                                                  \
      }                                                                                    \
    }                                                                                      \
  }

void main() {
  uint batch = gl_WorkGroupID.y / push.heads;
  uint head = gl_WorkGroupID.y % push.heads;
  firstQuery = gl_WorkGroupID.x * ROWS;
  qStart = push.qOffset + batch * push.qStrides[0] + head * push.qStrides[1] + firstQuery * push.qStrides[2];
  kStart = push.kOffset + batch * push.kStrides[0] + head * push.kStrides[1];
  uint vStart = push.vOffset + batch * push.vStrides[0] + head * push.vStrides[1];

  vec2 outputs[ROWS][2];
  // The sums are of this invocation's keys until the end.
  float maxima[ROWS];
  float totals[ROWS];
  [[unroll]] for (uint i = 0; i < ROWS; ++i) {
    outputs[i][0] = vec2(0.0);
    outputs[i][1] = vec2(0.0);
    maxima[i] = -INFINITY;
    totals[i] = 0.0;
  }
  for (firstKey = 0; firstKey < push.keys; firstKey += 2 * WIDTH) {
    accumulate(push.width);
    bvec2 inside = bvec2(keyOf(0) < push.keys, keyOf(1) < push.keys);
    [[unroll]] for (uint i = 0; i < ROWS; ++i) {
      vec2 score = vec2(sums[i][0], sums[i][1]) * push.scale;
      score = vec2(inside.x ? score.x : -INFINITY, inside.y ? score.y : -INFINITY);
      float top = max(maxima[i], subgroupMax(max(score.x, score.y)));
      float correction = exponential(maxima[i] - top);
      sums[i][0] = exponential(score.x - top);
      sums[i][1] = exponential(score.y - top);
      maxima[i] = top;
      totals[i] = totals[i] * correction + sums[i][0] + sums[i][1];
      outputs[i][0] *= correction;
      outputs[i][1] *= correction;
    }
    VALUE_STEP(0)
    VALUE_STEP(1)
    VALUE_STEP(2)
    VALUE_STEP(3)
    VALUE_STEP(4)
    VALUE_STEP(5)
    VALUE_STEP(6)
    VALUE_STEP(7)
    VALUE_STEP(8)
    VALUE_STEP(9)
    VALUE_STEP(10)
    VALUE_STEP(11)
    VALUE_STEP(12)
    VALUE_STEP(13)
    VALUE_STEP(14)
    VALUE_STEP(15)
  }

  uint outStart = push.outOffset + batch * push.outStrides[0] + head * push.outStrides[1];
  // Copies that may lie in memory, to be indexed by a variable.
  vec4 results[ROWS];
  [[unroll]] for (uint i = 0; i < ROWS; ++i) {
    float inverse = 1.0 / subgroupAdd(totals[i]);
    results[i] = vec4(outputs[i][0], outputs[i][1]) * inverse;
  }
  uint count = min(ROWS, push.queries - firstQuery);
  [[dont_unroll]] for (uint i = 0; i < count; ++i) {
    [[unroll]] for (uint p = 0; p < 2; ++p) {
      uint channel = channelOf(p);
      if (channel >= push.width) continue;
      vec2 result = p == 0 ? results[i].xy : results[i].zw;
      uint index = outStart + (firstQuery + i) * push.outStrides[2] + channel * push.outStrides[3];
      if (OUT_PAIRED) {
        storePair(index, result, OUT_TYPE);
      } else {
        store(index, result.x, OUT_TYPE);
        if (channel + 1u < push.width) store(index + push.outStrides[3], result.y, OUT_TYPE);
      }
    }
  }
}
