// Derivatives of activations. Everything that kernels of derivatives read is row-major and in f32.
#include "storage.glsl"
#include "math.glsl"
#include "constants/derivative.glsl"

// The element of an invocation of a loop over all elements, in groups of 256.
uint elementOfInvocation() {
  return (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 256u + gl_LocalInvocationIndex;
}

float geluSlope(float x) {
  if (x > 20.0) return 1.0;
  if (x < -20.0) return 0.0;
  // The normal distribution, see `gelu`, and x times its density.
  float y = abs(x) * 0.70710678118654752;
  float gaussian = exponential(-y * y);
  float tail = 0.5 * scaledComplement(y) * gaussian;
  return (x >= 0.0 ? 1.0 - tail : tail) + x * 0.39894228040143268 * gaussian;
}

float activationSlope(float x, uint activation) {
  if (activation == ACTIVATION_SILU) {
    float s = sigmoid(x);
    return s * (1.0 + x * (1.0 - s));
  }
  if (activation == ACTIVATION_GELU) return geluSlope(x);
  if (activation == ACTIVATION_RELU) return x > 0.0 ? 1.0 : 0.0;
  return 1.0;
}
