layout(push_constant) uniform GroupedConvolutionArguments {
  // All outputs.
  uint count;
  uint columns;
  // The outputs and the inputs of a group of channels.
  uint groupColumns;
  uint groupChannels;
  uint height;
  uint width;
  uint channels;
  uint outHeight;
  uint outWidth;
  uint kernelHeight;
  uint kernelWidth;
  uint stride;
  uint padding;
  uint dilation;
  uint upsampling;
  uint leftOffset;
  uint rightOffset;
  uint outOffset;
  uint flags;
  uint biasOffset;
  uint residualOffset;
} push;
