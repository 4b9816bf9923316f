layout(push_constant) uniform SoftmaxArguments {
  uint rows;
  uint columns;
  uint outOffset;
  uint outRow;
  uint outColumn;
  uint xOffset;
  uint xRow;
  uint xColumn;
  float scale;
} push;
