// SPDX-License-Identifier: Apache-2.0

// Pixels of an ICC profile to sRGB, by Little CMS 2.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum cprofile_status {
  CPROFILE_OK = 0,
  /// The profile is sRGB, or so near that no sample would change by more than two: nothing was done.
  CPROFILE_SAME,
  /// The profile cannot be read, or not for pixels of this kind.
  CPROFILE_UNUSABLE,
} cprofile_status;

/// Converts `count` pixels of 1 (grey), 3 (RGB) or 4 (RGBA) channels in place; alpha stays. Relative colorimetric, with
/// the black points matched.
cprofile_status cprofile_to_srgb(
  const uint8_t *profile, size_t profile_size, uint8_t *pixels, size_t count, int channels);

/// Makes the profile of RGB colours with the tone curve of sRGB and the primaries of a number of ITU-T H.273: 1 (sRGB), 9
/// (BT.2020) or 12 (Display P3).
///
/// \param capacity how many bytes there is room for.
/// \return the profile's size; 0 for other primaries, and where it does not fit.
size_t cprofile_of_primaries(int primaries, uint8_t *profile, size_t capacity);
