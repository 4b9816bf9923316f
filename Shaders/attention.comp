#version 450
#extension GL_GOOGLE_include_directive : require
// out = softmax(scale * q k^T) v without ever storing the scores (Dao et al. 2022): a group of invocations owns 32
// queries and walks over the keys in tiles of 32, with a running maximum and sum of each row.
//
// The 64 invocations hold the sums of 8 * CHANNELS channels, which are all. The values go through shared memory, 32
// channels at a time. With SUBGROUPS, of at least eight invocations, the eight that share rows pass maxima and sums
// among themselves and keep them in registers.
// variant: SUBGROUPS
#ifdef SUBGROUPS
#extension GL_KHR_shader_subgroup_shuffle : require
#endif
#include "storage.glsl"
#include "math.glsl"
#include "constants/attention.glsl"

layout(local_size_x = 64) in;
SOURCE(q, 1)
SOURCE(k, 2)
SOURCE(v, 3)

const uint QUERIES = 32;
const uint KEYS = 32;
const uint RUN = 32;

#include "arguments/attention.glsl"

shared float queryTile[QUERIES * (RUN + 1)];
// Keys, then values.
shared float keyTile[KEYS * (RUN + 1)];
shared float scores[QUERIES * (KEYS + 1)];
#ifdef SUBGROUPS

// Over the eight invocations that share rows.
float maximumOfEight(float x) {
  x = max(x, subgroupShuffleXor(x, 1));
  x = max(x, subgroupShuffleXor(x, 2));
  return max(x, subgroupShuffleXor(x, 4));
}

float sumOfEight(float x) {
  x += subgroupShuffleXor(x, 1);
  x += subgroupShuffleXor(x, 2);
  return x + subgroupShuffleXor(x, 4);
}

#else

shared float maxima[QUERIES];
shared float totals[QUERIES];
shared float corrections[QUERIES];

#endif

