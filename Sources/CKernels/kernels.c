// SPDX-License-Identifier: Apache-2.0

#include "CKernels.h"

#include <math.h>
#include <stddef.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// No reassociation unless a block asks for it, no fused multiply-add across statements: the same code gives the same
// bits on every run. The attribute push compiles the same bodies for each instruction set, without compiler flags.

// What the tables of f32 and of bf16 have in common.
#define CK_MEMBERS \
  .copy = CK(copy), .binary = CK(binary), .select = CK(select), .fill = CK(fill), .affine = CK(affine), \
  .unary = CK(unary), .sum_rows = CK(sum_rows), .max_rows = CK(max_rows), .softmax_rows = CK(softmax_rows), \
  .layer_norm_rows = CK(layer_norm_rows), .channel_moments = CK(channel_moments), \
  .scale_channels = CK(scale_channels), .epilogue = CK(epilogue), .gate = CK(gate), .im2col = CK(im2col), \
  .depthwise = CK(depthwise), .single = CK(single), .pool = CK(pool), \
  .resample = CK(resample), .winograd_values = CK(winograd_values), .winograd_sums = CK(winograd_sums), \
  .winograd_scratch = CK(winograd_scratch), .winograd_input = CK(winograd_input), \
  .winograd_product = CK(winograd_product), .winograd_output = CK(winograd_output), .slopes = CK(slopes), \
  .gate_slopes = CK(gate_slopes), .softmax_slopes = CK(softmax_slopes), .column_sums = CK(column_sums), \
  .norm_slope_sums = CK(norm_slope_sums), .norm_slopes = CK(norm_slopes), \
  .layer_norm_slopes = CK(layer_norm_slopes), .adamw = CK(adamw), \
  .winograd_gradient_input = CK(winograd_gradient_input), \
  .winograd_gradient_output = CK(winograd_gradient_output), .winograd_gradient_taps = CK(winograd_gradient_taps), \
  .attention_gradient_rows = CK(row_run), .attention_gradient_panels = CK(attention_gradient_panels), \
  .attention_gradient_pack = CK(attention_gradient_pack), \
  .attention_gradient_scratch = CK(attention_gradient_scratch), \
  .attention_gradient_tile = CK(attention_gradient_tile), .product_tile_crossed = CK(product_tile_crossed), \
  .product_crossed_scratch = CK(product_scratch), .winograd_product_crossed = CK(winograd_product_crossed)

#define CK(name) name##_portable
#define CK_NAME "portable"
#define CK_LANES 4
#define CK_ROWS 4
#define CK_HAS_F16C 0
#include "kernels.inc"

// bf16 for tests, with the instructions imitated.
#define CK(name) name##_portable
#define CP(name) name##_emulated_avx512bf16
#define CK_NAME "emulated-avx512bf16"
#define CK_PAIRS_AMX 0
#define CK_PAIRS_EMULATED 1
#include "pairs.inc"

#define CP(name) name##_emulated_amx
#define CK_NAME "emulated-amx"
#define CK_PAIRS_AMX 1
#define CK_PAIRS_EMULATED 1
#include "pairs.inc"
#undef CK

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CK(name) name##_avx2
#define CK_NAME "avx2"
#define CK_LANES 8
#define CK_ROWS 6
#define CK_HAS_F16C 1
#include "kernels.inc"
#pragma clang attribute pop

#define CK_AVX512 "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"
#pragma clang attribute push(__attribute__((target(CK_AVX512))), apply_to = function)
#define CK(name) name##_avx512
#define CK_NAME "avx512"
#define CK_LANES 16
#define CK_ROWS 10
#define CK_HAS_F16C 1
#include "kernels.inc"
#pragma clang attribute pop

#define CK(name) name##_avx512
#pragma clang attribute push(__attribute__((target(CK_AVX512 ",avx512bf16"))), apply_to = function)
#define CP(name) name##_avx512bf16
#define CK_NAME "avx512bf16"
#define CK_PAIRS_AMX 0
#define CK_PAIRS_EMULATED 0
#include "pairs.inc"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(CK_AVX512 ",avx512bf16,amx-tile,amx-bf16"))), apply_to = function)
#define CP(name) name##_amx
#define CK_NAME "amx"
#define CK_PAIRS_AMX 1
#define CK_PAIRS_EMULATED 0
#include "pairs.inc"
#pragma clang attribute pop
#undef CK
#endif

// The first of the tables, best first, or the one of that name; NULL if there is none.
static const ck_kernels *pick(const ck_kernels *const *tables, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (!name || strcmp(tables[i]->name, name) == 0) return tables[i];
  return NULL;
}

const ck_kernels *ck_kernels_named(const char *name) {
  const ck_kernels *found[3] = {0};
  int count = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    found[count++] = &kernels_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
    found[count++] = &kernels_avx2;
#endif
  found[count++] = &kernels_portable;
  return pick(found, count, name);
}

const ck_kernels *ck_bf16_kernels_named(const char *name) {
  const ck_kernels *found[4] = {0};
  int count = 0;
#if defined(__x86_64__)
  const ck_bf16_support support = ck_find_bf16_support();
  if (support.amx) found[count++] = &kernels_amx;
  if (support.avx512bf16) found[count++] = &kernels_avx512bf16;
#endif
  if (name) {
    found[count++] = &kernels_emulated_avx512bf16;
    found[count++] = &kernels_emulated_amx;
  }
  return pick(found, count, name);
}
