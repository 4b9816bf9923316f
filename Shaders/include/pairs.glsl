// Two neighbours in one load or store, where they begin at an even index: a word of 16-bit elements, or two words.
#include "storage.glsl"

// NAME_two(index, type) and NAME_two_bits(index, type): the elements at an even index and after it, of a source that was
// named before.
#define TWOS_OF(NAME, BINDING)                                                                     \
  layout(set = 0, binding = BINDING) readonly buffer NAME##_two_block { uvec2 NAME##_twos[]; };    \
  uvec2 NAME##_two_bits(uint index, uint type) {                                                   \
    if (type == TYPE_F32) return NAME##_twos[index >> 1];                                          \
    uint word = NAME##_words[index >> 1];                                                          \
    return uvec2(widen(word, 0, type), widen(word, 1, type));                                      \
  }                                                                                                \
  vec2 NAME##_two(uint index, uint type) { return uintBitsToFloat(NAME##_two_bits(index, type)); }

// Stores two neighbours at an even index.
layout(set = 0, binding = 0) writeonly buffer out_two_block { uvec2 out_twos[]; };

void storeTwoBits(uint index, uvec2 bits, uint type) {
  if (type == TYPE_F32) {
    out_twos[index >> 1] = bits;
  } else if (type == TYPE_BF16) {
    out_words[index >> 1] = narrowToBrain(bits.x) | (narrowToBrain(bits.y) << 16);
  } else {
    out_words[index >> 1] = narrowToHalf(bits.x) | (narrowToHalf(bits.y) << 16);
  }
}

void storeTwo(uint index, vec2 values, uint type) { storeTwoBits(index, floatBitsToUint(values), type); }
