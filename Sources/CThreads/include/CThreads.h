// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stddef.h>

// Gives threads that are started from now on a stack of at least so many bytes, whatever limit the program was started with
// (ulimit -s). Returns 0 or an errno.
int irodori_give_threads_stack(size_t bytes);
