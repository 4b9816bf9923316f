layout(push_constant) uniform ColumnSumsArguments {
  uint rows;
  uint columns;
  uint rowsPerRun;
  uint outOffset;
  uint xOffset;
} push;
