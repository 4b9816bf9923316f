// The embedded sample: a drawing, a reference and where the figure is in each; PNG files in the program's read-only data.
#pragma once
#include <stddef.h>

typedef enum {
  irodori_sample_sketch,
  irodori_sample_reference,
  irodori_sample_sketch_mask,
  irodori_sample_reference_mask,
} irodori_sample;

// The bytes of the file, and how many there are.
const unsigned char *irodori_sample_file(irodori_sample sample, size_t *size);
