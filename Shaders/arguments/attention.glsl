layout(push_constant) uniform AttentionArguments {
  uint heads;
  uint queries;
  uint keys;
  uint width;
  float scale;
  uint outOffset;
  uint outStrides[4];
  uint qOffset;
  uint qStrides[4];
  uint kOffset;
  uint kStrides[4];
  uint vOffset;
  uint vStrides[4];
} push;
