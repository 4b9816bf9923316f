// SPDX-License-Identifier: Apache-2.0

// What Swift does not see of the C library, because it is behind _GNU_SOURCE.

#pragma once

#include <stddef.h>

// Renames a file unless there is one of the new name (renameat2 with RENAME_NOREPLACE). Returns 0 or the errno: EEXIST, or
// EINVAL and ENOSYS where the system cannot.
int irodori_rename_without_replacing(const char *from, const char *to);

// Gives threads that are started from now on a stack of at least so many bytes, whatever limit the program was started with
// (ulimit -s). Returns 0 or an errno.
int irodori_give_threads_stack(size_t bytes);
