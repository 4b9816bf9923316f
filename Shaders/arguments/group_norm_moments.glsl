layout(push_constant) uniform GroupNormMomentsArguments {
  // Of all samples.
  uint groups;
  uint tokens;
  uint width;
  uint tokensPerChunk;
  uint chunks;
  uint inOffset;
  uint outOffset;
  float epsilon;
} push;
