layout(push_constant) uniform LayerNormGradientArguments {
  uint rows;
  uint columns;
  float epsilon;
  // Not zero where upstream * normed is made.
  uint makesProducts;
  uint outOffset;
  uint xOffset;
  uint upstreamOffset;
  uint gammaOffset;
} push;
