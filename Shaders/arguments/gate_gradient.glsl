layout(push_constant) uniform GateGradientArguments {
  uint count;
  uint width;
  uint outOffset;
  uint bothOffset;
  uint upstreamOffset;
} push;
