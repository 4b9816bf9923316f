// SPDX-License-Identifier: Apache-2.0

// Memory-to-memory JPEG, with libjpeg's errors turned into a status and a message.
#pragma once

#include <CCodec.h>

/// Reads the header only. On `CODEC_TOO_LARGE`, `info` holds the size that was refused.
/// `message` has room for `CODEC_MESSAGE_SIZE` bytes and is always a terminated string afterwards.
codec_status cjpeg_read_info(
  const uint8_t *data, size_t size, codec_limits limits, codec_info *info, char *message);

/// Decodes into `pixels`, rows from the top, interleaved, without padding. `capacity` must hold
/// width * height * channels bytes. A file that ends early, or whose data is damaged, is an error: libjpeg itself
/// would only warn, and fill the rest with grey.
codec_status cjpeg_decode(
  const uint8_t *data, size_t size, codec_limits limits, uint8_t *pixels, size_t capacity, codec_info *info,
  char *message);

/// Encodes grey (1) or RGB (3) at a quality of 1 to 100, without chroma subsampling (it blurs coloured lines).
/// The density is in pixels per inch, 0 for none.
/// On `CODEC_OK`, `*out` belongs to the caller, who gives it back with `codec_free`.
codec_status cjpeg_encode(
  const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, int quality,
  uint32_t density_x, uint32_t density_y, uint8_t **out, size_t *out_size, char *message);
