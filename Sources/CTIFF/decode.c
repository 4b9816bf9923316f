// SPDX-License-Identifier: Apache-2.0

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

// How the samples of a picture lie, as far as it is converted here.
typedef struct layout {
  uint32_t width, height;
  uint16_t samples, bits, format, photometric, planar;
  /// Samples that are shown: 1 or 3.
  uint16_t colors;
  /// 0 if none, else EXTRASAMPLE_ASSOCALPHA or EXTRASAMPLE_UNASSALPHA; the sample behind the colours.
  uint16_t alpha;
  uint32_t channels;
  /// Whether libtiff converts the picture.
  int foreign;
} layout;

// The largest tile that is decoded, in bytes.
static const tmsize_t MAX_TILE = (tmsize_t)1 << 28;
static const uint32_t MAX_PROFILE = 4 << 20;

static layout read_layout(TIFF *tiff) {
  layout l = {0};
  uint16_t compression = COMPRESSION_NONE;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &l.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &l.height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &l.samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &l.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &l.format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &l.planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &l.photometric)) {
    l.photometric = l.samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  }
  const int is_grey = l.photometric == PHOTOMETRIC_MINISBLACK || l.photometric == PHOTOMETRIC_MINISWHITE;
  l.colors = is_grey ? 1 : 3;
  uint16_t extra_count = 0;
  uint16_t *extra = NULL;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra);
  if (extra_count > 0 && extra != NULL && l.samples > l.colors
      && (extra[0] == EXTRASAMPLE_ASSOCALPHA || extra[0] == EXTRASAMPLE_UNASSALPHA)) {
    l.alpha = extra[0];
  }
  const int is_integer = l.format == SAMPLEFORMAT_UINT && (l.bits == 8 || l.bits == 16);
  const int is_float = l.format == SAMPLEFORMAT_IEEEFP && l.bits == 32;
  l.foreign = !(is_grey || l.photometric == PHOTOMETRIC_RGB) || !(is_integer || is_float) || l.samples < l.colors
              || compression == COMPRESSION_JPEG || compression == COMPRESSION_OJPEG;
  l.channels = l.alpha ? 4 : l.colors;
  return l;
}

static ctiff_status check(TIFF *tiff, ctiff_memory *memory, const layout *l, ctiff_limits limits, ctiff_info *info) {
  info->width = l->width;
  info->height = l->height;
  info->channels = l->channels;
  if (l->width == 0 || l->height == 0) return ctiff_reject(memory, CTIFF_CORRUPT, "the picture has no pixels");
  if (l->width > limits.max_side || l->height > limits.max_side
      || (uint64_t)l->width * l->height > limits.max_pixels) {
    return ctiff_reject(memory, CTIFF_TOO_LARGE, "the image is too large");
  }
  // libtiff converts one kind of these without regard to their white, D50, and another not at all.
  if (l->photometric == PHOTOMETRIC_CIELAB || l->photometric == PHOTOMETRIC_ICCLAB
      || l->photometric == PHOTOMETRIC_ITULAB) {
    return ctiff_reject(memory, CTIFF_UNSUPPORTED, "it has the colour mode Lab");
  }
  char reason[1024] = "";
  if (l->foreign && !TIFFRGBAImageOK(tiff, reason)) {
    return ctiff_reject(memory, CTIFF_UNSUPPORTED, "it has pixels of a kind that is not converted");
  }
  if (TIFFIsTiled(tiff) && (TIFFTileSize(tiff) <= 0 || TIFFTileSize(tiff) > MAX_TILE)) {
    return ctiff_reject(memory, CTIFF_TOO_LARGE, "its tiles are too large");
  }
  uint16_t orientation = 1, unit = RESUNIT_INCH;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
  info->orientation = orientation;
  float x = 0, y = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
  if (unit != RESUNIT_NONE && TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x) && TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y)) {
    const double scale = unit == RESUNIT_CENTIMETER ? 2.54 : 1;
    info->density_x = x * scale;
    info->density_y = y * scale;
  }
  uint32_t profile_size = 0;
  void *profile = NULL;
  if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &profile_size, &profile) && profile_size <= MAX_PROFILE) {
    info->profile_size = profile_size;
  }
  return CTIFF_OK;
}

