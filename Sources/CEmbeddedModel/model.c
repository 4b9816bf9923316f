// SPDX-License-Identifier: Apache-2.0

#include "CEmbeddedModel.h"

// #embed (C23) and not a resource bundle: a bundle is lost when a program is moved away from its build folder.
#pragma clang diagnostic ignored "-Wc23-extensions"

_Alignas(64) static const unsigned char weights[] = {
#embed "data/model.safetensors"
};

static const unsigned char configuration[] = {
#embed "data/config.json"
};

const void *irodori_embedded_weights(void) { return weights; }
size_t irodori_embedded_weights_size(void) { return sizeof weights; }
const void *irodori_embedded_configuration(void) { return configuration; }
size_t irodori_embedded_configuration_size(void) { return sizeof configuration; }
