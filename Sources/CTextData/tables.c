// SPDX-License-Identifier: Apache-2.0

#include "CTextData.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char entities[] = {
#embed "data/html-entities.txt"
};

static const unsigned char compositions[] = {
#embed "data/compositions.txt"
};

static const unsigned char widths[] = {
#embed "data/widths.txt"
};

const unsigned char *irodori_text_table(irodori_table table, size_t *size) {
  switch (table) {
  case irodori_table_entities: *size = sizeof entities; return entities;
  case irodori_table_compositions: *size = sizeof compositions; return compositions;
  case irodori_table_widths: *size = sizeof widths; return widths;
  }
  *size = 0;
  return NULL;
}
