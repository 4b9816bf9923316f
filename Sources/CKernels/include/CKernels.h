// Inner loops of the CPU backend. Each is compiled for several instruction sets; `ck_kernels` picks one at run time.
// All arrays are f32 without gaps unless strides are given; strides and counts are in elements.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum ck_dtype { ck_f32 = 0, ck_f16 = 1, ck_bf16 = 2 };
enum ck_unary_function { ck_exp, ck_log, ck_sqrt, ck_abs, ck_sigmoid, ck_silu, ck_gelu };
enum ck_binary_function { ck_add, ck_subtract, ck_multiply, ck_divide, ck_maximum, ck_minimum, ck_greater };
enum ck_activation { ck_activation_none, ck_activation_silu, ck_activation_gelu };

// The most axes that a strided loop takes, after merging.
enum { ck_max_rank = 8 };

// A strided loop nest: extents outermost first, strides of up to four arrays (the output first).
typedef struct {
  int64_t rank;
  int64_t extents[ck_max_rank];
  int64_t strides[4][ck_max_rank];
} ck_loop;

// The geometry of an im2col: input [H, W, C], kernel [kh, kw], output positions [outH, outW].
typedef struct {
  int64_t height, width, channels;
  int64_t kernel_height, kernel_width;
  int64_t out_width;
  int64_t stride, padding, upsampling;
} ck_im2col_geometry;

typedef struct {
  // The name of the instruction set: "avx512", "avx2" or "portable".
  const char *name;
  // out = x, converting between any two element types.
  void (*copy)(const ck_loop *loop, void *out, int out_dtype, const void *x, int x_dtype);
  // out = f(a, b), f32.
  void (*binary)(const ck_loop *loop, int function, float *out, const float *a, const float *b);
  // out = condition > 0 ? a : b, f32.
  void (*select)(const ck_loop *loop, float *out, const float *condition, const float *a, const float *b);
  void (*fill)(float *out, float value, int64_t count);
  void (*affine)(float *out, const float *x, float scale, float offset, int64_t count);
  void (*unary)(int function, float *out, const float *x, int64_t count);
  // One row each of count elements.
  void (*sum_rows)(float *out, const float *x, int64_t rows, int64_t count);
  void (*max_rows)(float *out, const float *x, int64_t rows, int64_t count);
  void (*softmax_rows)(float *out, const float *x, float scale, int64_t rows, int64_t count);
  void (*layer_norm_rows)(
    float *out, const float *x, const float *gamma, const float *beta, float epsilon, int64_t rows, int64_t count);
  // Per channel of x [rows, channels]: sums of (x - shift) and (x - shift)^2, in double.
  void (*channel_moments)(
    double *sums, double *squares, const float *x, const float *shift, int64_t rows, int64_t channels);
  // out = activation(x * scale + offset) per channel.
  void (*scale_channels)(
    float *out, const float *x, const float *scale, const float *offset, int activation, int64_t rows,
    int64_t channels);
  // tile = activation(tile + bias) + residual; bias and residual may be NULL.
  void (*epilogue)(
    float *tile, int64_t tile_stride, const float *bias, int activation, const float *residual, int64_t residual_stride,
    int64_t rows, int64_t columns);
  // out = value * gelu(gate), both with bias added first.
  void (*gate)(
    float *out, int64_t out_stride, const float *value, int64_t value_stride, const float *gate, int64_t gate_stride,
    const float *value_bias, const float *gate_bias, int64_t rows, int64_t columns);
  // One block of keys of the online softmax (Milakov and Gimelshein 2018): turns scores [rows, keys] into
  // probabilities relative to the running maximum, rescales accumulator [rows, width] and running sum accordingly.
  void (*online_softmax)(
    float *scores, int64_t keys, float *maxima, float *sums, float *accumulator, int64_t width, int64_t rows);
  // Rows of the im2col matrix [count, kh * kw * C] for output positions first ..< first + count.
  void (*im2col)(float *out, const float *x, const ck_im2col_geometry *geometry, int64_t first, int64_t count);
  // out [outer, n, inner] = sum_j weights[n, j] * x[outer, indices[n, j], inner]; for outer begin ..< end.
  void (*resample)(
    float *out, const float *x, const int32_t *indices, const float *weights, int64_t taps, int64_t begin, int64_t end,
    int64_t in_extent, int64_t out_extent, int64_t inner);
} ck_kernels;

// The kernels for an instruction set by name, or the best that this processor has for NULL. NULL if it has not that one.
const ck_kernels *ck_kernels_named(const char *name);

// The number of processors that this process may run on, at least 1.
int ck_available_processors(void);
