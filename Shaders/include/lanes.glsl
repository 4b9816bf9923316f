// Matrix products of one subgroup, in registers alone: no shared memory, no barriers.
//
// For devices that run the invocations of a subgroup as the elements of one vector of a processor and pay for each
// element that is loaded (software such as lavapipe): what all invocations need is loaded once, a part by each, and
// broadcast, and two neighbours come in one load of 64 bits.
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#include "storage.glsl"

const uint WIDTH = gl_WorkGroupSize.x;
const uint ROWS = 16;

// NAME_pair(index, type): the elements at an even index and after it, of a source that was named before.
#define PAIRS_OF(NAME, BINDING)                                                                         \
  layout(set = 0, binding = BINDING) readonly buffer NAME##_pair_block { uint64_t NAME##_pairs[]; };    \
  vec2 NAME##_pair(uint index, uint type) {                                                             \
    if (type == TYPE_F32) return uintBitsToFloat(unpack32(NAME##_pairs[index >> 1]));                   \
    uint word = NAME##_words[index >> 1];                                                               \
    return vec2(uintBitsToFloat(widen(word, 0, type)), uintBitsToFloat(widen(word, 1, type)));          \
  }

layout(set = 0, binding = 0) writeonly buffer out_pair_block { uint64_t out_pairs[]; };

// Stores two neighbours at an even index.
void storePair(uint index, vec2 values, uint type) {
  uvec2 bits = floatBitsToUint(values);
  if (type == TYPE_F32) {
    out_pairs[index >> 1] = pack64(bits);
  } else {
    uint low = type == TYPE_BF16 ? narrowToBrain(bits.x) : narrowToHalf(bits.x);
    uint high = type == TYPE_BF16 ? narrowToBrain(bits.y) : narrowToHalf(bits.y);
    out_words[index >> 1] = low | (high << 16);
  }
}

// STEP(L) for each invocation L of a subgroup that holds a part of a run. A broadcast must name its invocation by a
// constant, so that a loop will not do.
#define FOR_EACH_STEP(STEP) \
  STEP(0) STEP(1) STEP(2) STEP(3)
// How many inner elements such a run has: two for each invocation that holds a part.
const uint HOLDERS = 4;
const uint RUN = 2 * HOLDERS;
