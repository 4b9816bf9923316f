// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CKernels.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

int ck_available_processors(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (int)count : 1;
}

#if defined(__x86_64__)
static ck_bf16_support bf16_support;

static void find_bf16_support(void) {
  unsigned int a, b, c, d, highest, ignored;
  __builtin_cpu_init();
  // This looks at what the system saves of the registers, too.
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (!avx512 || !__get_cpuid_count(7, 0, &highest, &b, &c, &d) || highest < 1) return;
  // AMX_BF16 and AMX_TILE.
  const bool amx = (d >> 22 & 1) && (d >> 24 & 1);
  if (!__get_cpuid_count(7, 1, &a, &ignored, &ignored, &ignored)) return;
  bf16_support.avx512bf16 = a >> 5 & 1;
#if defined(__linux__) && defined(SYS_arch_prctl)
  // The AMX kernels round by AVX512-BF16, which every processor with AMX has. ARCH_REQ_XCOMP_PERM (Linux 5.16): the
  // tiles, state 18, are 8 KiB more to save for a thread, so a process has to ask for them, once.
  bf16_support.amx = amx && bf16_support.avx512bf16 && syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
  (void)amx;
#endif
}

ck_bf16_support ck_find_bf16_support(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_bf16_support);
  return bf16_support;
}
#else
ck_bf16_support ck_find_bf16_support(void) { return (ck_bf16_support){0}; }
#endif

void ck_release_heap(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

void ck_share_heap(void) {
#if defined(__GLIBC__)
  mallopt(M_ARENA_MAX, 1);
#endif
}
