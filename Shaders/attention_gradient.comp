#version 450
#extension GL_GOOGLE_include_directive : require
// The derivative of attention without a matrix of all queries by all keys (Dao et al. 2022): a group of invocations owns 32
// rows of one side, queries or keys, and walks over the other side in tiles of 32. With weights P = softmax(scale Q K^T) and
// the gradient D of the result,
//
//   dV = P^T D,  S = scale P (D V^T - rowsum(P D V^T)),  dQ = S K,  dK = S^T Q.
//
// A first pass over the queries makes what the others need of each: the logarithm of the sum of its exponentials, and
// rowsum(P D V^T). Everything is row-major and in f32, [heads of all samples, tokens, width].
#include "storage.glsl"
#include "math.glsl"
#include "constants/derivative.glsl"

layout(local_size_x = 64) in;
const uint STATISTICS = 0;
const uint QUERIES = 1;
const uint KEYS = 2;
const uint VALUES = 3;
// Queries and keys, or keys and queries.
SOURCE(own, 1)
SOURCE(other, 2)
// The gradient and values, or values and the gradient.
SOURCE(ownSlopes, 3)
SOURCE(otherSlopes, 4)
SOURCE(statistics, 5)
#include "arguments/attention_gradient.glsl"

const uint ROWS = 32;
const uint ROW = ROWS + 1;
shared float ownTile[ROWS * ROW];
shared float otherTile[ROWS * ROW];
shared float factors[ROWS * ROW];

// Products of 4 x 4 rows for each invocation, over the whole width.
#define MULTIPLY(NAME, OWN, OWN_OFFSET, OTHER, OTHER_OFFSET)                                                        \
  void NAME(uint lane, uint ownStart, uint ownCount, uint otherStart, uint otherCount, inout float sums[4][4]) {    \
    [[unroll]] for (uint i = 0; i < 4; ++i) {                                                                       \
      [[unroll]] for (uint j = 0; j < 4; ++j) sums[i][j] = 0.0;                                                     \
    }                                                                                                               \
    for (uint first = 0; first < push.width; first += ROWS) {                                                       \
      barrier();                                                                                                    \
      uint channel = first + (lane & 31u);                                                                          \
      for (uint row = lane >> 5; row < ROWS; row += 2) {                                                            \
        float a = 0.0;                                                                                              \
        float b = 0.0;                                                                                              \
        if (channel < push.width && row < ownCount)                                                                 \
          a = OWN##_at(OWN_OFFSET + (ownStart + row) * push.width + channel, TYPE_F32);                             \
        if (channel < push.width && row < otherCount)                                                               \
          b = OTHER##_at(OTHER_OFFSET + (otherStart + row) * push.width + channel, TYPE_F32);                       \
        ownTile[row * ROW + (lane & 31u)] = a;                                                                      \
        otherTile[row * ROW + (lane & 31u)] = b;                                                                    \
      }                                                                                                             \
      barrier();                                                                                                    \
      for (uint c = 0; c < ROWS; ++c) {                                                                             \
        [[unroll]] for (uint i = 0; i < 4; ++i) {                                                                   \
          float a = ownTile[((lane >> 3) * 4 + i) * ROW + c];                                                       \
          [[unroll]] for (uint j = 0; j < 4; ++j) sums[i][j] += a * otherTile[((lane & 7u) * 4 + j) * ROW + c];     \
        }                                                                                                           \
      }                                                                                                             \
    }                                                                                                               \
  }

MULTIPLY(multiplyRows, own, push.ownOffset, other, push.otherOffset)
MULTIPLY(multiplySlopes, ownSlopes, push.ownSlopesOffset, otherSlopes, push.otherSlopesOffset)

