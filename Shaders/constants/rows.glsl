// Of the kernels with a group of invocations for each row. A power of two.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OUT_TYPE = 0;
layout(constant_id = 2) const uint X_TYPE = 0;
// The position of the case of `Reduction`.
layout(constant_id = 3) const uint REDUCTION = 0;
// Whether a group is one subgroup, so that nothing needs to be shared.
layout(constant_id = 4) const bool ONE_SUBGROUP = false;
// 2 where an invocation takes two columns at a time, which lie side by side from an even index on in all operands.
layout(constant_id = 5) const uint STEP = 1;
// How many times STEP columns an invocation keeps in registers; 0 if a row has too many, which is then read three times.
layout(constant_id = 6) const uint HELD = 0;
