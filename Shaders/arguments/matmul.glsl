layout(push_constant) uniform MatmulArguments {
  // The first row of this dispatch, since a device starts only so many groups along y; rows end at `rows`.
  uint firstRow;
  uint rows;
  uint columns;
  uint inner;
  uint leftOffset;
  uint leftStrides[3];
  uint rightOffset;
  uint rightStrides[3];
  uint outOffset;
  uint outStrides[3];
  uint flags;
  uint biasOffset;
  uint biasStride;
  uint residualOffset;
  uint residualStrides[2];
} push;
