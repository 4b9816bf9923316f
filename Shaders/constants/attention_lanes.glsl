// Of attention in the registers of a subgroup, which is a group of invocations.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint Q_TYPE = 0;
layout(constant_id = 3) const uint K_TYPE = 0;
layout(constant_id = 4) const uint V_TYPE = 0;
// Whether pairs of channels of the queries and keys, of the values, and of the outputs, are neighbours that begin at
// an even index.
layout(constant_id = 5) const bool QK_PAIRED = true;
layout(constant_id = 6) const bool V_PAIRED = true;
layout(constant_id = 7) const bool OUT_PAIRED = true;
