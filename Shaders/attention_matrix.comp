#version 450
#extension GL_GOOGLE_include_directive : require
// out = softmax(scale * q k^T) v without ever storing the scores (Dao et al. 2022), both products on matrix units: q, k
// and v of f16, rows that begin at a multiple of eight elements, heads of up to DEPTH channels.
//
// A group of four subgroups owns 64 queries, 16 for each, and walks over the keys in tiles of 32. The sums stay in the
// registers of the invocations and not in matrices, whose elements cannot be told apart: each tile's new maximum scales
// the rows. A probability is two halves, what `f16` holds of it and the rest, so that nothing is lost that `f32` would
// keep. With EMULATED, as in `product_matrix.glsl`, any device can run everything but the matrices themselves.
// only variant: EMULATED
#ifndef EMULATED
#pragma use_vulkan_memory_model
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif
#include "storage.glsl"
#include "math.glsl"
#include "constants/attention_matrix.glsl"

// Four subgroups: the specialisation is four times the device's size, so that each is full.
const uint THREADS = gl_WorkGroupSize.x;
const uint WIDTH = THREADS / 4;
// The shape of the device's matrices: 16 rows; columns and inner extent divide 32.
const uint MATRIX_ROWS = 16;
layout(set = 0, binding = 1) readonly buffer q_block { uvec4 q_words[]; };
layout(set = 0, binding = 2) readonly buffer k_block { uvec4 k_words[]; };
layout(set = 0, binding = 3) readonly buffer v_block { uvec4 v_words[]; };

const uint QUERIES = 64;
const uint KEYS = 32;
const uint SLICE = 32;
// Of the weights, on their way through f16; a power of two, and at most 65504.
const float WEIGHT_SCALE = 32768.0;

#include "arguments/attention.glsl"

// Words of 16 bytes. Rows lie whole words apart, as the extension wants it, and one more than they need, so that they
// start in different banks: queries, keys or values, probabilities (KEYS first halves, then the second ones), and of each
// subgroup a strip of 16 x 32 in f32.
const uint PITCH = DEPTH / 8 + 1;
const uint PROBABILITY_PITCH = 2 * KEYS / 8 + 1;
const uint STRIP_PITCH = SLICE / 4 + 1;
const uint KEY_TILE = QUERIES * PITCH;
const uint PROBABILITIES = KEY_TILE + KEYS * PITCH;
const uint STRIPS = PROBABILITIES + QUERIES * PROBABILITY_PITCH;
shared uvec4 tiles[STRIPS + QUERIES * STRIP_PITCH];
// Of each row: what its sums are multiplied by for the new maximum; in the end, the total.
shared float corrections[QUERIES];

#ifdef EMULATED

uint quarterOf() { return gl_LocalInvocationIndex / WIDTH; }
uint laneOf() { return gl_LocalInvocationIndex % WIDTH; }

float half_at(uint word, uint i) { return uintBitsToFloat(widen(tiles[word + i / 8][i / 2 % 4], i, TYPE_F16)); }

void multiply(uint left, uint leftPitch, uint right, bool rightAcross, uint inner, uint target) {
  for (uint e = laneOf(); e < MATRIX_ROWS * MATRIX_COLUMNS; e += WIDTH) {
    uint row = e / MATRIX_COLUMNS;
    uint column = e % MATRIX_COLUMNS;
    float sum = 0.0;
    for (uint k = 0; k < inner; ++k) {
      float factor = rightAcross ? half_at(right + k % KEYS * PITCH, column) : half_at(right + column * PITCH, k);
      sum += half_at(left + row * leftPitch, k) * factor;
    }
    tiles[target + row * STRIP_PITCH + column / 4][column % 4] = floatBitsToUint(sum);
  }
}

#else

uint quarterOf() { return gl_SubgroupID; }
uint laneOf() { return gl_SubgroupInvocationID; }

