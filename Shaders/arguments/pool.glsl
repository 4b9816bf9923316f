layout(push_constant) uniform PoolArguments {
  // All outputs.
  uint count;
  uint channels;
  uint height;
  uint width;
  uint outHeight;
  uint outWidth;
  uint kernelHeight;
  uint kernelWidth;
  uint stride;
  uint padding;
  uint outOffset;
  uint outStrides[4];
  uint xOffset;
  uint xStrides[4];
} push;
