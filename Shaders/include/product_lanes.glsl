// A tile of ROWS rows by 2 * PAIRS columns for each invocation: columns 2 * lane and 2 * lane + 1 of each run of
// 2 * WIDTH columns.
//
// Define before: `prepareRun(k)`, called with the inner index of the first element that this invocation holds of the
// left operand; `loadLeft(row, k)` and `loadRight(k, column)`, pairs along the inner axis, zero outside; `row` counts
// from the tile's first, `column` from 0 to 2 * PAIRS - 1.
float sums[ROWS][2 * PAIRS];

uint lane() { return gl_SubgroupInvocationID; }

// The column of the tile that the invocation's column `j` is.
uint columnOf(uint j) { return (j >> 1) * 2u * WIDTH + 2u * lane() + (j & 1u); }

#define PRODUCT_STEP(L)                                                                         \
  {                                                                                             \
    vec2 right[2 * PAIRS];                                                                      \
    [[unroll]] for (uint j = 0; j < 2 * PAIRS; ++j) right[j] = loadRight(first + 2u * L, j);    \
    [[unroll]] for (uint i = 0; i < ROWS; ++i) {                                                \
      vec2 value = subgroupBroadcast(left[i], L);                                               \
      [[unroll]] for (uint j = 0; j < 2 * PAIRS; ++j) {                                         \
        sums[i][j] += value.x * right[j].x;                                                     \
        sums[i][j] += value.y * right[j].y;                                                     \
      }                                                                                         \
    }                                                                                           \
  }

void accumulate(uint inner) {
  [[unroll]] for (uint i = 0; i < ROWS; ++i) {
    [[unroll]] for (uint j = 0; j < 2 * PAIRS; ++j) sums[i][j] = 0.0;
  }
  for (uint first = 0; first < inner; first += RUN) {
    uint k = first + 2u * lane();
    prepareRun(k);
    vec2 left[ROWS];
    [[unroll]] for (uint i = 0; i < ROWS; ++i) {
      left[i] = vec2(0.0);
      if (lane() < HOLDERS) left[i] = loadLeft(i, k);
    }
    FOR_EACH_STEP(PRODUCT_STEP)
  }
}
