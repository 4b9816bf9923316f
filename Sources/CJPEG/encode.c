// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>

#include "errors.h"

#include <jerror.h>

// libjpeg's own memory destination leaves the caller with a dangling pointer when it fails after having grown, so
// the growing buffer is kept here.
typedef struct encoder {
  struct jpeg_compress_struct cinfo;
  cjpeg_errors errors;
  struct jpeg_destination_mgr destination;
  uint8_t *bytes;
  size_t capacity;
  size_t count;
} encoder;

static void start(j_compress_ptr cinfo) {
  encoder *e = cinfo->client_data;
  e->capacity = 1 << 16;
  e->bytes = malloc(e->capacity);
  if (e->bytes == NULL) {
    e->capacity = 0;
    ERREXIT1(cinfo, JERR_OUT_OF_MEMORY, 10);
  }
  e->destination.next_output_byte = e->bytes;
  e->destination.free_in_buffer = e->capacity;
}

static boolean grow(j_compress_ptr cinfo) {
  encoder *e = cinfo->client_data;
  const size_t used = e->capacity;  // libjpeg calls when the buffer is full, whatever free_in_buffer says
  uint8_t *bytes = realloc(e->bytes, used * 2);
  if (bytes == NULL) ERREXIT1(cinfo, JERR_OUT_OF_MEMORY, 10);
  e->bytes = bytes;
  e->capacity = used * 2;
  e->destination.next_output_byte = bytes + used;
  e->destination.free_in_buffer = used;
  return TRUE;
}

static void finish(j_compress_ptr cinfo) {
  encoder *e = cinfo->client_data;
  e->count = e->capacity - e->destination.free_in_buffer;
}

// Apart from its caller, because what is changed in the frame of a setjmp is indeterminate after the jump.
static void run(
  encoder *e, const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, int quality,
  uint32_t density_x, uint32_t density_y) {
  if (setjmp(e->errors.escape) != 0) return;
  j_compress_ptr cinfo = &e->cinfo;
  jpeg_create_compress(cinfo);
  cinfo->client_data = e;
  e->destination.init_destination = start;
  e->destination.empty_output_buffer = grow;
  e->destination.term_destination = finish;
  cinfo->dest = &e->destination;
  cinfo->image_width = width;
  cinfo->image_height = height;
  cinfo->input_components = (int)channels;
  cinfo->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(cinfo);
  jpeg_set_quality(cinfo, quality, TRUE);
  cinfo->optimize_coding = TRUE;
  if (density_x > 0 && density_y > 0) {
    cinfo->density_unit = 1;
    cinfo->X_density = (UINT16)density_x;
    cinfo->Y_density = (UINT16)density_y;
  }
  for (int i = 0; i < cinfo->num_components; i++) {
    cinfo->comp_info[i].h_samp_factor = 1;
    cinfo->comp_info[i].v_samp_factor = 1;
  }
  jpeg_start_compress(cinfo, TRUE);
  const size_t stride = (size_t)width * channels;
  while (cinfo->next_scanline < cinfo->image_height) {
    // libjpeg's signature lacks the const; it only reads.
    JSAMPROW row = (JSAMPROW)(pixels + cinfo->next_scanline * stride);
    jpeg_write_scanlines(cinfo, &row, 1);
  }
  jpeg_finish_compress(cinfo);
}

codec_status cjpeg_encode(
  const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, int quality,
  uint32_t density_x, uint32_t density_y, uint8_t **out, size_t *out_size, char *message) {
  encoder storage = {0};
  encoder *const e = &storage;
  *out = NULL;
  *out_size = 0;
  e->cinfo.err = cjpeg_errors_init(&e->errors, message);
  if (pixels == NULL || width == 0 || height == 0 || (channels != 1 && channels != 3) || quality < 1
      || quality > 100 || density_x > 65535 || density_y > 65535) {
    snprintf(message, CODEC_MESSAGE_SIZE, "the image cannot be a JPEG file");
    return CODEC_BAD_ARGUMENT;
  }
  run(e, pixels, width, height, channels, quality, density_x, density_y);
  jpeg_destroy_compress(&e->cinfo);
  if (e->errors.status != CODEC_OK) {
    free(e->bytes);
    return e->errors.status;
  }
  *out = e->bytes;
  *out_size = e->count;
  return CODEC_OK;
}
