#define OPERANDS 2
#define MAX_RANK 8
layout(push_constant) uniform UnaryArguments {
  uint count;
  uint offsets[OPERANDS];
  uint extents[MAX_RANK];
  uint strides[OPERANDS * MAX_RANK];
  float scalars[2];
} push;
