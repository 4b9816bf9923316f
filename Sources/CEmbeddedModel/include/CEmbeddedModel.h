// SPDX-License-Identifier: Apache-2.0

// The embedded default model: data/model.safetensors and data/config.json, part of the program's read-only data.
#pragma once
#include <stddef.h>

const void *irodori_embedded_weights(void);
size_t irodori_embedded_weights_size(void);
const void *irodori_embedded_configuration(void);
size_t irodori_embedded_configuration_size(void);
