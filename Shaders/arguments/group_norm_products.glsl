layout(push_constant) uniform GroupNormProductsArguments {
  uint count;
  uint tokens;
  uint channels;
  uint width;
  // Not zero where inner * normed is made.
  uint makesProducts;
  uint outOffset;
  uint xOffset;
  uint upstreamOffset;
  uint momentsOffset;
  uint gammaOffset;
  uint betaOffset;
} push;
