// Of the products on matrix units. Four subgroups: four times the device's size, so that each is full.
layout(local_size_x_id = 0) in;
// The shape of the device's matrices; it divides half a tile and, inwards, RUN.
layout(constant_id = 1) const uint MATRIX_ROWS = 16;
layout(constant_id = 2) const uint MATRIX_COLUMNS = 16;
layout(constant_id = 3) const uint MATRIX_INNER = 16;
// 64 or 128.
layout(constant_id = 4) const uint TILE_ROWS = 64;
layout(constant_id = 5) const uint TILE_COLUMNS = 64;
layout(constant_id = 6) const uint OUT_TYPE = 1;
// Of convolutions: as how many pixels along an axis each one is read.
layout(constant_id = 7) const uint UPSAMPLING = 1;
