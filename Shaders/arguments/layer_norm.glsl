layout(push_constant) uniform LayerNormArguments {
  uint rows;
  uint columns;
  uint outOffset;
  uint outRow;
  uint outColumn;
  uint xOffset;
  uint xRow;
  uint xColumn;
  float epsilon;
  uint gammaOffset;
  uint gammaStride;
  uint gammaType;
  uint betaOffset;
  uint betaStride;
  uint betaType;
} push;