// The product of a matrix of 16 rows and `inner` columns, its rows `leftPitch` words apart, and one whose columns lie as rows of the tiles, or
// with `rightAcross` whose KEYS rows do, again and again; into a strip.
void multiply(uint left, uint leftPitch, uint right, bool rightAcross, uint inner, uint target) {
  coopmat<float, gl_ScopeSubgroup, MATRIX_ROWS, MATRIX_COLUMNS, gl_MatrixUseAccumulator> sum =
      coopmat<float, gl_ScopeSubgroup, MATRIX_ROWS, MATRIX_COLUMNS, gl_MatrixUseAccumulator>(0.0);
  [[unroll]] for (uint k = 0; k < inner; k += MATRIX_INNER) {
    coopmat<float16_t, gl_ScopeSubgroup, MATRIX_ROWS, MATRIX_INNER, gl_MatrixUseA> a;
    coopmat<float16_t, gl_ScopeSubgroup, MATRIX_INNER, MATRIX_COLUMNS, gl_MatrixUseB> b;
    coopMatLoad(a, tiles, left + k / 8, leftPitch, gl_CooperativeMatrixLayoutRowMajor);
    if (rightAcross) {
      coopMatLoad(b, tiles, right + k % KEYS * PITCH, PITCH, gl_CooperativeMatrixLayoutRowMajor);
    } else {
      coopMatLoad(b, tiles, right + k / 8, PITCH, gl_CooperativeMatrixLayoutColumnMajor);
    }
    sum = coopMatMulAdd(a, b, sum);
  }
  coopMatStore(sum, tiles, target, STRIP_PITCH, gl_CooperativeMatrixLayoutRowMajor);
}

#endif

// The element of a strip.
float strip_at(uint row, uint column) {
  return uintBitsToFloat(tiles[STRIPS + row * STRIP_PITCH + column / 4][column % 4]);
}

// Several invocations share a row if a subgroup has more than 16: those 16 apart.
const uint SHARERS = WIDTH >= 64 ? 4 : WIDTH >= 32 ? 2 : 1;
// How many rows an invocation looks after.
const uint OWN_ROWS = WIDTH >= MATRIX_ROWS ? 1 : MATRIX_ROWS / WIDTH;

float maximumOfSharers(float x) {
#ifndef EMULATED
  if (SHARERS > 1) x = max(x, subgroupShuffleXor(x, 16));
  if (SHARERS > 2) x = max(x, subgroupShuffleXor(x, 32));
#endif
  return x;
}

float sumOfSharers(float x) {
#ifndef EMULATED
  if (SHARERS > 1) x += subgroupShuffleXor(x, 16);
  if (SHARERS > 2) x += subgroupShuffleXor(x, 32);
#endif
  return x;
}

const uint HELD = MATRIX_ROWS * SLICE / WIDTH;

