layout(push_constant) uniform GatedLinearArguments {
  // The first row of this dispatch, since a device starts only so many groups along y; rows end at `rows`.
  uint firstRow;
  uint rows;
  uint columns;
  uint inner;
  uint leftOffset;
  uint leftStrides[2];
  uint rightOffset;
  uint rightStrides[2];
  uint outOffset;
  uint outStrides[2];
  uint biasType;
  uint biasOffset;
  uint biasStride;
} push;