void main() {
  uint lane = gl_LocalInvocationIndex;
  uint pair = push.firstPair + gl_WorkGroupID.y;
  uint firstOwn = gl_WorkGroupID.x * ROWS;
  uint ownCount = min(ROWS, push.ownCount - firstOwn);
  uint ownStart = pair * push.ownCount + firstOwn;
  uint down = lane >> 3;
  uint across = lane & 7u;
  float sums[4][CHANNELS];
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    [[unroll]] for (uint c = 0; c < CHANNELS; ++c) sums[i][c] = 0.0;
  }
  // Of the row that is this invocation's in the first pass.
  float top = -INFINITY;
  float total = 0.0;
  float weighted = 0.0;
  float scores[4][4];
  float slopes[4][4];
  for (uint firstOther = 0; firstOther < push.otherCount; firstOther += ROWS) {
    uint otherCount = min(ROWS, push.otherCount - firstOther);
    uint otherStart = pair * push.otherCount + firstOther;
    multiplyRows(lane, ownStart, ownCount, otherStart, otherCount, scores);
    if (VARIANT != VALUES) multiplySlopes(lane, ownStart, ownCount, otherStart, otherCount, slopes);
    if (VARIANT == STATISTICS) {
      barrier();
      [[unroll]] for (uint i = 0; i < 4; ++i) {
        [[unroll]] for (uint j = 0; j < 4; ++j) {
          factors[(down * 4 + i) * ROW + across * 4 + j] = scores[i][j] * push.scale;
          ownTile[(down * 4 + i) * ROW + across * 4 + j] = slopes[i][j];
        }
      }
      barrier();
      if (lane < ROWS) {
        float before = top;
        for (uint i = 0; i < otherCount; ++i) top = max(top, factors[lane * ROW + i]);
        float correction = exponential(before - top);
        total *= correction;
        weighted *= correction;
        for (uint i = 0; i < otherCount; ++i) {
          float term = exponential(factors[lane * ROW + i] - top);
          total += term;
          weighted += term * ownTile[lane * ROW + i];
        }
      }
      continue;
    }
    [[unroll]] for (uint i = 0; i < 4; ++i) {
      [[unroll]] for (uint j = 0; j < 4; ++j) {
        uint row = down * 4 + i;
        uint column = across * 4 + j;
        float factor = 0.0;
        if (row < ownCount && column < otherCount) {
          uint query = push.statisticsOffset + 2u * (VARIANT == QUERIES ? ownStart + row : otherStart + column);
          factor = exponential(scores[i][j] * push.scale - statistics_at(query, TYPE_F32));
          if (VARIANT != VALUES) factor *= push.scale * (slopes[i][j] - statistics_at(query + 1u, TYPE_F32));
        }
        factors[row * ROW + column] = factor;
      }
    }
    [[unroll]] for (uint slice = 0; slice < CHANNELS / 4; ++slice) {
      // What was there before has been read; the factors are written.
      barrier();
      uint channel = push.firstChannel + slice * 32u + (lane & 31u);
      for (uint row = lane >> 5; row < otherCount; row += 2) {
        float value = 0.0;
        uint index = (otherStart + row) * push.width + channel;
        if (channel < push.width) {
          value = VARIANT == VALUES ? otherSlopes_at(push.otherSlopesOffset + index, TYPE_F32)
                                    : other_at(push.otherOffset + index, TYPE_F32);
        }
        otherTile[row * ROW + (lane & 31u)] = value;
      }
      barrier();
      for (uint row = 0; row < otherCount; ++row) {
        [[unroll]] for (uint i = 0; i < 4; ++i) {
          float factor = factors[(down * 4 + i) * ROW + row];
          [[unroll]] for (uint c = 0; c < 4; ++c) {
            sums[i][slice * 4u + c] += factor * otherTile[row * ROW + c * 8u + across];
          }
        }
      }
    }
  }
  if (VARIANT == STATISTICS) {
    if (lane < ownCount) {
      uint target = push.outOffset + 2u * (ownStart + lane);
      store(target, top + logarithm(total), TYPE_F32);
      store(target + 1u, weighted / total, TYPE_F32);
    }
    return;
  }
  for (uint i = 0; i < 4; ++i) {
    uint row = down * 4 + i;
    if (row >= ownCount) continue;
    [[unroll]] for (uint c = 0; c < CHANNELS; ++c) {
      uint channel = push.firstChannel + c * 8u + across;
      if (channel < push.width) store(push.outOffset + (ownStart + row) * push.width + channel, sums[i][c], TYPE_F32);
    }
  }
}
