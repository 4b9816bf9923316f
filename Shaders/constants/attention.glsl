// Of attention through shared memory.
layout(constant_id = 0) const uint OUT_TYPE = 0;
layout(constant_id = 1) const uint Q_TYPE = 0;
layout(constant_id = 2) const uint K_TYPE = 0;
layout(constant_id = 3) const uint V_TYPE = 0;
// How many channels each invocation sums, for four queries: a multiple of four.
layout(constant_id = 4) const uint CHANNELS = 8;
