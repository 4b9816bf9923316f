// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>

#include "memory.h"

static void set_tags(TIFF *tiff, uint32_t width, uint32_t height, uint32_t channels, uint32_t bits) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, (int)channels);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, (int)bits);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, channels == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(tiff, 0));
  if (channels == 4) {
    const uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
  }
}

// The predictor works within the row that it is given, so a copy of the pixels is.
static void write_rows(
  TIFF *tiff, ctiff_memory *memory, const uint8_t *pixels, uint32_t height, size_t stride, uint32_t bits) {
  uint8_t *row = malloc(stride * 2);
  if (row == NULL) {
    ctiff_reject(memory, CTIFF_OUT_OF_MEMORY, "no memory for a row");
    return;
  }
  for (uint32_t y = 0; y < height; y++) {
    const uint8_t *source = pixels + y * stride;
    for (size_t i = 0; i < stride; i++) {
      // 257 v: both bytes are the sample, in either order.
      if (bits == 16) row[2 * i] = row[2 * i + 1] = source[i];
      else row[i] = source[i];
    }
    if (TIFFWriteScanline(tiff, row, y, 0) < 0) {
      ctiff_reject(memory, CTIFF_CORRUPT, "a row cannot be written");
      break;
    }
  }
  free(row);
}

ctiff_status ctiff_encode(
  const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, uint32_t bits, double density_x,
  double density_y, uint8_t **out, size_t *out_size, char *message) {
  message[0] = '\0';
  *out = NULL;
  *out_size = 0;
  ctiff_memory memory = {.status = CTIFF_OK, .message = message};
  TIFF *tiff = ctiff_open(&memory, "w");
  if (tiff == NULL) {
    free(memory.bytes);
    return memory.status;
  }
  set_tags(tiff, width, height, channels, bits);
  if (density_x > 0 && density_y > 0) {
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, density_x);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, density_y);
  }
  write_rows(tiff, &memory, pixels, height, (size_t)width * channels, bits);
  if (memory.status == CTIFF_OK && !TIFFFlush(tiff)) ctiff_reject(&memory, CTIFF_CORRUPT, "the file cannot be ended");
  TIFFClose(tiff);
  if (memory.status != CTIFF_OK) {
    free(memory.bytes);
    return memory.status;
  }
  *out = memory.bytes;
  *out_size = memory.size;
  return CTIFF_OK;
}

void ctiff_free(uint8_t *bytes) {
  free(bytes);
}
