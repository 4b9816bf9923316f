// SPDX-License-Identifier: Apache-2.0

// Inner loops of the CPU backend. Each is compiled for several instruction sets; `ck_kernels` picks one at run time.
// All arrays are f32 without gaps unless strides are given; strides and counts are in elements.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum ck_dtype { ck_f32 = 0, ck_f16 = 1, ck_bf16 = 2 };
// In the order of the cases of UnaryFunction, BinaryFunction and Activation, whose positions are these numbers.
enum ck_unary_function { ck_exp, ck_log, ck_sqrt, ck_abs, ck_sigmoid, ck_silu, ck_gelu, ck_relu, ck_tanh };
enum ck_binary_function {
  ck_add, ck_subtract, ck_multiply, ck_divide, ck_maximum, ck_minimum, ck_greater, ck_leaky_relu
};
enum ck_activation { ck_activation_none, ck_activation_silu, ck_activation_gelu, ck_activation_relu };

// The most axes that a strided loop takes, after merging.
enum { ck_max_rank = 8 };

// A strided loop nest: extents outermost first, strides of up to four arrays (the output first).
typedef struct {
  int64_t rank;
  int64_t extents[ck_max_rank];
  int64_t strides[4][ck_max_rank];
} ck_loop;

// The geometry of windows: input [H, W, pixel], of which `channels` are read, kernel [kh, kw], output positions
// [outH, outW]. The taps of the kernel read positions `dilation` apart.
typedef struct {
  int64_t height, width, channels, pixel;
  int64_t kernel_height, kernel_width;
  int64_t out_width;
  int64_t stride, padding, upsampling, dilation;
} ck_im2col_geometry;

// The rows of a product's left side: row i at base + i * stride, or, with a geometry, the pixels that a tap of the
// kernel sees from output position i of one image, `stride` apart.
typedef struct {
  const float *base;
  int64_t stride;
  const ck_im2col_geometry *patches;
} ck_rows;

// A weight whose columns are neighbours, where those of others are the elements of a column: that of inner index k, tap t
// and column n is element first + taps[t] + k * row_stride + n.
typedef struct {
  const void *base;
  int dtype;
  int64_t first, row_stride;
  const int64_t *taps;
} ck_crossed;

// A 3x3 convolution of stride 1 by Winograd's F(4x4): x [B, H, W, channels], out [B, outH, outW, out_channels]. Tiles
// of 4x4 outputs are counted through all samples.
typedef struct {
  int64_t height, width, channels;
  int64_t out_height, out_width, out_channels;
  int64_t padding, upsampling;
} ck_winograd;

