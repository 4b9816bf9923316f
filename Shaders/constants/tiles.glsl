// Of the products in tiles through shared memory. The element types.
layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint LEFT_TYPE = 0;
layout(constant_id = 3) const uint RIGHT_TYPE = 0;
// How a tile is loaded, see `product.glsl`.
layout(constant_id = 4) const uint LEFT_MODE = 1;
layout(constant_id = 5) const uint RIGHT_MODE = 1;
// The runs of 32 rows that a tile has.
layout(constant_id = 6) const uint PARTS = 2;
// Of convolutions: as how many pixels along an axis each one is read.
layout(constant_id = 7) const uint UPSAMPLING = 1;
