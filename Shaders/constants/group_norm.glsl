// Of the last pass of a group norm.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint X_TYPE = 0;
// The position of the case of `Activation`.
layout(constant_id = 3) const uint ACTIVATION = 0;
// 2 where an invocation takes two channels, which are of one group and lie side by side from an even index on in all
// operands.
layout(constant_id = 4) const uint STEP = 1;