typedef struct {
  // The name of the instruction set, see `ck_kernels_named` and `ck_bf16_kernels_named`.
  const char *name;
  // The columns of a packed panel, and its rows of elements of 4 bytes: `inner`, or half of it rounded up where an
  // element is a pair of bf16.
  int64_t panel_columns;
  int64_t (*panel_rows)(int64_t inner);
  // Whether 3x3 convolutions are faster by `product_tile` than by Winograd's method.
  bool convolves_directly;
  // The queries and keys of a tile of `attention_tile`.
  int64_t attention_rows, attention_keys;
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
  // Rows of the im2col matrix [count, kh * kw * C] for output positions first ..< first + count.
  void (*im2col)(float *out, const float *x, const ck_im2col_geometry *geometry, int64_t first, int64_t count);
  // A depth-wise convolution: out [count][channels] for output positions first ..< first + count of an image, weight
  // [kh * kw][channels].
  void (*depthwise)(
    float *out, const float *x, const ck_im2col_geometry *geometry, const float *weight, int64_t first, int64_t count);
  // A convolution with one output channel: out [count] for output positions first ..< first + count of an image, weight
  // [kh * kw][channels].
  void (*single)(
    float *out, const float *x, const ck_im2col_geometry *geometry, const float *weight, int64_t first, int64_t count);
  // The maximum or the mean of the windows of output positions first ..< first + count: out [count][channels]. For a
  // mean the padding may count, by `padding` positions on each side.
  void (*pool)(
    float *out, const float *x, const ck_im2col_geometry *geometry, bool is_mean, bool counts_padding, int64_t first,
    int64_t count);
  // out [outer, n, inner] = sum_j weights[n, j] * x[outer, indices[n, j], inner]; for outer begin ..< end.
  void (*resample)(
    float *out, const float *x, const int32_t *indices, const float *weights, int64_t taps, int64_t begin, int64_t end,
    int64_t in_extent, int64_t out_extent, int64_t inner);

  int64_t (*product_scratch)(int64_t columns);
  // c[count][columns] = rows first ..< first + count of the left side times a weight [columns][taps][inner], whose
  // column n starts at element weight_first + n * weight_stride. Scratch: product_scratch(columns) elements.
  void (*product_tile)(
    float *c, int64_t c_stride, const ck_rows *rows, int64_t first, int64_t count, int64_t taps, int64_t inner,
    const void *weight, int weight_dtype, int64_t weight_first, int64_t weight_stride, int64_t columns,
    float *scratch);
  // The same, always in f32, for columns weight_first ..< weight_first + columns of a crossed weight. Scratch:
  // product_crossed_scratch(columns) elements.
  int64_t (*product_crossed_scratch)(int64_t columns);
  void (*product_tile_crossed)(
    float *c, int64_t c_stride, const ck_rows *rows, int64_t first, int64_t count, int64_t taps, int64_t inner,
    const ck_crossed *weight, int64_t weight_first, int64_t columns, float *scratch);
  // Packs x [columns][inner], from element `first`, times scale, to panels [panel_rows(inner)][panel_columns], zeros at
  // the end.
  void (*pack_columns)(
    float *panels, int64_t panel_stride, const void *x, int dtype, int64_t first, int64_t x_stride, int64_t columns,
    int64_t inner, float scale);
  // Packs x [inner][columns] to panels [panel_rows(inner)][panel_columns], zeros at the end.
  void (*pack_rows)(
    float *panels, int64_t panel_stride, const float *x, int64_t x_stride, int64_t columns, int64_t inner);
  int64_t (*attention_scratch)(int64_t width);
  // out [count][width] = softmax(q k^T) v for up to attention_rows queries: keys packed by `pack_columns` (with the
  // scale times log2 e), values by `pack_rows`. Scratch: attention_scratch(width) elements.
  void (*attention_tile)(
    float *out, int64_t out_stride, const float *q, int64_t q_stride, int64_t count, int64_t width, const float *keys,
    const float *values, int64_t key_count, float *scratch);

  // The three steps of a convolution for tiles first ..< first + tiles, see winograd.inc.
  // The values of all tiles take winograd_values(tiles, channels) elements; those of tiles begin ..< end are made.
  int64_t (*winograd_values)(int64_t tiles, int64_t channels);
  int64_t (*winograd_sums)(int64_t tiles, int64_t columns);
  int64_t (*winograd_scratch)(int64_t columns);
  void (*winograd_input)(
    float *values, const float *x, const ck_winograd *geometry, int64_t first, int64_t tiles, int64_t begin,
    int64_t end);
  // The sums take winograd_sums(tiles, columns) elements; weight is [columns][9][channels]. Scratch:
  // winograd_scratch(columns) elements.
  void (*winograd_product)(
    float *sums, const float *values, int64_t tiles, int64_t channels, const void *weight, int weight_dtype,
    int64_t weight_first, int64_t columns, float *scratch);
  void (*winograd_product_crossed)(
    float *sums, const float *values, int64_t tiles, int64_t channels, const ck_crossed *weight, int64_t weight_first,
    int64_t columns, float *scratch);
  // out = activation(result + bias) + residual for output channels column ..< column + columns.
  void (*winograd_output)(
    float *out, const float *sums, const ck_winograd *geometry, int64_t first, int64_t tiles, int64_t column,
    int64_t columns, const float *bias, int activation, const float *residual);

  // Derivatives, see derivatives.inc.
  // out = upstream * activation'(x).
  void (*slopes)(float *out, const float *x, const float *upstream, int activation, int64_t count);
  // out [rows, 2 columns] of both = [value, gate]: upstream * gelu(gate), upstream * value * gelu'(gate).
  void (*gate_slopes)(float *out, const float *both, const float *upstream, int64_t rows, int64_t columns);
  // out = scale * weights * (upstream - sum(weights * upstream)), row by row; out may be upstream.
  void (*softmax_slopes)(
    float *out, const float *weights, const float *upstream, float scale, int64_t rows, int64_t count);
  // Sums of the columns of x [rows, columns].
  void (*column_sums)(double *sums, const float *x, int64_t rows, int64_t columns);
  // inner = upstream * activation'(x * scale + offset); per channel the sums of inner and of inner * (x - mean).
  void (*norm_slope_sums)(
    double *plain, double *weighted, float *inner, const float *upstream, const float *x, const float *scale,
    const float *offset, const float *mean, int activation, int64_t rows, int64_t channels);
  // inner = inner * factor + (x - mean) * slope + shift, per channel.
  void (*norm_slopes)(
    float *inner, const float *x, const float *mean, const float *factor, const float *slope, const float *shift,
    int64_t rows, int64_t channels);
  // The gradients of a layer norm's input, and of its scale and shift summed over the rows. Scratch: count elements.
  void (*layer_norm_slopes)(
    float *out, float *gamma_sums, float *beta_sums, const float *upstream, const float *x, const float *gamma,
    float epsilon, int64_t rows, int64_t count, float *scratch);
  // A step of AdamW, with rest = 1 - beta; gradient may be NULL for zeros.
  void (*adamw)(
    float *value, float *first, float *second, const float *gradient, float gradient_scale, float beta1, float rest1,
    float beta2, float rest2, float deviation_scale, float epsilon, float decay, float rate, int64_t count);
  // The gradient of a 3x3 kernel by the adjoint of Winograd's method, see winograd_gradient.inc. Both write values
  // [36][tiles][channels], places ck_winograd_gap elements apart besides, for tiles begin ..< end of first ..< first + tiles.
  void (*winograd_gradient_input)(
    float *values, const float *x, const ck_winograd *geometry, int64_t first, int64_t tiles, int64_t begin,
    int64_t end);
  void (*winograd_gradient_output)(
    float *values, const float *upstream, const ck_winograd *geometry, int64_t first, int64_t tiles, int64_t begin,
    int64_t end);
  // out [outputs][9][channels], outputs begin ..< end, of sums [outputs][channels] at 36 places `place` elements apart.
  void (*winograd_gradient_taps)(
    float *out, const float *sums, int64_t place, int64_t channels, int64_t begin, int64_t end);
  // The derivative of attention, see attention_gradient.inc: the most queries of a tile; the elements that the keys and
  // values of a head take packed; packing them.
  int64_t attention_gradient_rows;
  int64_t (*attention_gradient_panels)(int64_t keys, int64_t width);
  void (*attention_gradient_pack)(
    float *panels, const float *k, int64_t k_stride, const float *v, int64_t v_stride, int64_t keys, int64_t width,
    float scale);
  int64_t (*attention_gradient_scratch)(int64_t count, int64_t keys, int64_t width);
  // to_q [count][width] of up to attention_gradient_rows queries and the gradient of their results; to_k and to_v
  // [keys][width], which are added to where `accumulate` is true. What is not wanted is NULL. Scratch:
  // attention_gradient_scratch(count, keys, width) elements.
  void (*attention_gradient_tile)(
    float *to_q, int64_t to_q_stride, float *to_k, int64_t to_k_stride, float *to_v, int64_t to_v_stride,
    const float *q, int64_t q_stride, const float *upstream, int64_t upstream_stride, int64_t count, int64_t width,
    const float *panels, int64_t keys, float scale, bool accumulate, float *scratch);
} ck_kernels;

// See `winograd_gradient_input`.
enum { ck_winograd_gap = 16 };

// The kernels for an instruction set by name ("avx512", "avx2", "portable"), or the best that this processor has for
// NULL. NULL if it has not that one.
const ck_kernels *ck_kernels_named(const char *name);

// The same with products of bf16: "amx", "avx512bf16". "emulated-amx" and "emulated-avx512bf16" imitate those for tests
// and are there by name only.
const ck_kernels *ck_bf16_kernels_named(const char *name);

// What the processor has for products of bf16 and the system lets this process use.
typedef struct {
  bool avx512bf16, amx;
} ck_bf16_support;
ck_bf16_support ck_find_bf16_support(void);

// The number of processors that this process may run on, at least 1.
int ck_available_processors(void);
// Gives freed memory that the heap keeps back to the system.
void ck_release_heap(void);

// Lets all threads share one heap, from which each would else reserve 64 MiB of the address space.
void ck_share_heap(void);
