// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>

/// Encodes without loss, the colours of transparent pixels too. `picture` holds the pixels; what is made goes to `writer`.
static inline int cwebp_encode(WebPPicture *picture, WebPMemoryWriter *writer) {
  WebPConfig config;
  // 6 of 0 to 9: as small as the default of the command-line encoder.
  if (!WebPConfigInit(&config) || !WebPConfigLosslessPreset(&config, 6)) return 0;
  config.exact = 1;
  picture->use_argb = 1;
  picture->writer = WebPMemoryWrite;
  picture->custom_ptr = writer;
  return WebPEncode(&config, picture);
}

/// Opens a file for its first frame, which may be a part of the canvas.
static inline WebPAnimDecoder *cwebp_animation(const uint8_t *data, size_t size) {
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) return NULL;
  options.color_mode = MODE_RGBA;
  const WebPData content = {data, size};
  return WebPAnimDecoderNew(&content, &options);
}
