// SPDX-License-Identifier: Apache-2.0

// A TIFF file in memory, for reading or for writing.
#pragma once

#include <tiffio.h>

#include "CTIFF.h"

typedef struct ctiff_memory {
  const uint8_t *data;  ///< what is read, or NULL
  uint8_t *bytes;       ///< what is written
  size_t size;
  size_t capacity;
  uint64_t position;
  ctiff_status status;
  char *message;
} ctiff_memory;

/// Opens the file; NULL with a status and a message if that fails.
TIFF *ctiff_open(ctiff_memory *memory, const char *mode);

/// Notes what is wrong, unless something is noted already.
ctiff_status ctiff_reject(ctiff_memory *memory, ctiff_status status, const char *why);