// A sample as a number of 0 to 65535.
static uint32_t sample_at(const layout *l, const uint8_t *row, size_t index) {
  if (l->bits == 8) return row[index] * 257u;
  if (l->bits == 16) {
    uint16_t value;
    memcpy(&value, row + index * 2, 2);
    return value;
  }
  float value;
  memcpy(&value, row + index * 4, 4);
  // Not a number counts as 0.
  return value >= 1 ? 65535u : value > 0 ? (uint32_t)lrintf(value * 65535) : 0;
}

static uint8_t narrow(uint32_t value) { return (uint8_t)((value + 128) / 257); }

// Puts samples of a row, or of a tile's row, in their places: those of one plane, or all of them.
static void place(
  const layout *l, const uint8_t *row, uint32_t count, uint16_t plane, uint16_t *wide, uint32_t x) {
  const uint16_t kept = (uint16_t)(l->colors + (l->alpha ? 1 : 0));
  const int separate = l->planar == PLANARCONFIG_SEPARATE;
  for (uint32_t i = 0; i < count; i++) {
    uint16_t *pixel = wide + (size_t)(x + i) * kept;
    if (separate) {
      pixel[plane] = (uint16_t)sample_at(l, row, i);
    } else {
      for (uint16_t s = 0; s < kept; s++) pixel[s] = (uint16_t)sample_at(l, row, (size_t)i * l->samples + s);
    }
  }
}

// A row of samples of 16 bits as the pixels that are given out.
static void finish_row(const layout *l, const uint16_t *wide, uint8_t *target) {
  const uint16_t kept = (uint16_t)(l->colors + (l->alpha ? 1 : 0));
  for (uint32_t x = 0; x < l->width; x++) {
    const uint16_t *pixel = wide + (size_t)x * kept;
    uint32_t color[3];
    const uint32_t alpha = l->alpha ? pixel[l->colors] : 65535;
    for (int s = 0; s < l->colors; s++) {
      color[s] = l->photometric == PHOTOMETRIC_MINISWHITE ? 65535u - pixel[s] : pixel[s];
      if (l->alpha == EXTRASAMPLE_ASSOCALPHA) {
        // A colour above its alpha makes no sense, and is as bright as can be.
        color[s] = alpha == 0 ? 0 : color[s] >= alpha ? 65535u : (uint32_t)((color[s] * 65535ull + alpha / 2) / alpha);
      }
    }
    uint8_t *out = target + (size_t)x * l->channels;
    if (l->channels == 1) {
      out[0] = narrow(color[0]);
      continue;
    }
    for (int s = 0; s < 3; s++) out[s] = narrow(color[l->colors == 3 ? s : 0]);
    if (l->channels == 4) out[3] = narrow(alpha);
  }
}

static int planes(const layout *l) {
  return l->planar == PLANARCONFIG_SEPARATE ? l->colors + (l->alpha ? 1 : 0) : 1;
}

// Rows of strips. Planes lie one behind the other, so that the samples of all rows are kept until the last is read.
static ctiff_status decode_strips(TIFF *tiff, ctiff_memory *memory, const layout *l, uint8_t *pixels) {
  const tmsize_t row_size = TIFFScanlineSize(tiff);
  const size_t kept = (size_t)l->colors + (l->alpha ? 1 : 0);
  const size_t needed = (size_t)l->width * (l->planar == PLANARCONFIG_SEPARATE ? 1 : l->samples) * (l->bits / 8);
  if (row_size <= 0 || (size_t)row_size < needed) return ctiff_reject(memory, CTIFF_CORRUPT, "a row has no size");
  const int plane_count = planes(l);
  const size_t wide_rows = plane_count > 1 ? l->height : 1;
  uint8_t *row = calloc(1, (size_t)row_size);
  uint16_t *wide = calloc(wide_rows * l->width * kept, sizeof *wide);
  if (row == NULL || wide == NULL) {
    ctiff_reject(memory, CTIFF_OUT_OF_MEMORY, "no memory for the pixels");
  } else {
    for (int plane = 0; plane < plane_count && memory->status == CTIFF_OK; plane++) {
      for (uint32_t y = 0; y < l->height; y++) {
        if (TIFFReadScanline(tiff, row, y, (uint16_t)plane) < 0) {
          ctiff_reject(memory, CTIFF_CORRUPT, "a row cannot be read");
          break;
        }
        uint16_t *target = wide + (plane_count > 1 ? (size_t)y * l->width * kept : 0);
        place(l, row, l->width, (uint16_t)plane, target, 0);
        if (plane == plane_count - 1) finish_row(l, target, pixels + (size_t)y * l->width * l->channels);
      }
    }
  }
  free(row);
  free(wide);
  return memory->status;
}

