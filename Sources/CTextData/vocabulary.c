// SPDX-License-Identifier: Apache-2.0

#include "CTextData.h"

// #embed (C23) and not a resource bundle: a bundle is lost when a program is moved away from its build folder.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char vocabulary[] = {
#embed "data/bpe_simple_vocab_16e6.txt.gz"
};

const unsigned char *irodori_text_vocabulary(size_t *size) {
  *size = sizeof vocabulary;
  return vocabulary;
}
