// SPDX-License-Identifier: Apache-2.0

#include "CFigureModel.h"

// #embed (C23) and not a resource bundle: a bundle is lost when a program is moved away from its build folder.
#pragma clang diagnostic ignored "-Wc23-extensions"

_Alignas(64) static const unsigned char weights[] = {
#embed "data/figure.safetensors"
};

const void *irodori_figure_weights(void) { return weights; }
size_t irodori_figure_weights_size(void) { return sizeof weights; }
