#define OPERANDS 3
#define MAX_RANK 6
layout(push_constant) uniform BinaryArguments {
  uint count;
  uint offsets[OPERANDS];
  uint extents[MAX_RANK];
  uint strides[OPERANDS * MAX_RANK];
  float scalars[2];
} push;
