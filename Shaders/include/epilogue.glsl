// What follows a product: bias, activation, residual. The bits of `flags`: which of them there are, and their types.
SOURCE(bias, 3)
SOURCE(residual, 4)

const uint HAS_BIAS = 1;
const uint HAS_RESIDUAL = 2;

uint activationOf(uint flags) { return (flags >> 2) & 3u; }
uint biasType(uint flags) { return (flags >> 4) & 3u; }
uint residualType(uint flags) { return (flags >> 6) & 3u; }

float finish(float sum, uint flags, uint biasIndex, uint residualIndex) {
  if ((flags & HAS_BIAS) != 0u) sum += bias_at(biasIndex, biasType(flags));
  sum = activate(sum, activationOf(flags));
  if ((flags & HAS_RESIDUAL) != 0u) sum += residual_at(residualIndex, residualType(flags));
  return sum;
}
