layout(push_constant) uniform GroupNormPartialsArguments {
  uint batch;
  uint tokens;
  uint groups;
  uint width;
  uint tokensPerChunk;
  uint chunks;
  uint xOffset;
  uint xStrides[3];
  uint outOffset;
} push;
