layout(push_constant) uniform AdamWArguments {
  uint count;
  uint outOffset;
  uint valueOffset;
  uint aOffset;
  uint bOffset;
  uint hasGradient;
  float gradientScale;
  // What the old value counts, and what is added or taken away.
  float keep;
  float take;
  float deviationScale;
  float epsilon;
} push;
