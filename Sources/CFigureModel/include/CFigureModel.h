// SPDX-License-Identifier: Apache-2.0

// The network that finds figures: data/figure.safetensors, part of the program's read-only data.
#pragma once
#include <stddef.h>

const void *irodori_figure_weights(void);
size_t irodori_figure_weights_size(void);
