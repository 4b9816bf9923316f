layout(push_constant) uniform SoftmaxGradientArguments {
  uint rows;
  uint columns;
  float scale;
  uint outOffset;
  uint weightsOffset;
  uint upstreamOffset;
} push;
