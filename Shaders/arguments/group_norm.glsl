layout(push_constant) uniform GroupNormArguments {
  uint tokens;
  uint channels;
  uint width;
  uint tokensPerRun;
  uint xOffset;
  uint xStrides[3];
  uint outOffset;
  uint outStrides[3];
  uint momentsOffset;
  uint gammaOffset;
  uint gammaStride;
  uint gammaType;
  uint betaOffset;
  uint betaStride;
  uint betaType;
} push;
