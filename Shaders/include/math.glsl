// Functions whose built-in forms promise too little: Vulkan allows exp an error of 3 + 2 |x| ulp, and says nothing of
// NaN. Polynomials from Cephes (S. Moshier).

bool isNaN(float x) { return (floatBitsToUint(x) & 0x7fffffffu) > 0x7f800000u; }

#define INFINITY uintBitsToFloat(0x7f800000u)

// One way out, so that invocations are together again where it is called: what follows may use the whole subgroup.
float exponential(float given) {
  float x = isNaN(given) ? 0.0 : clamp(given, -104.0, 89.0);
  float n = floor(x * 1.44269504088896341 + 0.5);
  float r = (x - n * 0.693359375) + n * 2.12194440e-4;
  float p = 1.9875691500e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  p = p * (r * r) + r + 1.0;
  // In two steps, so that neither factor leaves the range of normal numbers.
  int first = int(n) >> 1;
  int second = int(n) - first;
  float power = p * uintBitsToFloat(uint(first + 127) << 23) * uintBitsToFloat(uint(second + 127) << 23);
  if (given > 89.0) power = INFINITY;
  if (given < -104.0) power = 0.0;
  return isNaN(given) ? given : power;
}

float logarithm(float x) {
  uint bits = floatBitsToUint(x);
  if ((bits & 0x7fffffffu) == 0u) return -INFINITY;
  if (bits >= 0x80000000u || isNaN(x)) return uintBitsToFloat(0x7fc00000u);
  if (bits == 0x7f800000u) return x;
  int exponent = 0;
  if (bits < 0x800000u) {
    bits = floatBitsToUint(float(bits));
    exponent = -149;
  }
  exponent += int(bits >> 23) - 126;
  float m = uintBitsToFloat((bits & 0x7fffffu) | 0x3f000000u);
  if (m < 0.70710678118654752) {
    exponent -= 1;
    m = m + m;
  }
  float r = m - 1.0;
  float z = r * r;
  float p = 7.0376836292e-2;
  p = p * r - 1.1514610310e-1;
  p = p * r + 1.1676998740e-1;
  p = p * r - 1.2420140846e-1;
  p = p * r + 1.4249322787e-1;
  p = p * r - 1.6668057665e-1;
  p = p * r + 2.0000714765e-1;
  p = p * r - 2.4999993993e-1;
  p = p * r + 3.3333331174e-1;
  float e = float(exponent);
  float y = p * r * z - e * 2.12194440e-4 - 0.5 * z;
  return r + y + e * 0.693359375;
}

float sigmoid(float x) { return 1.0 / (1.0 + exponential(-x)); }

float silu(float x) { return x / (1.0 + exponential(-x)); }

// erfc(y) exp(y^2) of y >= 0, by Abramowitz and Stegun 7.1.26 (error 1.5e-7).
float scaledComplement(float y) {
  float t = 1.0 / (1.0 + 0.3275911 * y);
  float p = 1.061405429;
  p = p * t - 1.453152027;
  p = p * t + 1.421413741;
  p = p * t - 0.284496736;
  p = p * t + 0.254829592;
  return p * t;
}

// The exact GELU.
float gelu(float x) {
  if (x > 20.0) return x;
  if (x < -20.0) return -0.0;
  float y = abs(x) * 0.70710678118654752;
  float half_complement = 0.5 * x * (scaledComplement(y) * exponential(-y * y));
  return x >= 0.0 ? x - half_complement : half_complement;
}

// Not a number stays none.
float relu(float x) { return x > 0.0 || isNaN(x) ? x : 0.0; }

// Cephes' tanhf: a polynomial where the quotient would cancel, else 1 - 2 / (e^2|x| + 1).
float hyperbolicTangent(float x) {
  if (isNaN(x)) return x;
  float y = abs(x);
  float z = x * x;
  float p = -5.70498872745e-3;
  p = p * z + 2.06390887954e-2;
  p = p * z - 5.37397155531e-2;
  p = p * z + 1.33314422036e-1;
  p = p * z - 3.33332819422e-1;
  float far = 1.0 - 2.0 / (exponential(2.0 * min(y, 44.0)) + 1.0);
  return y < 0.625 ? p * z * x + x : (x < 0.0 ? -far : far);
}

// The positions of the cases of `Activation`.
const uint ACTIVATION_SILU = 1;
const uint ACTIVATION_GELU = 2;
const uint ACTIVATION_RELU = 3;

float activate(float x, uint activation) {
  if (activation == ACTIVATION_SILU) return silu(x);
  if (activation == ACTIVATION_GELU) return gelu(x);
  if (activation == ACTIVATION_RELU) return relu(x);
  return x;
}
