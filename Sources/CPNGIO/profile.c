// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>

#include "reader.h"

static void collect(cpng_reader *reader, uint8_t **profile, size_t *profile_size) {
  png_charp name = NULL;
  int compression = 0;
  png_bytep bytes = NULL;
  png_uint_32 size = 0;
  if (png_get_iCCP(reader->png, reader->info, &name, &compression, &bytes, &size) == 0 || size == 0) return;
  *profile = malloc(size);
  if (*profile == NULL) {
    cpng_reader_reject(reader, CODEC_OUT_OF_MEMORY, "no memory for the profile");
    return;
  }
  memcpy(*profile, bytes, size);
  *profile_size = size;
}

static void run(cpng_reader *reader) {
  png_set_chunk_malloc_max(reader->png, 4 << 20);
  // Everything else that is optional is passed over, however it is damaged.
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  static const png_byte kept[] = "iCCP\0sRGB";
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_AS_DEFAULT, kept, 2);
  png_read_info(reader->png, reader->info);
}

// Apart from its caller, because what is changed in the frame of a setjmp is indeterminate after the jump.
static void attempt(cpng_reader *reader, uint8_t **profile, size_t *profile_size) {
  if (setjmp(png_jmpbuf(reader->png)) != 0) return;
  run(reader);
  collect(reader, profile, profile_size);
}

codec_status cpng_read_profile(
  const uint8_t *data, size_t size, uint8_t **profile, size_t *profile_size, char *message) {
  cpng_reader storage;
  cpng_reader *const reader = &storage;
  *profile = NULL;
  *profile_size = 0;
  if (cpng_reader_open(reader, data, size, message) != CODEC_OK) return reader->status;
  attempt(reader, profile, profile_size);
  cpng_reader_close(reader);
  return reader->status;
}
