// What follows a product of `product_lanes.glsl`: bias, activation, residual, for two neighbouring columns at once.
#include "epilogue.glsl"
PAIRS_OF(residual, 4)

// A bit of `flags`: a row's outputs, and its residual's elements, are neighbours that begin at an even index.
const uint PAIRED_OUTPUTS = 1u << 8;

// Where the outputs of a row lie: the first of two columns, and how far the second is from it.
struct Place {
  uint index;
  uint step;
};

void finishPair(vec2 sum, uint flags, vec2 bias, bool second, Place residual, Place target) {
  bool paired = (flags & PAIRED_OUTPUTS) != 0u;
  sum += bias;
  uint activation = activationOf(flags);
  if (activation != 0u) sum = vec2(activate(sum.x, activation), activate(sum.y, activation));
  if ((flags & HAS_RESIDUAL) != 0u) {
    uint type = residualType(flags);
    if (paired) {
      sum += residual_pair(residual.index, type);
    } else {
      sum.x += residual_at(residual.index, type);
      if (second) sum.y += residual_at(residual.index + residual.step, type);
    }
  }
  if (paired) {
    storePair(target.index, sum, OUT_TYPE);
  } else {
    store(target.index, sum.x, OUT_TYPE);
    if (second) store(target.index + target.step, sum.y, OUT_TYPE);
  }
}
