layout(push_constant) uniform ActivationGradientArguments {
  uint count;
  uint outOffset;
  uint xOffset;
  uint upstreamOffset;
} push;
