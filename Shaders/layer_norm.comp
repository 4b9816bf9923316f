#version 450
#extension GL_GOOGLE_include_directive : require
// out[row, :] = (x[row, :] - mean) / sqrt(var + epsilon) * gamma + beta
// variant: SUBGROUPS
#include "rows.glsl"

layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint X_TYPE = 0;
// How many columns an invocation keeps in registers; 0 if a row has too many, which is then read three times.
layout(constant_id = 3) const uint HELD = 0;
SOURCE(x, 1)
SOURCE(gamma, 2)
SOURCE(beta, 3)

layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  uint outOffset;
  uint outRow;
  uint outColumn;
  uint xOffset;
  uint xRow;
  uint xColumn;
  float epsilon;
  uint gammaOffset;
  uint gammaStride;
  uint gammaType;
  uint betaOffset;
  uint betaStride;
  uint betaType;
} push;

void finish(uint row, uint column, float normalized) {
  float gamma = gamma_at(push.gammaOffset + column * push.gammaStride, push.gammaType);
  float beta = beta_at(push.betaOffset + column * push.betaStride, push.betaType);
  store(push.outOffset + row * push.outRow + column * push.outColumn, normalized * gamma + beta, OUT_TYPE);
}

void main() {
  uint row = rowIndex();
  if (row >= push.rows) return;
  uint start = push.xOffset + row * push.xRow;
  uint lane = gl_LocalInvocationIndex;
  float count = float(push.columns);
  float total = 0.0;
  float held[HELD + 1];
  if (HELD > 0) {
    [[unroll]] for (uint i = 0; i < HELD; ++i) {
      uint column = lane + i * THREADS;
      held[i] = 0.0;
      if (column < push.columns) held[i] = x_at(start + column * push.xColumn, X_TYPE);
      total += held[i];
    }
  } else {
    for (uint column = lane; column < push.columns; column += THREADS) {
      total += x_at(start + column * push.xColumn, X_TYPE);
    }
  }
  float mean = sumOfGroup(total) / count;
  float squares = 0.0;
  if (HELD > 0) {
    [[unroll]] for (uint i = 0; i < HELD; ++i) {
      held[i] -= mean;
      if (lane + i * THREADS < push.columns) squares += held[i] * held[i];
    }
  } else {
    for (uint column = lane; column < push.columns; column += THREADS) {
      float centred = x_at(start + column * push.xColumn, X_TYPE) - mean;
      squares += centred * centred;
    }
  }
  float inverse = 1.0 / sqrt(sumOfGroup(squares) / count + push.epsilon);
  if (HELD > 0) {
    [[unroll]] for (uint i = 0; i < HELD; ++i) {
      if (lane + i * THREADS < push.columns) finish(row, lane + i * THREADS, held[i] * inverse);
    }
  } else {
    for (uint column = lane; column < push.columns; column += THREADS) {
      finish(row, column, (x_at(start + column * push.xColumn, X_TYPE) - mean) * inverse);
    }
  }
}
