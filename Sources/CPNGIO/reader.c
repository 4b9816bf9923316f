// SPDX-License-Identifier: Apache-2.0

#include "reader.h"

static void on_error(png_structp png, png_const_charp text) {
  cpng_reader *reader = png_get_error_ptr(png);
  snprintf(reader->message, CODEC_MESSAGE_SIZE, "%s", text);
  if (reader->status == CODEC_OK) reader->status = CODEC_CORRUPT;
  png_longjmp(png, 1);
}

// Warnings are about ancillary chunks, which do not change the pixels.
static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void on_read(png_structp png, png_bytep target, size_t count) {
  cpng_reader *reader = png_get_io_ptr(png);
  if (count > reader->size - reader->position) {
    reader->status = CODEC_TRUNCATED;
    png_error(png, "the data ends early");
  }
  memcpy(target, reader->data + reader->position, count);
  reader->position += count;
}

codec_status cpng_reader_reject(cpng_reader *reader, codec_status status, const char *why) {
  snprintf(reader->message, CODEC_MESSAGE_SIZE, "%s", why);
  reader->status = status;
  return status;
}

codec_status cpng_reader_open(cpng_reader *reader, const uint8_t *data, size_t size, char *message) {
  message[0] = '\0';
  *reader = (cpng_reader){.data = data, .size = size, .status = CODEC_OK, .message = message};
  if (data == NULL || size == 0) return cpng_reader_reject(reader, CODEC_TRUNCATED, "there is no data");
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, on_error, on_warning);
  if (reader->png == NULL) return cpng_reader_reject(reader, CODEC_OUT_OF_MEMORY, "no memory for the decoder");
  reader->info = png_create_info_struct(reader->png);
  if (reader->info == NULL) {
    cpng_reader_close(reader);
    return cpng_reader_reject(reader, CODEC_OUT_OF_MEMORY, "no memory for the decoder");
  }
  png_set_read_fn(reader->png, reader, on_read);
  // Sizes are checked against the caller's limits, with a better message than libpng's own.
  png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  return CODEC_OK;
}

void cpng_reader_close(cpng_reader *reader) {
  if (reader->png != NULL) png_destroy_read_struct(&reader->png, &reader->info, NULL);
}
