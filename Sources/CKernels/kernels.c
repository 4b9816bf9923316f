#include "CKernels.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

// No reassociation unless a block asks for it, no fused multiply-add across statements: the same code gives the same
// bits on every run. The attribute push compiles the same bodies for each instruction set, without compiler flags.

#define CK(name) name##_portable
#define CK_NAME "portable"
#define CK_LANES 4
#define CK_ROWS 4
#define CK_HAS_F16C 0
#include "kernels.inc"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CK(name) name##_avx2
#define CK_NAME "avx2"
#define CK_LANES 8
#define CK_ROWS 6
#define CK_HAS_F16C 1
#include "kernels.inc"
#pragma clang attribute pop

#pragma clang attribute push(                                                  \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), apply_to = function)
#define CK(name) name##_avx512
#define CK_NAME "avx512"
#define CK_LANES 16
#define CK_ROWS 10
#define CK_HAS_F16C 1
#include "kernels.inc"
#pragma clang attribute pop
#endif

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
  for (int i = 0; i < count; i++)
    if (!name || strcmp(found[i]->name, name) == 0) return found[i];
  return NULL;
}
