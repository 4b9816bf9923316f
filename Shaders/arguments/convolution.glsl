layout(push_constant) uniform ConvolutionArguments {
  // The first row of this dispatch, since a device starts only so many groups along y; rows end at `rows`.
  uint firstRow;
  uint rows;
  uint columns;
  uint inner;
#include "convolution_sizes.glsl"
  uint flags;
  uint biasOffset;
  uint residualOffset;
  uint split;
} push;
