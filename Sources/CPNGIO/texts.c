// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>

#include "reader.h"

static char *copy_bytes(const char *bytes, size_t count) {
  char *copy = malloc(count + 1);
  if (copy == NULL) return NULL;
  if (count > 0) memcpy(copy, bytes, count);
  copy[count] = '\0';
  return copy;
}

static void collect(cpng_reader *reader, cpng_text **texts, size_t *count) {
  png_textp entries = NULL;
  int found = 0;
  png_get_text(reader->png, reader->info, &entries, &found);
  if (found <= 0) return;
  size_t total = 0;
  for (int i = 0; i < found; i++) {
    total += entries[i].compression >= PNG_ITXT_COMPRESSION_NONE ? entries[i].itxt_length : entries[i].text_length;
  }
  if (total > (size_t)64 << 20) {
    cpng_reader_reject(reader, CODEC_TOO_LARGE, "its texts take more than 64 MiB");
    return;
  }
  *texts = calloc((size_t)found, sizeof **texts);
  if (*texts == NULL) {
    cpng_reader_reject(reader, CODEC_OUT_OF_MEMORY, "no memory for the texts");
    return;
  }
  for (int i = 0; i < found; i++) {
    cpng_text *text = &(*texts)[i];
    text->is_utf8 = entries[i].compression >= PNG_ITXT_COMPRESSION_NONE;
    text->text_length = text->is_utf8 ? entries[i].itxt_length : entries[i].text_length;
    text->key_length = strlen(entries[i].key);
    text->key = copy_bytes(entries[i].key, text->key_length);
    text->text = copy_bytes(entries[i].text, text->text_length);
    *count = (size_t)i + 1;
    if (text->key == NULL || text->text == NULL) {
      cpng_reader_reject(reader, CODEC_OUT_OF_MEMORY, "no memory for the texts");
      return;
    }
  }
}

static void run(cpng_reader *reader) {
  // Compressed texts of a small file may be gigabytes. Those that this library writes are shorter.
  png_set_chunk_malloc_max(reader->png, 4 << 20);
  png_read_info(reader->png, reader->info);
  // libpng offers no way around the pixels to the texts behind them, but they need not be kept.
  const int passes = png_set_interlace_handling(reader->png);
  const uint32_t height = png_get_image_height(reader->png, reader->info);
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < height; y++) png_read_row(reader->png, NULL, NULL);
  }
  png_read_end(reader->png, reader->info);
}

// Apart from its caller, because what is changed in the frame of a setjmp is indeterminate after the jump.
static void attempt(cpng_reader *reader, cpng_text **texts, size_t *count) {
  if (setjmp(png_jmpbuf(reader->png)) != 0) return;
  run(reader);
  collect(reader, texts, count);
}

codec_status cpng_read_texts(
  const uint8_t *data, size_t size, cpng_text **texts, size_t *count, char *message) {
  cpng_reader storage;
  cpng_reader *const reader = &storage;
  *texts = NULL;
  *count = 0;
  if (cpng_reader_open(reader, data, size, message) != CODEC_OK) return reader->status;
  attempt(reader, texts, count);
  cpng_reader_close(reader);
  if (reader->status != CODEC_OK) {
    cpng_free_texts(*texts, *count);
    *texts = NULL;
    *count = 0;
  }
  return reader->status;
}

void cpng_free_texts(cpng_text *texts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    free(texts[i].key);
    free(texts[i].text);
  }
  free(texts);
}
