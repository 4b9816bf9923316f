layout(push_constant) uniform ResampleArguments {
  uint count;
  uint extent;
  uint inner;
  uint width;
  uint outOffset;
  uint outStrides[3];
  uint xOffset;
  uint xStrides[3];
  uint indicesOffset;
  uint weightsOffset;
} push;
