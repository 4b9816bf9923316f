layout(push_constant) uniform ConvolutionWeightGradientArguments {
  // The first row of this dispatch, since a device starts only so many groups along y; rows end at `rows`.
  uint firstRow;
  uint rows;
  uint columns;
  uint positions;
  uint split;
#include "convolution_sizes.glsl"
} push;
