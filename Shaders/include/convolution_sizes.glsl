  // The extents of a convolution's input and output, how its kernel moves over them, and where operands begin.
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
