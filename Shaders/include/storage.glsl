// Elements of any storage type, as the bits of an f32. All conversions are integer arithmetic: a device may flush
// subnormal numbers or round another way in its own.
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_control_flow_attributes : require

const uint TYPE_F32 = 0;
const uint TYPE_F16 = 1;
const uint TYPE_BF16 = 2;

uint widenHalf(uint h) {
  uint sign = (h & 0x8000u) << 16;
  uint magnitude = h & 0x7fffu;
  if (magnitude >= 0x7c00u) return sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13);
  if (magnitude >= 0x400u) return sign | ((magnitude << 13) + 0x38000000u);
  return sign | floatBitsToUint(float(magnitude) * 5.9604644775390625e-08);
}

uint narrowToHalf(uint bits) {
  uint sign = (bits >> 16) & 0x8000u;
  uint magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7e00u;
  if (magnitude >= 0x477ff000u) return sign | 0x7c00u;
  if (magnitude >= 0x38800000u) {
    uint rebased = magnitude - 0x38000000u;
    return sign | ((rebased + 0xfffu + ((rebased >> 13) & 1u)) >> 13);
  }
  if (magnitude < 0x33000000u) return sign;
  uint fraction = (magnitude & 0x7fffffu) | 0x800000u;
  uint shift = 126u - (magnitude >> 23);
  uint quotient = fraction >> shift;
  uint rest = fraction & ((1u << shift) - 1u);
  uint middle = 1u << (shift - 1u);
  return sign | (quotient + ((rest > middle || (rest == middle && (quotient & 1u) == 1u)) ? 1u : 0u));
}

uint narrowToBrain(uint bits) {
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (bits >> 16) | 0x40u;
  return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}

// Half of a word, by the parity of the element's index, as the bits of an f32.
uint widen(uint word, uint index, uint type) {
  uint h = (index & 1u) != 0u ? word >> 16 : word & 0xffffu;
  return type == TYPE_BF16 ? h << 16 : widenHalf(h);
}

// A source at a binding: NAME_bits(index, type) and NAME_at(index, type).
#define SOURCE(NAME, BINDING)                                                             \
  layout(set = 0, binding = BINDING) readonly buffer NAME##_block { uint NAME##_words[]; }; \
  uint NAME##_bits(uint index, uint type) {                                               \
    if (type == TYPE_F32) return NAME##_words[index];                                     \
    return widen(NAME##_words[index >> 1], index, type);                                  \
  }                                                                                       \
  float NAME##_at(uint index, uint type) { return uintBitsToFloat(NAME##_bits(index, type)); }

// NAME_quad(index, type): four elements from a multiple of four on, of a source that was named before, in one load.
#define QUADS_OF(NAME, BINDING)                                                                          \
  layout(set = 0, binding = BINDING) readonly buffer NAME##_quad_block { uvec4 NAME##_quads[]; };        \
  layout(set = 0, binding = BINDING) readonly buffer NAME##_double_block { uvec2 NAME##_doubles[]; };    \
  vec4 NAME##_quad(uint index, uint type) {                                                              \
    if (type == TYPE_F32) return uintBitsToFloat(NAME##_quads[index >> 2]);                              \
    uvec2 pair = NAME##_doubles[index >> 2];                                                             \
    return uintBitsToFloat(uvec4(                                                                        \
        widen(pair.x, 0, type), widen(pair.x, 1, type), widen(pair.y, 0, type), widen(pair.y, 1, type))); \
  }

// The destination. Short elements are stored as such: two invocations may own the halves of one word.
layout(set = 0, binding = 0) writeonly buffer out_block { uint out_words[]; };
layout(set = 0, binding = 0) writeonly buffer out_short_block { uint16_t out_shorts[]; };

void storeBits(uint index, uint bits, uint type) {
  if (type == TYPE_F32) {
    out_words[index] = bits;
  } else {
    out_shorts[index] = uint16_t(type == TYPE_BF16 ? narrowToBrain(bits) : narrowToHalf(bits));
  }
}

void store(uint index, float value, uint type) { storeBits(index, floatBitsToUint(value), type); }
