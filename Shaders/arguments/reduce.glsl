layout(push_constant) uniform ReduceArguments {
  uint rows;
  uint columns;
  uint outOffset;
  uint outRow;
  uint outColumn;
  uint xOffset;
  uint xRow;
  uint xColumn;
} push;
