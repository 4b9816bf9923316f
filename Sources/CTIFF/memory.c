// SPDX-License-Identifier: Apache-2.0

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The most that libtiff may take at once. A row or tile of the largest image that is read is below.
static const tmsize_t MAX_ALLOCATION = (tmsize_t)1 << 29;

ctiff_status ctiff_reject(ctiff_memory *memory, ctiff_status status, const char *why) {
  if (memory->status == CTIFF_OK) memory->status = status;
  if (memory->message[0] == '\0') snprintf(memory->message, CTIFF_MESSAGE_SIZE, "%s", why);
  return memory->status;
}

static tmsize_t read_bytes(thandle_t handle, void *target, tmsize_t count) {
  ctiff_memory *m = handle;
  const uint64_t rest = m->position < m->size ? m->size - m->position : 0;
  uint64_t wanted = count < 0 ? 0 : (uint64_t)count;
  if (wanted > rest) {
    // Noted here, as libtiff says the same of files that end and of files that make no sense.
    if (m->data != NULL && m->status == CTIFF_OK) m->status = CTIFF_TRUNCATED;
    wanted = rest;
  }
  if (wanted > 0) memcpy(target, (m->data != NULL ? m->data : m->bytes) + m->position, wanted);
  m->position += wanted;
  return (tmsize_t)wanted;
}

static tmsize_t write_bytes(thandle_t handle, void *source, tmsize_t count) {
  ctiff_memory *m = handle;
  if (m->data != NULL || count < 0 || m->position > (uint64_t)1 << 40) return -1;
  const size_t end = (size_t)m->position + (size_t)count;
  if (end > m->capacity) {
    size_t capacity = m->capacity == 0 ? 1 << 16 : m->capacity;
    while (capacity < end) capacity *= 2;
    uint8_t *bytes = realloc(m->bytes, capacity);
    if (bytes == NULL) {
      ctiff_reject(m, CTIFF_OUT_OF_MEMORY, "no memory for the encoded image");
      return -1;
    }
    m->bytes = bytes;
    m->capacity = capacity;
  }
  if (end > m->size) {
    if (m->position > m->size) memset(m->bytes + m->size, 0, (size_t)m->position - m->size);
    m->size = end;
  }
  memcpy(m->bytes + m->position, source, (size_t)count);
  m->position = end;
  return count;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
  ctiff_memory *m = handle;
  // The sums wrap like those of a file of 64-bit offsets; a place past the end is found out by reading.
  m->position = whence == SEEK_CUR ? m->position + offset : whence == SEEK_END ? m->size + offset : offset;
  return m->position;
}

static int close_file(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t file_size(thandle_t handle) {
  const ctiff_memory *m = handle;
  return m->size;
}

#if TIFFLIB_VERSION >= 20221213

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff;
  (void)module;
  ctiff_memory *m = user;
  if (m->message[0] == '\0') vsnprintf(m->message, CTIFF_MESSAGE_SIZE, format, arguments);
  return 1;
}

// Warnings are about tags that do not change the pixels.
static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff;
  (void)user;
  (void)module;
  (void)format;
  (void)arguments;
  return 1;
}

static TIFF *open_memory(ctiff_memory *m, const char *mode) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (options == NULL) return NULL;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, MAX_ALLOCATION);
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, m);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, m);
  TIFF *tiff = TIFFClientOpenExt(
    "memory", mode, m, read_bytes, write_bytes, seek, close_file, file_size, NULL, NULL, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

#else

static TIFF *open_memory(ctiff_memory *m, const char *mode) {
  (void)MAX_ALLOCATION;
  // Older versions know only handlers of the whole process, and would write to standard error.
  TIFFSetErrorHandler(NULL);
  TIFFSetWarningHandler(NULL);
  return TIFFClientOpen("memory", mode, m, read_bytes, write_bytes, seek, close_file, file_size, NULL, NULL);
}

#endif

TIFF *ctiff_open(ctiff_memory *memory, const char *mode) {
  TIFF *tiff = open_memory(memory, mode);
  if (tiff == NULL) ctiff_reject(memory, CTIFF_CORRUPT, "the file cannot be opened");
  return tiff;
}
