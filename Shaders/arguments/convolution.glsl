layout(push_constant) uniform ConvolutionArguments {
  // The first row of this dispatch, since a device starts only so many groups along y; rows end at `rows`.
  uint firstRow;
  uint rows;
  uint columns;
  uint inner;
  uint height;
  uint width;
  uint channels;
  uint outHeight;
  uint outWidth;
  uint kernelWidth;
  uint stride;
  uint padding;
  uint dilation;
  uint leftOffset;
  uint rightOffset;
  uint outOffset;
  uint flags;
  uint biasOffset;
  uint residualOffset;
  uint split;
} push;
