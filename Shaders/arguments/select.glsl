#define OPERANDS 4
#define MAX_RANK 5
layout(push_constant) uniform SelectArguments {
  uint count;
  uint offsets[OPERANDS];
  uint extents[MAX_RANK];
  uint strides[OPERANDS * MAX_RANK];
  float scalars[2];
} push;