static ctiff_status decode_tiles(TIFF *tiff, ctiff_memory *memory, const layout *l, uint8_t *pixels) {
  uint32_t tile_width = 0, tile_height = 0;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
  const tmsize_t tile_size = TIFFTileSize(tiff), row_size = TIFFTileRowSize(tiff);
  const size_t kept = (size_t)l->colors + (l->alpha ? 1 : 0);
  const size_t needed = (size_t)tile_width * (l->planar == PLANARCONFIG_SEPARATE ? 1 : l->samples) * (l->bits / 8);
  if (tile_width == 0 || tile_height == 0 || row_size <= 0 || (size_t)row_size < needed
      || tile_size / row_size < (tmsize_t)tile_height) {
    return ctiff_reject(memory, CTIFF_CORRUPT, "a tile has no size");
  }
  const uint32_t rows = tile_height < l->height ? tile_height : l->height;
  uint8_t *tile = calloc(1, (size_t)tile_size);
  uint16_t *wide = calloc((size_t)rows * l->width * kept, sizeof *wide);
  if (tile == NULL || wide == NULL) ctiff_reject(memory, CTIFF_OUT_OF_MEMORY, "no memory for the pixels");
  for (uint32_t top = 0; top < l->height && memory->status == CTIFF_OK; top += rows) {
    const uint32_t count = l->height - top < rows ? l->height - top : rows;
    for (int plane = 0; plane < planes(l) && memory->status == CTIFF_OK; plane++) {
      for (uint32_t left = 0; left < l->width; left += tile_width) {
        if (TIFFReadTile(tiff, tile, left, top, 0, (uint16_t)plane) < 0) {
          ctiff_reject(memory, CTIFF_CORRUPT, "a tile cannot be read");
          break;
        }
        const uint32_t columns = l->width - left < tile_width ? l->width - left : tile_width;
        for (uint32_t y = 0; y < count; y++) {
          place(l, tile + (size_t)y * (size_t)row_size, columns, (uint16_t)plane, wide + (size_t)y * l->width * kept, left);
        }
        if (tile_width >= l->width) break;
      }
    }
    for (uint32_t y = 0; y < count; y++) {
      finish_row(l, wide + (size_t)y * l->width * kept, pixels + (size_t)(top + y) * l->width * l->channels);
    }
  }
  free(tile);
  free(wide);
  return memory->status;
}

