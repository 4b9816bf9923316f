// SPDX-License-Identifier: Apache-2.0

// Memory-to-memory TIFF through libtiff, whose interface is variadic and does not come through to Swift.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { CTIFF_MESSAGE_SIZE = 256 };

typedef enum ctiff_status {
  CTIFF_OK = 0,
  CTIFF_CORRUPT,
  CTIFF_TRUNCATED,
  CTIFF_TOO_LARGE,
  CTIFF_OUT_OF_MEMORY,
  CTIFF_UNSUPPORTED,
} ctiff_status;

/// What a caller is willing to allocate for. Checked before anything the size of the image is allocated.
typedef struct ctiff_limits {
  uint32_t max_side;
  uint64_t max_pixels;
} ctiff_limits;

/// The first picture of a file: `channels` is 1 (grey), 3 (RGB) or 4 (RGBA, alpha straight).
typedef struct ctiff_info {
  uint32_t width;
  uint32_t height;
  uint32_t channels;
  /// The tag 0x0112: 1 to 8. The pixels come as they are stored.
  uint32_t orientation;
  /// Whether other pictures follow the first one.
  uint32_t has_others;
  /// Pixels per inch, 0 if unknown.
  double density_x, density_y;
  size_t profile_size;
} ctiff_info;

/// Reads the directory of the first picture. On `CTIFF_TOO_LARGE`, `info` holds the size that was refused.
/// `message` has room for `CTIFF_MESSAGE_SIZE` bytes and is always a terminated string afterwards.
ctiff_status ctiff_read_info(
  const uint8_t *data, size_t size, ctiff_limits limits, ctiff_info *info, char *message);

/// Decodes into `pixels`, 8 bits a sample, rows from the top as stored, interleaved, without padding. `capacity` must
/// hold width * height * channels bytes.
///
/// Grey and RGB of 8 and 16 bits and of 32-bit floating point (0 is black, 1 white, clamped) are converted sample by
/// sample, `round(v * 255 / 65535)` of 16 bits; everything else libtiff converts (palettes, 1 bit, CMYK, YCbCr, Lab).
/// Colours that are stored multiplied by their alpha are divided by it. Channels that are said to be no alpha are not
/// looked at. A file that ends early, or whose data is damaged, is an error.
///
/// `profile` takes the ICC profile: `info->profile_size` bytes, as `ctiff_read_info` gave it.
ctiff_status ctiff_decode(
  const uint8_t *data, size_t size, ctiff_limits limits, uint8_t *pixels, size_t capacity, uint8_t *profile,
  ctiff_info *info, char *message);

/// Encodes 1, 3 or 4 channels (RGBA, alpha straight) of 8 bits, as they are or, at 16 bits, each as 257 v; packed by
/// deflate. The density is in pixels per inch, 0 for none.
/// On `CTIFF_OK`, `*out` belongs to the caller, who gives it back with `ctiff_free`.
ctiff_status ctiff_encode(
  const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, uint32_t bits, double density_x,
  double density_y, uint8_t **out, size_t *out_size, char *message);

void ctiff_free(uint8_t *bytes);
