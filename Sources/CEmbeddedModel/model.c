#include "CEmbeddedModel.h"
