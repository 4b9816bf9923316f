// Of the products in the registers of a subgroup, which is a group of invocations.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint LEFT_TYPE = 0;
layout(constant_id = 3) const uint RIGHT_TYPE = 0;
// Whether pairs along the inner axis are neighbours that begin at an even index.
layout(constant_id = 4) const bool LEFT_PAIRED = true;
layout(constant_id = 5) const bool RIGHT_PAIRED = true;
// The pairs of columns of an invocation.
layout(constant_id = 6) const uint PAIRS = 2;
// Of convolutions: as how many pixels along an axis each one is read.
layout(constant_id = 7) const uint UPSAMPLING = 1;
// Of gated products: whether pairs of outputs are neighbours that begin at an even index.
layout(constant_id = 8) const bool OUT_PAIRED = true;