void main() {
  uint batch = gl_WorkGroupID.y / push.heads;
  uint head = gl_WorkGroupID.y % push.heads;
  uint firstQuery = gl_WorkGroupID.x * QUERIES;
  uint qStart = push.qOffset + batch * push.qStrides[0] + head * push.qStrides[1];
  uint kStart = push.kOffset + batch * push.kStrides[0] + head * push.kStrides[1];
  uint vStart = push.vOffset + batch * push.vStrides[0] + head * push.vStrides[1];
  uint firstRow = quarterOf() * MATRIX_ROWS;

  for (uint word = gl_LocalInvocationIndex; word < QUERIES * (DEPTH / 8); word += THREADS) {
    uint row = word / (DEPTH / 8);
    uint channel = word % (DEPTH / 8) * 8u;
    uvec4 bits = uvec4(0);
    if (firstQuery + row < push.queries && channel < push.width) {
      bits = q_words[(qStart + (firstQuery + row) * push.qStrides[2] + channel) >> 3];
    }
    tiles[row * PITCH + channel / 8] = bits;
  }
  float maxima[OWN_ROWS];
  float totals[OWN_ROWS];
  [[unroll]] for (uint i = 0; i < OWN_ROWS; ++i) {
    maxima[i] = -INFINITY;
    totals[i] = 0.0;
  }
  float outputs[DEPTH / SLICE * HELD];
  [[unroll]] for (uint i = 0; i < DEPTH / SLICE * HELD; ++i) outputs[i] = 0.0;

  for (uint firstKey = 0; firstKey < push.keys; firstKey += KEYS) {
    // The values of the tile before have been read.
    barrier();
    for (uint word = gl_LocalInvocationIndex; word < KEYS * (DEPTH / 8); word += THREADS) {
      uint row = word / (DEPTH / 8);
      uint channel = word % (DEPTH / 8) * 8u;
      uvec4 bits = uvec4(0);
      if (firstKey + row < push.keys && channel < push.width) {
        bits = k_words[(kStart + (firstKey + row) * push.kStrides[2] + channel) >> 3];
      }
      tiles[KEY_TILE + row * PITCH + channel / 8] = bits;
    }
    barrier();
    [[unroll]] for (uint j = 0; j < KEYS; j += MATRIX_COLUMNS) {
      multiply(
          firstRow * PITCH, PITCH, KEY_TILE + j * PITCH, false, DEPTH, STRIPS + firstRow * STRIP_PITCH + j / 4);
    }
    // The scores are in the strips and the keys have been read.
    barrier();
    uint begin = laneOf() / MATRIX_ROWS * (KEYS / SHARERS);
    [[unroll]] for (uint i = 0; i < OWN_ROWS; ++i) {
      uint row = firstRow + laneOf() % MATRIX_ROWS + i * WIDTH;
      float scores[KEYS / SHARERS];
      float top = maxima[i];
      [[unroll]] for (uint j = 0; j < KEYS / SHARERS; ++j) {
        scores[j] = firstKey + begin + j < push.keys ? strip_at(row, begin + j) * push.scale : -INFINITY;
        top = max(top, scores[j]);
      }
      top = maximumOfSharers(top);
      float total = 0.0;
      [[unroll]] for (uint j = 0; j < KEYS / SHARERS; j += 2) {
        vec2 terms = vec2(exponential(scores[j] - top), exponential(scores[j + 1] - top));
        total += terms.x + terms.y;
        // So that what the first half leaves of a weight is no subnormal number, which a device may take for 0.
        terms *= WEIGHT_SCALE;
        uint key = begin + j;
        uint target = PROBABILITIES + row * PROBABILITY_PITCH + key / 8;
        uint bits = narrowToHalf(floatBitsToUint(terms.x)) | narrowToHalf(floatBitsToUint(terms.y)) << 16;
        vec2 rest = terms - vec2(uintBitsToFloat(widen(bits, 0, TYPE_F16)), uintBitsToFloat(widen(bits, 1, TYPE_F16)));
        tiles[target][key / 2 % 4] = bits;
        tiles[target + KEYS / 8][key / 2 % 4] =
            narrowToHalf(floatBitsToUint(rest.x)) | narrowToHalf(floatBitsToUint(rest.y)) << 16;
      }
      float correction = exponential(maxima[i] - top);
      totals[i] = totals[i] * correction + sumOfSharers(total);
      maxima[i] = top;
      if (begin == 0u) corrections[row] = correction;
    }
    for (uint word = gl_LocalInvocationIndex; word < KEYS * (DEPTH / 8); word += THREADS) {
      uint row = word / (DEPTH / 8);
      uint channel = word % (DEPTH / 8) * 8u;
      uvec4 bits = uvec4(0);
      if (firstKey + row < push.keys && channel < push.width) {
        bits = v_words[(vStart + (firstKey + row) * push.vStrides[2] + channel) >> 3];
      }
      tiles[KEY_TILE + row * PITCH + channel / 8] = bits;
    }
    [[unroll]] for (uint slice = 0; slice < DEPTH / SLICE; ++slice) {
      // Values and probabilities are there; the strips have been read.
      barrier();
      [[unroll]] for (uint j = 0; j < SLICE; j += MATRIX_COLUMNS) {
        multiply(
            PROBABILITIES + firstRow * PROBABILITY_PITCH, PROBABILITY_PITCH, KEY_TILE + (slice * SLICE + j) / 8, true,
            2 * KEYS, STRIPS + firstRow * STRIP_PITCH + j / 4);
      }
      barrier();
      [[unroll]] for (uint i = 0; i < HELD; ++i) {
        uint e = laneOf() + i * WIDTH;
        uint row = firstRow + e / SLICE;
        outputs[slice * HELD + i] = outputs[slice * HELD + i] * corrections[row] + strip_at(row, e % SLICE);
      }
    }
  }

  barrier();
  if (laneOf() < MATRIX_ROWS) {
    [[unroll]] for (uint i = 0; i < OWN_ROWS; ++i) corrections[firstRow + laneOf() + i * WIDTH] = totals[i] * WEIGHT_SCALE;
  }
  barrier();
  uint outStart = push.outOffset + batch * push.outStrides[0] + head * push.outStrides[1];
  [[unroll]] for (uint slice = 0; slice < DEPTH / SLICE; ++slice) {
    [[unroll]] for (uint i = 0; i < HELD; ++i) {
      uint e = laneOf() + i * WIDTH;
      uint row = firstRow + e / SLICE;
      uint channel = slice * SLICE + e % SLICE;
      if (firstQuery + row >= push.queries || channel >= push.width) continue;
      store(
          outStart + (firstQuery + row) * push.outStrides[2] + channel * push.outStrides[3],
          outputs[slice * HELD + i] / corrections[row], OUT_TYPE);
    }
  }
}
