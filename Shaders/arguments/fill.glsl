#define OPERANDS 1
#define MAX_RANK 8
layout(push_constant) uniform FillArguments {
  uint count;
  uint offsets[OPERANDS];
  uint extents[MAX_RANK];
  uint strides[OPERANDS * MAX_RANK];
  float scalars[2];
} push;
