// SPDX-License-Identifier: Apache-2.0

// What decoding and reading texts share: a libpng reader over bytes in memory.
#pragma once

#include <stdio.h>
#include <string.h>

#include <png.h>

#include "CPNGIO.h"

typedef struct cpng_reader {
  png_structp png;
  png_infop info;
  const uint8_t *data;
  size_t size;
  size_t position;
  codec_status status;
  char *message;
} cpng_reader;

/// Makes `png` and `info`. On failure the status and the message are set and nothing is left to free.
codec_status cpng_reader_open(cpng_reader *reader, const uint8_t *data, size_t size, char *message);

void cpng_reader_close(cpng_reader *reader);

/// Records why, and returns the status.
codec_status cpng_reader_reject(cpng_reader *reader, codec_status status, const char *why);
