layout(push_constant) uniform AttentionGradientArguments {
  // The first head of this dispatch, of all samples, since a device starts only so many groups along y.
  uint firstPair;
  uint ownCount;
  uint otherCount;
  uint width;
  uint firstChannel;
  float scale;
  uint outOffset;
  uint ownOffset;
  uint otherOffset;
  uint ownSlopesOffset;
  uint otherSlopesOffset;
  uint statisticsOffset;
} push;
