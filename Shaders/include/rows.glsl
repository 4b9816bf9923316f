// One group of invocations for each row: loops over its columns and combines what the invocations found.
#include "storage.glsl"
#include "math.glsl"

const uint THREADS = 128;
layout(local_size_x = 128) in;

shared float partials[THREADS];

uint rowIndex() { return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x; }

float larger(float a, float b) { return isNaN(a) ? a : (isNaN(b) || b > a ? b : a); }

#define COMBINE(NAME, EXPRESSION)                           \
  float NAME(float value) {                                 \
    uint lane = gl_LocalInvocationIndex;                    \
    barrier();                                              \
    partials[lane] = value;                                 \
    barrier();                                              \
    for (uint width = THREADS / 2; width > 0; width >>= 1) { \
      if (lane < width) {                                   \
        float a = partials[lane];                           \
        float b = partials[lane + width];                   \
        partials[lane] = EXPRESSION;                        \
      }                                                     \
      barrier();                                            \
    }                                                       \
    return partials[0];                                     \
  }

COMBINE(sumOfGroup, a + b)
COMBINE(maximumOfGroup, larger(a, b))
