// Of the loops over all elements: the axes, and the element types of the destination and of up to three sources.
layout(constant_id = 0) const uint RANK = 1;
layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint A_TYPE = 0;
layout(constant_id = 3) const uint B_TYPE = 0;
layout(constant_id = 4) const uint C_TYPE = 0;
// The position of the case of `UnaryFunction` or `BinaryFunction`, or 255 for an affine function.
layout(constant_id = 5) const uint FUNCTION = 0;
// 2 where an invocation takes two neighbours, which lie side by side from an even index on in all operands.
layout(constant_id = 6) const uint STEP = 1;
