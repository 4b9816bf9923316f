// One group of invocations for each row: loops over its columns and combines what the invocations found.
//
// With SUBGROUPS, each subgroup combines its own without shared memory; a group of one subgroup needs no barrier. How
// large subgroups are, and whether they are full, does not matter.
#ifdef SUBGROUPS
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require
#endif
#include "pairs.glsl"
#include "math.glsl"
#include "constants/rows.glsl"

const uint THREADS = gl_WorkGroupSize.x;

shared float partials[THREADS];

uint rowIndex() { return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x; }

float larger(float a, float b) { return isNaN(a) ? a : (isNaN(b) || b > a ? b : a); }

#ifdef SUBGROUPS


float sumOfSubgroup(float value) { return subgroupAdd(value); }

// The maximum, or NaN if there is one; what `subgroupMax` makes of NaN is the device's choice.
float maximumOfSubgroup(float value) {
  bool any = subgroupBallot(isNaN(value)) != uvec4(0);
  float top = subgroupMax(isNaN(value) ? -INFINITY : value);
  return any ? uintBitsToFloat(0x7fc00000u) : top;
}

#define COMBINE(NAME, WITHIN, EXPRESSION, NOTHING)                                            \
  float NAME(float value) {                                                                   \
    value = WITHIN(value);                                                                    \
    if (!ONE_SUBGROUP) {                                                                      \
      barrier();                                                                              \
      if (subgroupElect()) partials[gl_SubgroupID] = value;                                   \
      barrier();                                                                              \
      float a = NOTHING;                                                                      \
      for (uint i = 0; i < gl_NumSubgroups; ++i) {                                            \
        float b = partials[i];                                                                \
        a = EXPRESSION;                                                                       \
      }                                                                                       \
      value = a;                                                                              \
    }                                                                                         \
    return value;                                                                             \
  }

COMBINE(sumOfGroup, sumOfSubgroup, a + b, 0.0)
COMBINE(maximumOfGroup, maximumOfSubgroup, larger(a, b), -INFINITY)

#else

#define COMBINE(NAME, EXPRESSION)                             \
  float NAME(float value) {                                   \
    uint lane = gl_LocalInvocationIndex;                      \
    barrier();                                                \
    partials[lane] = value;                                   \
    barrier();                                                \
    for (uint width = THREADS / 2; width > 0; width >>= 1) {  \
      if (lane < width) {                                     \
        float a = partials[lane];                             \
        float b = partials[lane + width];                     \
        partials[lane] = EXPRESSION;                          \
      }                                                       \
      barrier();                                              \
    }                                                         \
    return partials[0];                                       \
  }

COMBINE(sumOfGroup, a + b)
COMBINE(maximumOfGroup, larger(a, b))

#endif
