// SPDX-License-Identifier: Apache-2.0

// What the wrappers of picture libraries share: how they report, and what they are allowed.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { CODEC_MESSAGE_SIZE = 256 };

typedef enum codec_status {
  CODEC_OK = 0,
  CODEC_CORRUPT,
  CODEC_TRUNCATED,
  CODEC_TOO_LARGE,
  CODEC_OUT_OF_MEMORY,
  CODEC_BAD_ARGUMENT,
} codec_status;

/// What a caller is willing to allocate for. Checked before anything the size of the image is allocated.
typedef struct codec_limits {
  uint32_t max_side;
  uint64_t max_pixels;
} codec_limits;

/// The decoded form: `channels` is 1 (grey), 3 (RGB) or 4 (RGBA; grey with transparency becomes RGBA too).
typedef struct codec_info {
  uint32_t width;
  uint32_t height;
  uint32_t channels;
  /// After decoding: the marker that ends the file is missing, and every pixel is there.
  uint32_t lacks_end;
} codec_info;

/// Whether an image is within the limits.
int codec_fits(codec_limits limits, uint32_t width, uint32_t height);

/// Gives back what a wrapper has allocated for its caller.
void codec_free(uint8_t *bytes);
