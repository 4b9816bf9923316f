#version 450
#extension GL_GOOGLE_include_directive : require
// out[row, :] = (x[row, :] - mean) / sqrt(var + epsilon) * gamma + beta
#include "rows.glsl"

layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint X_TYPE = 0;
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

void main() {
  uint row = rowIndex();
  if (row >= push.rows) return;
  uint start = push.xOffset + row * push.xRow;
  uint lane = gl_LocalInvocationIndex;
  float count = float(push.columns);
  float total = 0.0;
  for (uint column = lane; column < push.columns; column += THREADS) {
    total += x_at(start + column * push.xColumn, X_TYPE);
  }
  float mean = sumOfGroup(total) / count;
  float squares = 0.0;
  for (uint column = lane; column < push.columns; column += THREADS) {
    float centred = x_at(start + column * push.xColumn, X_TYPE) - mean;
    squares += centred * centred;
  }
  float inverse = 1.0 / sqrt(sumOfGroup(squares) / count + push.epsilon);
  for (uint column = lane; column < push.columns; column += THREADS) {
    float centred = x_at(start + column * push.xColumn, X_TYPE) - mean;
    float gamma = gamma_at(push.gammaOffset + column * push.gammaStride, push.gammaType);
    float beta = beta_at(push.betaOffset + column * push.betaStride, push.betaType);
    store(push.outOffset + row * push.outRow + column * push.outColumn, centred * inverse * gamma + beta, OUT_TYPE);
  }
}
