// SPDX-License-Identifier: Apache-2.0

#include "CSamples.h"

// #embed (C23) and not a resource bundle: a bundle is lost when a program is moved away from its build folder.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char sketch[] = {
#embed "data/sketch.png"
};

static const unsigned char reference[] = {
#embed "data/reference.png"
};

static const unsigned char sketch_mask[] = {
#embed "data/sketch_mask.png"
};

static const unsigned char reference_mask[] = {
#embed "data/reference_mask.png"
};

static const unsigned char head_sketch[] = {
#embed "data/head-sketch.png"
};

static const unsigned char head_reference[] = {
#embed "data/head-reference.png"
};

static const unsigned char lion_sketch[] = {
#embed "data/lion-sketch.png"
};

static const unsigned char lion_reference[] = {
#embed "data/lion-reference.png"
};

const unsigned char *irodori_sample_file(irodori_sample sample, size_t *size) {
  switch (sample) {
  case irodori_sample_sketch: *size = sizeof sketch; return sketch;
  case irodori_sample_reference: *size = sizeof reference; return reference;
  case irodori_sample_sketch_mask: *size = sizeof sketch_mask; return sketch_mask;
  case irodori_sample_reference_mask: *size = sizeof reference_mask; return reference_mask;
  case irodori_sample_head_sketch: *size = sizeof head_sketch; return head_sketch;
  case irodori_sample_head_reference: *size = sizeof head_reference; return head_reference;
  case irodori_sample_lion_sketch: *size = sizeof lion_sketch; return lion_sketch;
  case irodori_sample_lion_reference: *size = sizeof lion_reference; return lion_reference;
  }
  *size = 0;
  return NULL;
}