void main() {
#ifdef SUBGROUPS
  // Of the places in a group, so that eight in a row are of one subgroup.
  uint lane = gl_SubgroupID * gl_SubgroupSize + gl_SubgroupInvocationID;
#else
  uint lane = gl_LocalInvocationIndex;
#endif
  uint batch = gl_WorkGroupID.y / push.heads;
  uint head = gl_WorkGroupID.y % push.heads;
  uint firstQuery = gl_WorkGroupID.x * QUERIES;
  uint qStart = push.qOffset + batch * push.qStrides[0] + head * push.qStrides[1];
  uint kStart = push.kOffset + batch * push.kStrides[0] + head * push.kStrides[1];
  uint vStart = push.vOffset + batch * push.vStrides[0] + head * push.vStrides[1];
  // Scores: 4 x 4 of the 32 x 32 for each invocation. Sums: 4 rows and every eighth channel.
  uint down = lane >> 3;
  uint across = lane & 7u;

  float sums[4][CHANNELS];
  for (uint i = 0; i < 4; ++i) {
    for (uint c = 0; c < CHANNELS; ++c) sums[i][c] = 0.0;
  }
#ifdef SUBGROUPS
  float maxima[4] = float[](-INFINITY, -INFINITY, -INFINITY, -INFINITY);
  float totals[4] = float[](0.0, 0.0, 0.0, 0.0);
#else
  if (lane < QUERIES) {
    maxima[lane] = -INFINITY;
    totals[lane] = 0.0;
  }
#endif

  for (uint firstKey = 0; firstKey < push.keys; firstKey += KEYS) {
    float products[4][4];
    [[unroll]] for (uint i = 0; i < 4; ++i) {
      [[unroll]] for (uint j = 0; j < 4; ++j) products[i][j] = 0.0;
    }
    for (uint first = 0; first < push.width; first += RUN) {
      barrier();
      uint channel = first + (lane & 31u);
      for (uint row = lane >> 5; row < QUERIES; row += 2) {
        bool inQueries = channel < push.width && firstQuery + row < push.queries;
        bool inKeys = channel < push.width && firstKey + row < push.keys;
        float query = 0.0;
        float key = 0.0;
        uint queryIndex = qStart + (firstQuery + row) * push.qStrides[2] + channel * push.qStrides[3];
        uint keyIndex = kStart + (firstKey + row) * push.kStrides[2] + channel * push.kStrides[3];
        if (inQueries) query = q_at(queryIndex, Q_TYPE);
        if (inKeys) key = k_at(keyIndex, K_TYPE);
        queryTile[row * (RUN + 1) + (lane & 31u)] = query;
        keyTile[row * (RUN + 1) + (lane & 31u)] = key;
      }
      barrier();
      for (uint c = 0; c < RUN; ++c) {
        [[unroll]] for (uint i = 0; i < 4; ++i) {
          float query = queryTile[(down * 4 + i) * (RUN + 1) + c];
          [[unroll]] for (uint j = 0; j < 4; ++j) {
            products[i][j] += query * keyTile[(across * 4 + j) * (RUN + 1) + c];
          }
        }
      }
    }
#ifdef SUBGROUPS
    float corrections[4];
    [[unroll]] for (uint i = 0; i < 4; ++i) {
      float top = maxima[i];
      [[unroll]] for (uint j = 0; j < 4; ++j) {
        products[i][j] = firstKey + across * 4 + j < push.keys ? products[i][j] * push.scale : -INFINITY;
        top = max(top, products[i][j]);
      }
      top = maximumOfEight(top);
      corrections[i] = exponential(maxima[i] - top);
      maxima[i] = top;
      float total = 0.0;
      [[unroll]] for (uint j = 0; j < 4; ++j) {
        float term = exponential(products[i][j] - top);
        scores[(down * 4 + i) * (KEYS + 1) + across * 4 + j] = term;
        total += term;
      }
      totals[i] = totals[i] * corrections[i] + sumOfEight(total);
    }
#else
    [[unroll]] for (uint i = 0; i < 4; ++i) {
      [[unroll]] for (uint j = 0; j < 4; ++j) {
        uint key = across * 4 + j;
        scores[(down * 4 + i) * (KEYS + 1) + key] =
            firstKey + key < push.keys ? products[i][j] * push.scale : -INFINITY;
      }
    }
    barrier();
    if (lane < QUERIES) {
      float top = maxima[lane];
      for (uint key = 0; key < KEYS; ++key) top = max(top, scores[lane * (KEYS + 1) + key]);
      float correction = exponential(maxima[lane] - top);
      float total = totals[lane] * correction;
      for (uint key = 0; key < KEYS; ++key) {
        float term = exponential(scores[lane * (KEYS + 1) + key] - top);
        scores[lane * (KEYS + 1) + key] = term;
        total += term;
      }
      maxima[lane] = top;
      totals[lane] = total;
      corrections[lane] = correction;
    }
    barrier();
#endif
    for (uint i = 0; i < 4; ++i) {
#ifdef SUBGROUPS
      float correction = corrections[i];
#else
      float correction = corrections[down * 4 + i];
#endif
      for (uint c = 0; c < CHANNELS; ++c) sums[i][c] *= correction;
    }
    uint keyCount = min(KEYS, push.keys - firstKey);
    [[unroll]] for (uint slice = 0; slice < CHANNELS / 4; ++slice) {
      // The keys, or the values before, have been read; the scores are written.
      barrier();
      uint channel = slice * 32u + (lane & 31u);
      for (uint key = lane >> 5; key < keyCount; key += 2) {
        float value = 0.0;
        uint index = vStart + (firstKey + key) * push.vStrides[2] + channel * push.vStrides[3];
        if (channel < push.width) value = v_at(index, V_TYPE);
        keyTile[key * (RUN + 1) + (lane & 31u)] = value;
      }
      barrier();
      for (uint key = 0; key < keyCount; ++key) {
        float weights[4];
        [[unroll]] for (uint i = 0; i < 4; ++i) weights[i] = scores[(down * 4 + i) * (KEYS + 1) + key];
        [[unroll]] for (uint c = 0; c < 4; ++c) {
          float value = keyTile[key * (RUN + 1) + c * 8u + across];
          [[unroll]] for (uint i = 0; i < 4; ++i) sums[i][slice * 4u + c] += weights[i] * value;
        }
      }
    }
  }

  uint outStart = push.outOffset + batch * push.outStrides[0] + head * push.outStrides[1];
  for (uint i = 0; i < 4; ++i) {
    uint query = firstQuery + down * 4 + i;
    if (query >= push.queries) continue;
#ifdef SUBGROUPS
    float inverse = 1.0 / totals[i];
#else
    float inverse = 1.0 / totals[down * 4 + i];
#endif
    for (uint c = 0; c < CHANNELS; ++c) {
      uint channel = c * 8u + across;
      if (channel >= push.width) continue;
      store(outStart + query * push.outStrides[2] + channel * push.outStrides[3], sums[i][c] * inverse, OUT_TYPE);
    }
  }
}
