// Of the kernels of derivatives: which of its results a kernel makes, or the position of the case of `Activation`.
layout(constant_id = 1) const uint VARIANT = 0;
// Of attention: how many channels an invocation sums, for four rows: a multiple of four.
layout(constant_id = 2) const uint CHANNELS = 8;
