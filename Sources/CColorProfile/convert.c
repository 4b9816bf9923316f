// SPDX-License-Identifier: Apache-2.0

#include "CColorProfile.h"

#include <stdlib.h>

#include <lcms2.h>

// Errors come back as a missing profile or transform; the library prints none of its own accord.

// The tone curve of sRGB, IEC 61966-2-1.
static cmsToneCurve *make_curve(cmsContext context) {
  const cmsFloat64Number parameters[5] = {2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045};
  return cmsBuildParametricToneCurve(context, 4, parameters);
}

static cmsHPROFILE make_target(cmsContext context, int channels) {
  if (channels != 1) return cmsCreate_sRGBProfileTHR(context);
  cmsToneCurve *curve = make_curve(context);
  if (curve == NULL) return NULL;
  cmsHPROFILE profile = cmsCreateGrayProfileTHR(context, cmsD50_xyY(), curve);
  cmsFreeToneCurve(curve);
  return profile;
}

// Whether a coarse grid over all colours stays within two levels.
static int changes_little(cmsHTRANSFORM transform, int channels) {
  enum { SIDE = 6, STEP = 51 };
  const int colors = channels == 1 ? SIDE : SIDE * SIDE * SIDE;
  uint8_t in[SIDE * SIDE * SIDE * 4] = {0}, out[SIDE * SIDE * SIDE * 4] = {0};
  for (int i = 0; i < colors; i++) {
    uint8_t *color = in + i * channels;
    color[0] = (uint8_t)(i % SIDE * STEP);
    if (channels >= 3) {
      color[1] = (uint8_t)(i / SIDE % SIDE * STEP);
      color[2] = (uint8_t)(i / SIDE / SIDE * STEP);
    }
    if (channels == 4) color[3] = 255;
  }
  cmsDoTransform(transform, in, out, (cmsUInt32Number)colors);
  for (int i = 0; i < colors * channels; i++) {
    if (channels == 4 && i % 4 == 3) continue;
    if (abs(in[i] - out[i]) > 2) return 0;
  }
  return 1;
}

cprofile_status cprofile_to_srgb(
  const uint8_t *profile, size_t profile_size, uint8_t *pixels, size_t count, int channels) {
  if (profile == NULL || profile_size < 128 || profile_size > (size_t)64 << 20) return CPROFILE_UNUSABLE;
  const cmsUInt32Number format = channels == 1 ? TYPE_GRAY_8 : channels == 3 ? TYPE_RGB_8 : TYPE_RGBA_8;
  cmsContext context = cmsCreateContext(NULL, NULL);
  if (context == NULL) return CPROFILE_UNUSABLE;
  cprofile_status status = CPROFILE_UNUSABLE;
  cmsHTRANSFORM transform = NULL;
  cmsHPROFILE target = NULL;
  cmsHPROFILE source = cmsOpenProfileFromMemTHR(context, profile, (cmsUInt32Number)profile_size);
  if (source != NULL && cmsGetColorSpace(source) == (channels == 1 ? cmsSigGrayData : cmsSigRgbData)) {
    target = make_target(context, channels);
    if (target != NULL) {
      transform = cmsCreateTransformTHR(
        context, source, format, target, format, INTENT_RELATIVE_COLORIMETRIC,
        cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_COPY_ALPHA);
    }
  }
  if (transform != NULL) {
    status = CPROFILE_SAME;
    if (!changes_little(transform, channels)) {
      status = CPROFILE_OK;
      // In pieces, since the library counts pixels in 32 bits.
      for (size_t done = 0; done < count;) {
        const size_t piece = count - done < (size_t)1 << 20 ? count - done : (size_t)1 << 20;
        uint8_t *start = pixels + done * (size_t)channels;
        cmsDoTransform(transform, start, start, (cmsUInt32Number)piece);
        done += piece;
      }
    }
    cmsDeleteTransform(transform);
  }
  if (target != NULL) cmsCloseProfile(target);
  if (source != NULL) cmsCloseProfile(source);
  cmsDeleteContext(context);
  return status;
}

size_t cprofile_of_primaries(int primaries, uint8_t *bytes, size_t capacity) {
  // Rec. ITU-T H.273, table 2; their white is D65.
  static const struct {
    int number;
    cmsCIExyYTRIPLE colors;
  } known[] = {
    {1, {{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}}},
    {9, {{0.708, 0.292, 1}, {0.170, 0.797, 1}, {0.131, 0.046, 1}}},
    {12, {{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}}},
  };
  const cmsCIExyY white = {0.3127, 0.3290, 1};
  cmsContext context = cmsCreateContext(NULL, NULL);
  if (context == NULL) return 0;
  cmsToneCurve *curve = make_curve(context);
  cmsHPROFILE profile = NULL;
  for (size_t i = 0; curve != NULL && i < sizeof known / sizeof known[0]; i++) {
    if (known[i].number != primaries) continue;
    cmsToneCurve *curves[3] = {curve, curve, curve};
    profile = cmsCreateRGBProfileTHR(context, &white, &known[i].colors, curves);
  }
  cmsUInt32Number size = 0;
  if (profile != NULL && (!cmsSaveProfileToMem(profile, NULL, &size) || size > capacity
      || !cmsSaveProfileToMem(profile, bytes, &size))) {
    size = 0;
  }
  if (profile != NULL) cmsCloseProfile(profile);
  if (curve != NULL) cmsFreeToneCurve(curve);
  cmsDeleteContext(context);
  return size;
}
