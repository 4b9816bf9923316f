// A loop over all elements of up to OPERANDS strided operands of one shape, the destination first. Include
// their arguments before, which define OPERANDS and MAX_RANK.
#include "pairs.glsl"
#include "constants/elementwise.glsl"

layout(local_size_x = 256) in;

// The element of this invocation, or the first of `step` neighbours; the grid has two axes because one may be limited to 65535 groups.
uint elementIndex(uint step) {
  return ((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 256u + gl_LocalInvocationIndex) * step;
}

// Where that element lies in each operand.
void locate(uint index, out uint positions[OPERANDS]) {
  [[unroll]] for (uint k = 0; k < OPERANDS; ++k) positions[k] = push.offsets[k];
  for (int axis = int(RANK) - 1; axis >= 0; --axis) {
    uint quotient = axis == 0 ? 0u : index / push.extents[axis];
    uint coordinate = index - quotient * push.extents[axis];
    index = quotient;
    [[unroll]] for (uint k = 0; k < OPERANDS; ++k) {
      positions[k] += coordinate * push.strides[k * MAX_RANK + axis];
    }
  }
}