// By libtiff's own conversion, whose pixels are multiplied by their alpha.
static ctiff_status decode_foreign(TIFF *tiff, ctiff_memory *memory, const layout *l, uint8_t *pixels) {
  char reason[1024] = "";
  TIFFRGBAImage image;
  if (!TIFFRGBAImageBegin(&image, tiff, 1, reason)) {
    return ctiff_reject(memory, CTIFF_UNSUPPORTED, "it has pixels of a kind that is not converted");
  }
  // As stored: it is turned afterwards, as all pictures are.
  image.req_orientation = image.orientation;
  uint32_t *raster = calloc((size_t)l->width * l->height, sizeof *raster);
  if (raster == NULL) {
    ctiff_reject(memory, CTIFF_OUT_OF_MEMORY, "no memory for the pixels");
  } else if (!TIFFRGBAImageGet(&image, raster, l->width, l->height)) {
    ctiff_reject(memory, CTIFF_CORRUPT, "the pixels cannot be read");
  } else {
    const size_t count = (size_t)l->width * l->height;
    for (size_t i = 0; i < count; i++) {
      const uint32_t alpha = TIFFGetA(raster[i]);
      uint32_t color[3] = {TIFFGetR(raster[i]), TIFFGetG(raster[i]), TIFFGetB(raster[i])};
      uint8_t *out = pixels + i * l->channels;
      if (l->channels == 1) {
        out[0] = (uint8_t)color[0];
        continue;
      }
      for (int s = 0; s < 3; s++) {
        if (l->channels == 4) {
          color[s] = alpha == 0 ? 0 : color[s] >= alpha ? 255 : (color[s] * 255 + alpha / 2) / alpha;
        }
        out[s] = (uint8_t)color[s];
      }
      if (l->channels == 4) out[3] = (uint8_t)alpha;
    }
  }
  free(raster);
  TIFFRGBAImageEnd(&image);
  return memory->status;
}

// Thumbnails and masks may stand before the picture; the first that is neither is taken, or else the first.
static void choose_directory(TIFF *tiff, ctiff_info *info) {
  const uint16_t first = 0;
  for (uint16_t index = 0; index < 16; index++) {
    if (index > 0 && !TIFFSetDirectory(tiff, index)) break;
    uint32_t kind = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &kind);
    if ((kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) != 0) continue;
    // A second picture that is no thumbnail is another page.
    if (!TIFFLastDirectory(tiff) && TIFFSetDirectory(tiff, (uint16_t)(index + 1))) {
      kind = 0;
      TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &kind);
      info->has_others = (kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0;
      TIFFSetDirectory(tiff, index);
    }
    return;
  }
  TIFFSetDirectory(tiff, first);
}

static ctiff_status decode(
  ctiff_memory *memory, ctiff_limits limits, uint8_t *pixels, size_t capacity, uint8_t *profile, ctiff_info *info) {
  TIFF *tiff = ctiff_open(memory, "r");
  if (tiff == NULL) return memory->status;
  choose_directory(tiff, info);
  // What looking for other pictures came upon says nothing of this one.
  memory->status = CTIFF_OK;
  memory->message[0] = '\0';
  const size_t profile_size = info->profile_size;
  info->profile_size = 0;
  const layout l = read_layout(tiff);
  if (check(tiff, memory, &l, limits, info) == CTIFF_OK && pixels != NULL) {
    if (profile != NULL && profile_size == info->profile_size) {
      uint32_t size = 0;
      void *source = NULL;
      if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &size, &source) && size == profile_size) memcpy(profile, source, size);
    }
    if (capacity / l.channels / l.width < l.height) {
      ctiff_reject(memory, CTIFF_CORRUPT, "the pixel buffer is too small");
    } else if (l.foreign) {
      decode_foreign(tiff, memory, &l, pixels);
    } else if (TIFFIsTiled(tiff)) {
      decode_tiles(tiff, memory, &l, pixels);
    } else {
      decode_strips(tiff, memory, &l, pixels);
    }
  }
  TIFFClose(tiff);
  return memory->status;
}

ctiff_status ctiff_read_info(
  const uint8_t *data, size_t size, ctiff_limits limits, ctiff_info *info, char *message) {
  message[0] = '\0';
  *info = (ctiff_info){0};
  ctiff_memory memory = {.data = data, .size = size, .status = CTIFF_OK, .message = message};
  return decode(&memory, limits, NULL, 0, NULL, info);
}

ctiff_status ctiff_decode(
  const uint8_t *data, size_t size, ctiff_limits limits, uint8_t *pixels, size_t capacity, uint8_t *profile,
  ctiff_info *info, char *message) {
  message[0] = '\0';
  ctiff_memory memory = {.data = data, .size = size, .status = CTIFF_OK, .message = message};
  return decode(&memory, limits, pixels, capacity, profile, info);
}
