// SPDX-License-Identifier: Apache-2.0

// Data for reading prompts, part of the program's read-only data. THIRD-PARTY.md says where it comes from.
#pragma once
#include <stddef.h>

// bpe_simple_vocab_16e6.txt.gz of OpenAI's CLIP: a gzip file of merges, and how many bytes it has.
const unsigned char *irodori_text_vocabulary(size_t *size);

// Tables of data/make_tables.py: a line each, a name or a code point and the code points that it stands for.
typedef enum {
  irodori_table_entities,
  irodori_table_compositions,
  irodori_table_widths,
} irodori_table;

const unsigned char *irodori_text_table(irodori_table table, size_t *size);
