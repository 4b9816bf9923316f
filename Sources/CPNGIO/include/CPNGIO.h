// SPDX-License-Identifier: Apache-2.0

// Memory-to-memory PNG, with libpng's errors turned into a status and a message.
#pragma once

#include <CCodec.h>

/// Reads the header only. On `CODEC_TOO_LARGE`, `info` holds the size that was refused.
/// `message` has room for `CODEC_MESSAGE_SIZE` bytes and is always a terminated string afterwards.
codec_status cpng_read_info(
  const uint8_t *data, size_t size, codec_limits limits, codec_info *info, char *message);

/// Decodes into `pixels`, 8 bits a sample, rows from the top, interleaved, without padding. `capacity` must hold
/// width * height * channels bytes. Samples come as they stand in the file: no gamma and no colour profile is
/// applied; 16 bits become 8 by round(v * 255 / 65535), fewer bits are scaled up to 0...255.
codec_status cpng_decode(
  const uint8_t *data, size_t size, codec_limits limits, uint8_t *pixels, size_t capacity, codec_info *info,
  char *message);

/// One text entry to write. The offsets count from the start of a block of bytes in which every key is terminated
/// by a zero byte, and every text too.
typedef struct cpng_text_span {
  size_t key_offset;
  size_t text_offset;
  size_t text_length;
  int is_utf8;
} cpng_text_span;

/// Encodes 1, 3 or 4 channels of 8 bits, as they are or, at a bit depth of 16, each as 257 v. Texts are written before the pixels: as tEXt, or iTXt where `is_utf8`.
/// The density is in pixels per metre, 0 for none.
/// On `CODEC_OK`, `*out` belongs to the caller, who gives it back with `codec_free`.
codec_status cpng_encode(
  const uint8_t *pixels, uint32_t bit_depth, uint32_t width, uint32_t height, uint32_t channels, const uint8_t *text_bytes,
  const cpng_text_span *texts, size_t text_count, uint32_t density_x, uint32_t density_y,
  uint8_t **out, size_t *out_size, char *message);

/// Encodes 8-bit indices into a palette of 1 to 256 colours, three bytes each. No index is checked here: the caller
/// keeps them below `color_count`. Texts and `*out` as `cpng_encode`.
codec_status cpng_encode_indexed(
  const uint8_t *indices, uint32_t width, uint32_t height, const uint8_t *colors, uint32_t color_count,
  const uint8_t *text_bytes, const cpng_text_span *texts, size_t text_count, uint8_t **out, size_t *out_size,
  char *message);

/// Encodes grey of 16 bits, in the machine's byte order. Texts and `*out` as `cpng_encode`.
codec_status cpng_encode_grey16(
  const uint16_t *pixels, uint32_t width, uint32_t height, const uint8_t *text_bytes, const cpng_text_span *texts,
  size_t text_count, uint8_t **out, size_t *out_size, char *message);

/// Reads whole numbers that a picture's pixels stand for: palette indices and grey values (of any depth) as they are,
/// RGB of 8 bits as R << 16 | G << 8 | B. Other kinds are `CODEC_CORRUPT`. `capacity` counts the numbers.
codec_status cpng_decode_numbers(
  const uint8_t *data, size_t size, codec_limits limits, uint32_t *numbers, size_t capacity, codec_info *info,
  char *message);

/// One text entry as read: `key` is Latin-1; `text` is UTF-8 where `is_utf8`, else Latin-1.
typedef struct cpng_text {
  char *key;
  char *text;
  size_t key_length;
  size_t text_length;
  int is_utf8;
} cpng_text;

/// Reads every tEXt, zTXt and iTXt entry, before and after the pixels. The pixels are read over, and must be whole.
/// The caller has checked the size of the image with `cpng_read_info`.
/// On `CODEC_OK`, `*texts` is given back with `cpng_free_texts`.
codec_status cpng_read_texts(
  const uint8_t *data, size_t size, cpng_text **texts, size_t *count, char *message);

void cpng_free_texts(cpng_text *texts, size_t count);

/// The ICC profile of the file, at most 4 MiB, as libpng accepts it; `*profile` is NULL if there is none that can be used.
/// It belongs to the caller, who gives it back with `codec_free`.
codec_status cpng_read_profile(
  const uint8_t *data, size_t size, uint8_t **profile, size_t *profile_size, char *message);
