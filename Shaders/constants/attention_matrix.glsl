// Of attention on matrix units. Four subgroups: four times the device's size, so that each is full.
layout(local_size_x_id = 0) in;
// The shape of the device's matrices, which have 16 rows; columns and inner extent divide 32.
layout(constant_id = 1) const uint MATRIX_COLUMNS = 16;
layout(constant_id = 2) const uint MATRIX_INNER = 16;
// The channels of a head, rounded up to a multiple of 32.
layout(constant_id = 3) const uint DEPTH = 64;
layout(constant_id = 4) const uint OUT_TYPE = 1;
