#version 450
#extension GL_GOOGLE_include_directive : require
// Of a layer norm with normed = (x - mean) * inverse, of f32 without gaps: the gradient of x,
// inverse * (s - mean(s) - normed * mean(s * normed)) with s = upstream * gamma; or upstream * normed, whose sums over rows
// are the gradient of gamma.
// variant: SUBGROUPS
#include "rows.glsl"

SOURCE(x, 1)
SOURCE(upstream, 2)
SOURCE(gamma, 3)
#include "arguments/layer_norm_gradient.glsl"

void main() {
  uint row = rowIndex();
  if (row >= push.rows) return;
  uint source = push.xOffset + row * push.columns;
  uint slopes = push.upstreamOffset + row * push.columns;
  uint target = push.outOffset + row * push.columns;
  uint first = gl_LocalInvocationIndex;
  float count = float(push.columns);
  float total = 0.0;
  for (uint column = first; column < push.columns; column += THREADS) total += x_at(source + column, TYPE_F32);
  float mean = sumOfGroup(total) / count;
  float squares = 0.0;
  for (uint column = first; column < push.columns; column += THREADS) {
    float centred = x_at(source + column, TYPE_F32) - mean;
    squares += centred * centred;
  }
  float inverse = 1.0 / sqrt(sumOfGroup(squares) / count + push.epsilon);
  if (push.makesProducts != 0u) {
    for (uint column = first; column < push.columns; column += THREADS) {
      float normed = (x_at(source + column, TYPE_F32) - mean) * inverse;
      store(target + column, upstream_at(slopes + column, TYPE_F32) * normed, TYPE_F32);
    }
    return;
  }
  float plain = 0.0;
  float along = 0.0;
  for (uint column = first; column < push.columns; column += THREADS) {
    float slope = upstream_at(slopes + column, TYPE_F32) * gamma_at(push.gammaOffset + column, TYPE_F32);
    plain += slope;
    along += slope * (x_at(source + column, TYPE_F32) - mean) * inverse;
  }
  plain = sumOfGroup(plain) / count;
  along = sumOfGroup(along) / count;
  for (uint column = first; column < push.columns; column += THREADS) {
    float slope = upstream_at(slopes + column, TYPE_F32) * gamma_at(push.gammaOffset + column, TYPE_F32);
    float normed = (x_at(source + column, TYPE_F32) - mean) * inverse;
    store(target + column, inverse * (slope - plain - normed * along), TYPE_F32);
  }
}
