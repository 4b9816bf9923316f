// SPDX-License-Identifier: Apache-2.0

#include "errors.h"

#include <jerror.h>

static void fail(j_common_ptr cinfo) {
  cjpeg_errors *errors = (cjpeg_errors *)cinfo->err;
  char text[JMSG_LENGTH_MAX];
  errors->base.format_message(cinfo, text);
  // Whatever goes wrong after the end of the data goes wrong because of it, and has been given that reason.
  if (errors->has_ended) {
    errors->status = CODEC_TRUNCATED;
    longjmp(errors->escape, 1);
  }
  snprintf(errors->message, CODEC_MESSAGE_SIZE, "%s", text);
  switch (errors->base.msg_code) {
    case JWRN_JPEG_EOF:
    case JERR_INPUT_EOF:
    case JERR_INPUT_EMPTY:
      errors->status = CODEC_TRUNCATED;
      break;
    case JERR_OUT_OF_MEMORY:
      errors->status = CODEC_OUT_OF_MEMORY;
      break;
    default:
      errors->status = CODEC_CORRUPT;
      break;
  }
  longjmp(errors->escape, 1);
}

// Not an error yet: all pixels may be there, and only the end marker be missing. What is missing is noticed by whoever
// needs it.
static void note_end(j_common_ptr cinfo) {
  cjpeg_errors *errors = (cjpeg_errors *)cinfo->err;
  if (errors->has_ended) return;
  char text[JMSG_LENGTH_MAX];
  errors->base.format_message(cinfo, text);
  snprintf(errors->message, CODEC_MESSAGE_SIZE, "%s", text);
  errors->has_ended = true;
}

// libjpeg carries on after a warning and paints what it could not read grey. The warnings that mean lost pixels are
// errors here; those about harmless oddities (stray bytes between markers, a strange JFIF version) stay silent.
static void on_message(j_common_ptr cinfo, int level) {
  if (level >= 0) return;
  switch (cinfo->err->msg_code) {
    case JWRN_JPEG_EOF:
      note_end(cinfo);
      break;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      fail(cinfo);
      break;
    default:
      cinfo->err->num_warnings++;
      break;
  }
}

// The standard one prints to stderr, which belongs to the program, not to a library.
static void print_nothing(j_common_ptr cinfo) {
  (void)cinfo;
}

struct jpeg_error_mgr *cjpeg_errors_init(cjpeg_errors *errors, char *message) {
  jpeg_std_error(&errors->base);
  errors->base.error_exit = fail;
  errors->base.emit_message = on_message;
  errors->base.output_message = print_nothing;
  errors->status = CODEC_OK;
  errors->has_ended = false;
  errors->message = message;
  message[0] = '\0';
  return &errors->base;
}
