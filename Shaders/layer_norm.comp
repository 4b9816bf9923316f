#version 450
#extension GL_GOOGLE_include_directive : require
// out[row, :] = (x[row, :] - mean) / sqrt(var + epsilon) * gamma + beta
// variant: SUBGROUPS
#include "rows.glsl"

SOURCE(x, 1)
SOURCE(gamma, 2)
SOURCE(beta, 3)
TWOS_OF(x, 1)
TWOS_OF(gamma, 2)
TWOS_OF(beta, 3)

#include "arguments/layer_norm.glsl"

// STEP columns of a row.
vec2 load(uint start, uint column) {
  if (STEP == 2) return x_two(start + column, X_TYPE);
  return vec2(x_at(start + column * push.xColumn, X_TYPE), 0.0);
}

void finish(uint row, uint column, vec2 normalized) {
  uint target = push.outOffset + row * push.outRow;
  if (STEP == 2) {
    vec2 gamma = gamma_two(push.gammaOffset + column, push.gammaType);
    vec2 beta = beta_two(push.betaOffset + column, push.betaType);
    storeTwo(target + column, normalized * gamma + beta, OUT_TYPE);
  } else {
    float gamma = gamma_at(push.gammaOffset + column * push.gammaStride, push.gammaType);
    float beta = beta_at(push.betaOffset + column * push.betaStride, push.betaType);
    store(target + column * push.outColumn, normalized.x * gamma + beta, OUT_TYPE);
  }
}

// The sum of what belongs to columns.
float sumOfStep(vec2 x) { return STEP == 2 ? x.x + x.y : x.x; }

void main() {
  uint row = rowIndex();
  if (row >= push.rows) return;
  uint start = push.xOffset + row * push.xRow;
  uint first = STEP * gl_LocalInvocationIndex;
  uint stride = STEP * THREADS;
  float count = float(push.columns);
  float total = 0.0;
  vec2 held[HELD + 1];
  if (HELD > 0) {
    [[unroll]] for (uint i = 0; i < HELD; ++i) {
      uint column = first + i * stride;
      held[i] = vec2(0.0);
      if (column < push.columns) held[i] = load(start, column);
      total += sumOfStep(held[i]);
    }
  } else {
    for (uint column = first; column < push.columns; column += stride) total += sumOfStep(load(start, column));
  }
  float mean = sumOfGroup(total) / count;
  float squares = 0.0;
  if (HELD > 0) {
    [[unroll]] for (uint i = 0; i < HELD; ++i) {
      held[i] -= mean;
      if (first + i * stride < push.columns) squares += sumOfStep(held[i] * held[i]);
    }
  } else {
    for (uint column = first; column < push.columns; column += stride) {
      vec2 centred = load(start, column) - mean;
      squares += sumOfStep(centred * centred);
    }
  }
  float inverse = 1.0 / sqrt(sumOfGroup(squares) / count + push.epsilon);
  if (HELD > 0) {
    [[unroll]] for (uint i = 0; i < HELD; ++i) {
      if (first + i * stride < push.columns) finish(row, first + i * stride, held[i] * inverse);
    }
  } else {
    for (uint column = first; column < push.columns; column += stride) {
      finish(row, column, (load(start, column) - mean) * inverse);
    }
  }
}
