// SPDX-License-Identifier: Apache-2.0

// The error manager that decoding and encoding share.
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>

#include <jpeglib.h>

#include "CJPEG.h"

typedef struct cjpeg_errors {
  struct jpeg_error_mgr base;  // first: libjpeg hands back a pointer to it
  jmp_buf escape;
  codec_status status;
  bool has_ended;  // the data has run out, and an end marker was put in its place
  char *message;
} cjpeg_errors;

/// Sets `cinfo->err` up. The caller must call `setjmp(errors->escape)` before it calls libjpeg.
struct jpeg_error_mgr *cjpeg_errors_init(cjpeg_errors *errors, char *message);
