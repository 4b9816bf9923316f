// Memory-to-memory JPEG, with libjpeg's errors turned into a status and a message.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { CJPEG_MESSAGE_SIZE = 256 };

typedef enum cjpeg_status {
  CJPEG_OK = 0,
  CJPEG_CORRUPT,
  CJPEG_TRUNCATED,
  CJPEG_TOO_LARGE,
  CJPEG_OUT_OF_MEMORY,
  CJPEG_BAD_ARGUMENT,
} cjpeg_status;

/// What a caller is willing to allocate for. Checked before anything the size of the image is allocated.
typedef struct cjpeg_limits {
  uint32_t max_side;
  uint64_t max_pixels;
} cjpeg_limits;

/// The decoded form: `channels` is 1 (grey) or 3 (RGB; CMYK and YCCK files are converted).
typedef struct cjpeg_info {
  uint32_t width;
  uint32_t height;
  uint32_t channels;
  /// After decoding: the end marker is missing, and every pixel is there.
  uint32_t lacks_end;
} cjpeg_info;

/// Reads the header only. On `CJPEG_TOO_LARGE`, `info` holds the size that was refused.
/// `message` has room for `CJPEG_MESSAGE_SIZE` bytes and is always a terminated string afterwards.
cjpeg_status cjpeg_read_info(
  const uint8_t *data, size_t size, cjpeg_limits limits, cjpeg_info *info, char *message);

/// Decodes into `pixels`, rows from the top, interleaved, without padding. `capacity` must hold
/// width * height * channels bytes. A file that ends early, or whose data is damaged, is an error: libjpeg itself
/// would only warn, and fill the rest with grey.
cjpeg_status cjpeg_decode(
  const uint8_t *data, size_t size, cjpeg_limits limits, uint8_t *pixels, size_t capacity, cjpeg_info *info,
  char *message);

/// Encodes grey (1) or RGB (3) at a quality of 1 to 100, without chroma subsampling (it blurs coloured lines).
/// The density is in pixels per inch, 0 for none.
/// On `CJPEG_OK`, `*out` belongs to the caller, who gives it back with `cjpeg_free`.
cjpeg_status cjpeg_encode(
  const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, int quality,
  uint32_t density_x, uint32_t density_y, uint8_t **out, size_t *out_size, char *message);

void cjpeg_free(uint8_t *bytes);
