layout(push_constant) uniform SumSplitsArguments {
  uint rows;
  uint columns;
  uint splits;
  uint splitsOffset;
  uint outOffset;
  uint outStrides[2];
  uint flags;
  uint biasOffset;
  uint biasStride;
  uint residualOffset;
  uint residualStrides[2];
} push;
