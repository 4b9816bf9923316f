layout(push_constant) uniform GroupNormGradientArguments {
  uint count;
  uint tokens;
  uint channels;
  uint width;
  uint outOffset;
  uint xOffset;
  uint innerOffset;
  uint momentsOffset;
  uint gammaOffset;
  uint meansOffset;
} push;
