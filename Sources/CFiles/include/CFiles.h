// SPDX-License-Identifier: Apache-2.0

#pragma once

// Renames a file unless there is one of the new name (renameat2 with RENAME_NOREPLACE). Swift does not see the function,
// which is behind _GNU_SOURCE. Returns 0 or the errno: EEXIST, or EINVAL and ENOSYS where the system cannot.
int irodori_rename_without_replacing(const char *from, const char *to);
