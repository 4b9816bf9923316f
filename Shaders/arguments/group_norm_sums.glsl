layout(push_constant) uniform GroupNormSumsArguments {
  // Of all samples.
  uint groups;
  uint tokens;
  uint channels;
  uint width;
  uint outOffset;
  uint innerOffset;
  uint productsOffset;
  uint gammaOffset;
} push;
