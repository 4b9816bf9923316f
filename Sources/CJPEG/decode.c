// SPDX-License-Identifier: Apache-2.0

#include <stdbool.h>

#include "errors.h"

// A progressive file may hold thousands of almost empty scans, each of which costs a pass over the image. Encoders
// write about ten.
enum { MAX_SCANS = 200 };

typedef struct decoder {
  struct jpeg_decompress_struct cinfo;
  cjpeg_errors errors;
  struct jpeg_progress_mgr progress;
} decoder;

// What one call asks for; `pixels` is NULL to stop after the header.
typedef struct request {
  const uint8_t *data;
  size_t size;
  codec_limits limits;
  uint8_t *pixels;
  size_t capacity;
  codec_info *info;
} request;

static void on_progress(j_common_ptr cinfo) {
  j_decompress_ptr decompress = (j_decompress_ptr)cinfo;
  if (decompress->input_scan_number <= MAX_SCANS) return;
  cjpeg_errors *errors = (cjpeg_errors *)cinfo->err;
  snprintf(errors->message, CODEC_MESSAGE_SIZE, "more than %d scans", MAX_SCANS);
  errors->status = CODEC_CORRUPT;
  longjmp(errors->escape, 1);
}

static codec_status reject(decoder *d, codec_status status, const char *why) {
  snprintf(d->errors.message, CODEC_MESSAGE_SIZE, "%s", why);
  return status;
}

static uint8_t product(unsigned a, unsigned b) {
  return (uint8_t)((a * b + 127) / 255);
}

// Without a colour profile the plain formula R = (1 - C)(1 - K) is all there is. Files with an Adobe marker hold
// the inks inverted (255 = no ink); the format itself does not say so, every reader knows it.
static void cmyk_row_to_rgb(const uint8_t *in, uint8_t *out, size_t width, bool inverted) {
  const unsigned flip = inverted ? 0 : 255;
  for (size_t x = 0; x < width; x++, in += 4, out += 3) {
    const unsigned k = in[3] ^ flip;
    out[0] = product(in[0] ^ flip, k);
    out[1] = product(in[1] ^ flip, k);
    out[2] = product(in[2] ^ flip, k);
  }
}

static void read_rows(decoder *d, const request *r) {
  j_decompress_ptr cinfo = &d->cinfo;
  const size_t stride = (size_t)r->info->width * r->info->channels;
  const bool cmyk = cinfo->out_color_space == JCS_CMYK;
  const bool inverted = cinfo->saw_Adobe_marker;
  JSAMPARRAY inks = NULL;
  if (cmyk) {
    inks = cinfo->mem->alloc_sarray((j_common_ptr)cinfo, JPOOL_IMAGE, r->info->width * 4, 1);
  }
  while (cinfo->output_scanline < cinfo->output_height) {
    uint8_t *row = r->pixels + cinfo->output_scanline * stride;
    JSAMPROW target = cmyk ? inks[0] : row;
    // One row at a time never yields none: the source holds the whole file, so nothing is suspended.
    if (jpeg_read_scanlines(cinfo, &target, 1) != 1) break;
    if (cmyk) cmyk_row_to_rgb(inks[0], row, r->info->width, inverted);
  }
}

// Whether the data that has run out had all of the image in it. In one scan, what is missing was noticed already; of a
// progressive image every coefficient must have come in full; and of other scans there is no telling.
static bool is_whole(j_decompress_ptr cinfo) {
  if (!jpeg_has_multiple_scans(cinfo)) return true;
  if (!cinfo->progressive_mode || cinfo->coef_bits == NULL) return false;
  for (int component = 0; component < cinfo->num_components; component++) {
    for (int i = 0; i < DCTSIZE2; i++) {
      if (cinfo->coef_bits[component][i] != 0) return false;
    }
  }
  return true;
}

static codec_status run(decoder *d, const request *r) {
  j_decompress_ptr cinfo = &d->cinfo;
  jpeg_create_decompress(cinfo);
  d->progress.progress_monitor = on_progress;
  cinfo->progress = &d->progress;
  jpeg_mem_src(cinfo, r->data, (unsigned long)r->size);
  jpeg_read_header(cinfo, TRUE);

  const uint32_t width = cinfo->image_width, height = cinfo->image_height;
  r->info->width = width;
  r->info->height = height;
  if (!codec_fits(r->limits, width, height)) {
    return reject(d, CODEC_TOO_LARGE, "the image is too large");
  }
  switch (cinfo->jpeg_color_space) {
    case JCS_GRAYSCALE:
      cinfo->out_color_space = JCS_GRAYSCALE;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      cinfo->out_color_space = JCS_CMYK;
      break;
    default:
      cinfo->out_color_space = JCS_RGB;
      break;
  }
  r->info->channels = cinfo->out_color_space == JCS_GRAYSCALE ? 1 : 3;
  if (r->pixels == NULL) return d->errors.has_ended ? CODEC_TRUNCATED : CODEC_OK;

  if (r->capacity < (size_t)width * height * r->info->channels) {
    return reject(d, CODEC_BAD_ARGUMENT, "the pixel buffer is too small");
  }
  jpeg_start_decompress(cinfo);
  read_rows(d, r);
  // Asked here, because finishing forgets it; where there are several scans, all of them have been read by now.
  const bool whole = is_whole(cinfo);
  // Reads on to the end marker, so that a file cut off after its last row is noticed too.
  jpeg_finish_decompress(cinfo);
  if (d->errors.has_ended) {
    if (!whole) return CODEC_TRUNCATED;
    r->info->lacks_end = 1;
    d->errors.message[0] = '\0';
  }
  return CODEC_OK;
}

// Apart from its caller, because what is changed in the frame of a setjmp is indeterminate after the jump.
static void attempt(decoder *d, const request *r) {
  if (setjmp(d->errors.escape) == 0) d->errors.status = run(d, r);
}

static codec_status decode(const request *r, char *message) {
  // Zeroed, so that destroying is safe even where creating failed.
  decoder storage = {0};
  decoder *const d = &storage;
  *r->info = (codec_info){0};
  d->cinfo.err = cjpeg_errors_init(&d->errors, message);
  if (r->data == NULL || r->size == 0) return reject(d, CODEC_TRUNCATED, "there is no data");
  attempt(d, r);
  jpeg_destroy_decompress(&d->cinfo);
  return d->errors.status;
}

codec_status cjpeg_read_info(
  const uint8_t *data, size_t size, codec_limits limits, codec_info *info, char *message) {
  const request r = {data, size, limits, NULL, 0, info};
  return decode(&r, message);
}

codec_status cjpeg_decode(
  const uint8_t *data, size_t size, codec_limits limits, uint8_t *pixels, size_t capacity, codec_info *info,
  char *message) {
  const request r = {data, size, limits, pixels, capacity, info};
  return decode(&r, message);
}
