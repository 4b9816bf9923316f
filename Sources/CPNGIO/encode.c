// SPDX-License-Identifier: Apache-2.0

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "CPNGIO.h"

typedef struct writer {
  png_structp png;
  png_infop info;
  png_textp entries;
  uint8_t *row;
  uint8_t *bytes;
  size_t capacity;
  size_t count;
  codec_status status;
  char *message;
} writer;

typedef struct request {
  const uint8_t *pixels;
  uint32_t width, height;
  int color_type, bit_depth;
  size_t pixel_size;
  /// Samples of 8 bits are written as 16.
  int widens;
  const uint8_t *colors;
  uint32_t color_count;
  const uint8_t *text_bytes;
  const cpng_text_span *texts;
  size_t text_count;
  uint32_t density_x, density_y;
} request;

static void on_error(png_structp png, png_const_charp text) {
  writer *w = png_get_error_ptr(png);
  snprintf(w->message, CODEC_MESSAGE_SIZE, "%s", text);
  if (w->status == CODEC_OK) w->status = CODEC_BAD_ARGUMENT;
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void on_write(png_structp png, png_bytep source, size_t count) {
  writer *w = png_get_io_ptr(png);
  if (count > w->capacity - w->count) {
    size_t capacity = w->capacity == 0 ? 1 << 16 : w->capacity * 2;
    while (capacity - w->count < count) capacity *= 2;
    uint8_t *bytes = realloc(w->bytes, capacity);
    if (bytes == NULL) {
      w->status = CODEC_OUT_OF_MEMORY;
      png_error(png, "no memory for the encoded image");
    }
    w->bytes = bytes;
    w->capacity = capacity;
  }
  memcpy(w->bytes + w->count, source, count);
  w->count += count;
}

static void on_flush(png_structp png) {
  (void)png;
}

static void set_texts(writer *w, const request *r) {
  if (r->text_count == 0) return;
  w->entries = calloc(r->text_count, sizeof *w->entries);
  if (w->entries == NULL) {
    w->status = CODEC_OUT_OF_MEMORY;
    png_error(w->png, "no memory for the texts");
  }
  for (size_t i = 0; i < r->text_count; i++) {
    const cpng_text_span *span = &r->texts[i];
    png_textp entry = &w->entries[i];
    // libpng copies all of it, and its fields merely lack the const.
    entry->key = (png_charp)(r->text_bytes + span->key_offset);
    entry->text = (png_charp)(r->text_bytes + span->text_offset);
    if (span->is_utf8) {
      entry->compression = PNG_ITXT_COMPRESSION_NONE;
      entry->itxt_length = span->text_length;
      entry->lang = (png_charp) "";
      entry->lang_key = (png_charp) "";
    } else {
      entry->compression = PNG_TEXT_COMPRESSION_NONE;
      entry->text_length = span->text_length;
    }
  }
  png_set_text(w->png, w->info, w->entries, (int)r->text_count);
}

static void set_palette(writer *w, const request *r) {
  png_color palette[256];
  for (uint32_t i = 0; i < r->color_count; i++) {
    palette[i] = (png_color){r->colors[i * 3], r->colors[i * 3 + 1], r->colors[i * 3 + 2]};
  }
  // libpng copies it.
  png_set_PLTE(w->png, w->info, palette, (int)r->color_count);
}

static void run(writer *w, const request *r) {
  png_set_user_limits(w->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(
    w->png, w->info, r->width, r->height, r->bit_depth, r->color_type, PNG_INTERLACE_NONE,
    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (r->color_count > 0) set_palette(w, r);
  if (r->density_x > 0 && r->density_y > 0) {
    png_set_pHYs(w->png, w->info, r->density_x, r->density_y, PNG_RESOLUTION_METER);
  }
  set_texts(w, r);
  png_write_info(w->png, w->info);
  const uint16_t one = 1;
  if (r->bit_depth == 16 && !r->widens && *(const uint8_t *)&one == 1) png_set_swap(w->png);
  const size_t stride = (size_t)r->width * r->pixel_size;
  if (r->widens) {
    w->row = malloc(stride * 2);
    if (w->row == NULL) {
      w->status = CODEC_OUT_OF_MEMORY;
      png_error(w->png, "no memory for a row");
    }
  }
  for (uint32_t y = 0; y < r->height; y++) {
    const uint8_t *row = r->pixels + y * stride;
    // 257 v: both bytes are the sample.
    for (size_t i = 0; r->widens && i < stride; i++) w->row[2 * i] = w->row[2 * i + 1] = row[i];
    png_write_row(w->png, r->widens ? w->row : row);
  }
  png_write_end(w->png, NULL);
}

// Apart from its caller, because what is changed in the frame of a setjmp is indeterminate after the jump.
static void attempt(writer *w, const request *r) {
  if (setjmp(png_jmpbuf(w->png)) == 0) run(w, r);
}

static codec_status encode(const request *r, uint8_t **out, size_t *out_size, char *message) {
  writer storage = {.status = CODEC_OK, .message = message};
  writer *const w = &storage;
  message[0] = '\0';
  *out = NULL;
  *out_size = 0;
  if (r->pixels == NULL || r->width == 0 || r->height == 0 || r->pixel_size == 0 || r->text_count > 1000) {
    snprintf(message, CODEC_MESSAGE_SIZE, "the image cannot be a PNG file");
    return CODEC_BAD_ARGUMENT;
  }
  w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w, on_error, on_warning);
  if (w->png != NULL) w->info = png_create_info_struct(w->png);
  if (w->info == NULL) {
    png_destroy_write_struct(&w->png, NULL);
    snprintf(message, CODEC_MESSAGE_SIZE, "no memory for the encoder");
    return CODEC_OUT_OF_MEMORY;
  }
  png_set_write_fn(w->png, w, on_write, on_flush);
  attempt(w, r);
  png_destroy_write_struct(&w->png, &w->info);
  free(w->entries);
  free(w->row);
  if (w->status != CODEC_OK) {
    free(w->bytes);
    return w->status;
  }
  *out = w->bytes;
  *out_size = w->count;
  return CODEC_OK;
}

codec_status cpng_encode(
  const uint8_t *pixels, uint32_t bit_depth, uint32_t width, uint32_t height, uint32_t channels, const uint8_t *text_bytes,
  const cpng_text_span *texts, size_t text_count, uint32_t density_x, uint32_t density_y, uint8_t **out,
  size_t *out_size, char *message) {
  const int color_type = channels == 1 ? PNG_COLOR_TYPE_GRAY
                       : channels == 3 ? PNG_COLOR_TYPE_RGB
                                       : PNG_COLOR_TYPE_RGB_ALPHA;
  const int is_known = channels == 1 || channels == 3 || channels == 4;
  const request r = {
    .pixels = pixels, .width = width, .height = height, .color_type = color_type,
    .bit_depth = (int)bit_depth, .pixel_size = is_known ? channels : 0, .widens = bit_depth == 16, .text_bytes = text_bytes, .texts = texts, .text_count = text_count,
    .density_x = density_x, .density_y = density_y};
  return encode(&r, out, out_size, message);
}

codec_status cpng_encode_indexed(
  const uint8_t *indices, uint32_t width, uint32_t height, const uint8_t *colors, uint32_t color_count,
  const uint8_t *text_bytes, const cpng_text_span *texts, size_t text_count, uint8_t **out, size_t *out_size,
  char *message) {
  const int is_known = colors != NULL && color_count >= 1 && color_count <= 256;
  const request r = {
    .pixels = indices, .width = width, .height = height, .color_type = PNG_COLOR_TYPE_PALETTE, .bit_depth = 8,
    .pixel_size = is_known, .colors = colors, .color_count = color_count, .text_bytes = text_bytes, .texts = texts,
    .text_count = text_count};
  return encode(&r, out, out_size, message);
}

codec_status cpng_encode_grey16(
  const uint16_t *pixels, uint32_t width, uint32_t height, const uint8_t *text_bytes, const cpng_text_span *texts,
  size_t text_count, uint8_t **out, size_t *out_size, char *message) {
  const request r = {
    .pixels = (const uint8_t *)pixels, .width = width, .height = height, .color_type = PNG_COLOR_TYPE_GRAY,
    .bit_depth = 16, .pixel_size = 2, .text_bytes = text_bytes, .texts = texts, .text_count = text_count};
  return encode(&r, out, out_size, message);
}
