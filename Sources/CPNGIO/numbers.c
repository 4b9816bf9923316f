// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>

#include "reader.h"

// As in decode.c: deflate cannot shrink by more than this.
static const uint64_t MAX_DEFLATE_RATIO = 1032;

typedef struct request {
  codec_limits limits;
  uint32_t *numbers;
  size_t capacity;
  codec_info *info;
  uint8_t *row;
} request;

static uint32_t number_at(const uint8_t *row, size_t x, size_t pixel_size) {
  const uint8_t *p = row + x * pixel_size;
  return pixel_size == 1   ? p[0]
         : pixel_size == 2 ? (uint32_t)p[0] << 8 | p[1]
                           : (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static codec_status run(cpng_reader *reader, request *r) {
  png_structp png = reader->png;
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_chunk_malloc_max(png, 0);
  png_read_info(png, reader->info);
  const uint32_t width = png_get_image_width(png, reader->info);
  const uint32_t height = png_get_image_height(png, reader->info);
  const int color_type = png_get_color_type(png, reader->info);
  const int bit_depth = png_get_bit_depth(png, reader->info);
  r->info->width = width;
  r->info->height = height;
  r->info->channels = 1;
  if (!codec_fits(r->limits, width, height)) {
    return cpng_reader_reject(reader, CODEC_TOO_LARGE, "the image is too large");
  }
  if ((uint64_t)png_get_rowbytes(png, reader->info) * height / MAX_DEFLATE_RATIO > reader->size) {
    return cpng_reader_reject(reader, CODEC_TRUNCATED, "the data is too short for an image of this size");
  }
  const int is_number = color_type == PNG_COLOR_TYPE_PALETTE || color_type == PNG_COLOR_TYPE_GRAY
                        || (color_type == PNG_COLOR_TYPE_RGB && bit_depth == 8);
  if (!is_number) return cpng_reader_reject(reader, CODEC_CORRUPT, "its pixels are no numbers of regions");
  if (r->numbers == NULL) return CODEC_OK;
  if (png_get_interlace_type(png, reader->info) != PNG_INTERLACE_NONE) {
    return cpng_reader_reject(reader, CODEC_CORRUPT, "it is interlaced, which a region map is not");
  }
  if (r->capacity / width < height) {
    return cpng_reader_reject(reader, CODEC_BAD_ARGUMENT, "the buffer is too small");
  }
  png_set_packing(png);
  png_read_update_info(png, reader->info);
  const size_t pixel_size = color_type == PNG_COLOR_TYPE_RGB ? 3 : bit_depth == 16 ? 2 : 1;
  r->row = malloc(png_get_rowbytes(png, reader->info));
  if (r->row == NULL) return cpng_reader_reject(reader, CODEC_OUT_OF_MEMORY, "no memory for a row");
  for (uint32_t y = 0; y < height; y++) {
    png_read_row(png, r->row, NULL);
    for (uint32_t x = 0; x < width; x++) r->numbers[(size_t)y * width + x] = number_at(r->row, x, pixel_size);
  }
  png_read_end(png, NULL);
  return CODEC_OK;
}

// Apart from its caller, because what is changed in the frame of a setjmp is indeterminate after the jump.
static void attempt(cpng_reader *reader, request *r) {
  if (setjmp(png_jmpbuf(reader->png)) == 0) run(reader, r);
}

codec_status cpng_decode_numbers(
  const uint8_t *data, size_t size, codec_limits limits, uint32_t *numbers, size_t capacity, codec_info *info,
  char *message) {
  request r = {limits, numbers, capacity, info, NULL};
  cpng_reader storage;
  cpng_reader *const reader = &storage;
  *info = (codec_info){0};
  if (cpng_reader_open(reader, data, size, message) != CODEC_OK) return reader->status;
  attempt(reader, &r);
  free(r.row);
  cpng_reader_close(reader);
  return reader->status;
}
