// SPDX-License-Identifier: Apache-2.0

#include "reader.h"

// Deflate cannot shrink by more than this, so a small file that claims a huge image is refused before the image is
// allocated.
static const uint64_t MAX_DEFLATE_RATIO = 1032;

// What one call asks for; `pixels` is NULL to stop after the header.
typedef struct request {
  codec_limits limits;
  uint8_t *pixels;
  size_t capacity;
  codec_info *info;
} request;

static codec_status check_size(cpng_reader *reader, const request *r) {
  const uint32_t width = png_get_image_width(reader->png, reader->info);
  const uint32_t height = png_get_image_height(reader->png, reader->info);
  r->info->width = width;
  r->info->height = height;
  if (!codec_fits(r->limits, width, height)) {
    return cpng_reader_reject(reader, CODEC_TOO_LARGE, "the image is too large");
  }
  if ((uint64_t)png_get_rowbytes(reader->png, reader->info) * height / MAX_DEFLATE_RATIO > reader->size) {
    return cpng_reader_reject(reader, CODEC_TRUNCATED, "the data is too short for an image of this size");
  }
  return CODEC_OK;
}

// 8 bits, and 1, 3 or 4 channels, whatever the file holds.
static void set_transforms(cpng_reader *reader, codec_info *info) {
  png_structp png = reader->png;
  const int color_type = png_get_color_type(png, reader->info);
  const int has_alpha =
    (color_type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, reader->info, PNG_INFO_tRNS) != 0;
  png_set_expand(png);
  png_set_scale_16(png);
  if (has_alpha) png_set_gray_to_rgb(png);
  info->channels = has_alpha ? 4 : color_type == PNG_COLOR_TYPE_GRAY ? 1 : 3;
}

static codec_status run(cpng_reader *reader, const request *r) {
  png_structp png = reader->png;
  // Only what decides the pixels is looked at (IHDR, PLTE, tRNS, IDAT, IEND): so gamma, profiles and broken texts
  // can neither change the image nor stop it from loading, however long they are.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_chunk_malloc_max(png, 0);
  png_read_info(png, reader->info);
  const codec_status status = check_size(reader, r);
  if (status != CODEC_OK) return status;
  set_transforms(reader, r->info);
  if (r->pixels == NULL) return CODEC_OK;

  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  const size_t stride = (size_t)r->info->width * r->info->channels;
  if (png_get_rowbytes(png, reader->info) != stride) {
    return cpng_reader_reject(reader, CODEC_CORRUPT, "an unexpected pixel format");
  }
  if (r->capacity / stride < r->info->height) {
    return cpng_reader_reject(reader, CODEC_BAD_ARGUMENT, "the pixel buffer is too small");
  }
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < r->info->height; y++) png_read_row(png, r->pixels + y * stride, NULL);
  }
  // Reads on to IEND, so that a file cut off after its last row is noticed too.
  png_read_end(png, NULL);
  return CODEC_OK;
}

// Apart from its caller, because what is changed in the frame of a setjmp is indeterminate after the jump.
static void attempt(cpng_reader *reader, const request *r) {
  if (setjmp(png_jmpbuf(reader->png)) == 0) run(reader, r);
}

static codec_status decode(const uint8_t *data, size_t size, const request *r, char *message) {
  cpng_reader storage;
  cpng_reader *const reader = &storage;
  *r->info = (codec_info){0};
  if (cpng_reader_open(reader, data, size, message) != CODEC_OK) return reader->status;
  attempt(reader, r);
  cpng_reader_close(reader);
  return reader->status;
}

codec_status cpng_read_info(
  const uint8_t *data, size_t size, codec_limits limits, codec_info *info, char *message) {
  const request r = {limits, NULL, 0, info};
  return decode(data, size, &r, message);
}

codec_status cpng_decode(
  const uint8_t *data, size_t size, codec_limits limits, uint8_t *pixels, size_t capacity, codec_info *info,
  char *message) {
  const request r = {limits, pixels, capacity, info};
  return decode(data, size, &r, message);
}
