// Of the kernels with an invocation for each output: the element types of it and of up to two sources.
layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint LEFT_TYPE = 0;
layout(constant_id = 3) const uint RIGHT_TYPE = 0;
// Of `pool.comp`: the maximum, the mean, or the mean with the padding as zeros.
layout(constant_id = 4) const uint POOLING = 0;
