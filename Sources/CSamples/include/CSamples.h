// SPDX-License-Identifier: Apache-2.0

// The embedded samples: PNG files in the program's read-only data. A cel drawn by code, a reference and where the figure
// is in each; and two drawings of Open Clip Art (public domain): the line art, and the same drawing turned and mirrored as
// reference.
#pragma once
#include <stddef.h>

typedef enum {
  irodori_sample_sketch,
  irodori_sample_reference,
  irodori_sample_sketch_mask,
  irodori_sample_reference_mask,
  irodori_sample_head_sketch,
  irodori_sample_head_reference,
  irodori_sample_lion_sketch,
  irodori_sample_lion_reference,
} irodori_sample;

// The bytes of the file, and how many there are.
const unsigned char *irodori_sample_file(irodori_sample sample, size_t *size);
