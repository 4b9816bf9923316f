// SPDX-License-Identifier: Apache-2.0

#include "CCodec.h"

#include <stdlib.h>

int codec_fits(codec_limits limits, uint32_t width, uint32_t height) {
  return width <= limits.max_side && height <= limits.max_side && (uint64_t)width * height <= limits.max_pixels;
}

void codec_free(uint8_t *bytes) {
  free(bytes);
}
