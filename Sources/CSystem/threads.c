// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CSystem.h"

#include <pthread.h>

int irodori_give_threads_stack(size_t bytes) {
  pthread_attr_t attributes;
  size_t size;
  int code = pthread_getattr_default_np(&attributes);
  if (code != 0) return code;
  code = pthread_attr_getstacksize(&attributes, &size);
  if (code == 0 && size < bytes) {
    code = pthread_attr_setstacksize(&attributes, bytes);
    if (code == 0) code = pthread_setattr_default_np(&attributes);
  }
  pthread_attr_destroy(&attributes);
  return code;
}
