// The matrix product of 16-bit operands on matrix units (VK_KHR_cooperative_matrix): f16 in, sums in f32.
//
// A group of four subgroups makes a tile of TILE_ROWS by TILE_COLUMNS outputs, each subgroup a quarter of it in a grid
// of 2 x 2. The inner extent goes in runs of 32 through shared memory, 16 bytes a load; the next run is on its way in
// registers while the matrix units work on the last.
//
// Define after: `loadLeft(i, row, k, end)` and `loadRight(k, column, end)`, eight elements along the inner axis from a
// multiple of eight on, zero from `end` on and outside; `row` and `column` count from the tile's corner, `i` counts the
// loads of this invocation in a run; `prepareLeft(k)`, called before them: they have `k` in common. Call `accumulate`,
// then for each strip `shareStrip`, which all invocations must reach.
//
// With EMULATED, the matrices are arrays spread over the invocations of a quarter of the group, so that any device can
// run everything else here: staging, edges, what follows the product.
#ifndef EMULATED
#pragma use_vulkan_memory_model
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif

// Four subgroups: the specialisation is four times the device's size, so that each is full.
const uint THREADS = gl_WorkGroupSize.x;
const uint RUN = 32;

// A row of a tile in words of 16 bytes: a run, and one word so that rows start in different banks. Loads and stores of
// matrices begin at words, and rows lie whole words apart, as the extension wants it (16 bytes).
const uint PITCH = RUN / 8 + 1;
const uint QUARTER_ROWS = TILE_ROWS / 2;
const uint QUARTER_COLUMNS = TILE_COLUMNS / 2;
const uint DOWN = QUARTER_ROWS / MATRIX_ROWS;
const uint ACROSS = QUARTER_COLUMNS / MATRIX_COLUMNS;

// The left tile, then the right one; after the product, one strip of MATRIX_ROWS rows of each subgroup's sums in f32,
// which is never larger: 4 * 16 * (32 / 4 + 1) words to 128 * 5, 4 * 16 * (64 / 4 + 1) to 256 * 5.
shared uvec4 tiles[(TILE_ROWS + TILE_COLUMNS) * PITCH];
const uint STRIP_PITCH = QUARTER_COLUMNS / 4 + 1;

#ifdef EMULATED

const uint SHARE = MATRIX_ROWS * MATRIX_COLUMNS / (THREADS / 4);
float sums[DOWN * ACROSS][SHARE];

uint quarterOf() { return gl_LocalInvocationIndex / (THREADS / 4); }
uint elementOf(uint e) { return gl_LocalInvocationIndex % (THREADS / 4) + e * (THREADS / 4); }

void clearSums() {
  for (uint i = 0; i < DOWN * ACROSS; ++i) {
    for (uint e = 0; e < SHARE; ++e) sums[i][e] = 0.0;
  }
}

float half_at(uint word, uint k) {
  return uintBitsToFloat(widen(tiles[word + k / 8][k / 2 % 4], k, TYPE_F16));
}

// The sums of a quarter plus the product of the MATRIX_INNER columns of the tiles that begin at the given words.
void multiplyAdd(uint leftWord, uint rightWord) {
  for (uint i = 0; i < DOWN; ++i) {
    for (uint j = 0; j < ACROSS; ++j) {
      for (uint e = 0; e < SHARE; ++e) {
        uint row = i * MATRIX_ROWS + elementOf(e) / MATRIX_COLUMNS;
        uint column = j * MATRIX_COLUMNS + elementOf(e) % MATRIX_COLUMNS;
        // Unrolled, since some devices in software end all loops of an invocation after 65535 rounds together.
        [[unroll]] for (uint k = 0; k < MATRIX_INNER; ++k) {
          sums[i * ACROSS + j][e] += half_at(leftWord + row * PITCH, k) * half_at(rightWord + column * PITCH, k);
        }
      }
    }
  }
}

void storeSum(uint i, uint word) {
  for (uint e = 0; e < SHARE; ++e) {
    uint column = elementOf(e) % MATRIX_COLUMNS;
    uint target = word + elementOf(e) / MATRIX_COLUMNS * STRIP_PITCH + column / 4;
    tiles[target][column % 4] = floatBitsToUint(sums[i][e]);
  }
}

#else

coopmat<float, gl_ScopeSubgroup, MATRIX_ROWS, MATRIX_COLUMNS, gl_MatrixUseAccumulator> sums[DOWN * ACROSS];

uint quarterOf() { return gl_SubgroupID; }

void clearSums() {
  [[unroll]] for (uint i = 0; i < DOWN * ACROSS; ++i) {
    sums[i] = coopmat<float, gl_ScopeSubgroup, MATRIX_ROWS, MATRIX_COLUMNS, gl_MatrixUseAccumulator>(0.0);
  }
}

// The sums of a quarter plus the product of the MATRIX_INNER columns of the tiles that begin at the given words.
void multiplyAdd(uint leftWord, uint rightWord) {
  coopmat<float16_t, gl_ScopeSubgroup, MATRIX_ROWS, MATRIX_INNER, gl_MatrixUseA> left[DOWN];
  [[unroll]] for (uint i = 0; i < DOWN; ++i) {
    coopMatLoad(left[i], tiles, leftWord + i * MATRIX_ROWS * PITCH, PITCH, gl_CooperativeMatrixLayoutRowMajor);
  }
  [[unroll]] for (uint j = 0; j < ACROSS; ++j) {
    // The tile holds columns as rows.
    coopmat<float16_t, gl_ScopeSubgroup, MATRIX_INNER, MATRIX_COLUMNS, gl_MatrixUseB> right;
    coopMatLoad(right, tiles, rightWord + j * MATRIX_COLUMNS * PITCH, PITCH, gl_CooperativeMatrixLayoutColumnMajor);
    [[unroll]] for (uint i = 0; i < DOWN; ++i) {
      sums[i * ACROSS + j] = coopMatMulAdd(left[i], right, sums[i * ACROSS + j]);
    }
  }
}

void storeSum(uint i, uint word) {
  coopMatStore(sums[i], tiles, word, STRIP_PITCH, gl_CooperativeMatrixLayoutRowMajor);
}

#endif

// What an invocation brings of each tile: the words `gl_LocalInvocationIndex + i * THREADS`, four to a row.
const uint LEFT_WORDS = (TILE_ROWS * (RUN / 8) + THREADS - 1) / THREADS;
const uint RIGHT_WORDS = (TILE_COLUMNS * (RUN / 8) + THREADS - 1) / THREADS;
uint wordOf(uint i) { return gl_LocalInvocationIndex + i * THREADS; }
// THREADS is a multiple of four, so that all words of an invocation have the same place in their rows.
uint placeOf() { return gl_LocalInvocationIndex % (RUN / 8); }

void prepareLeft(uint k);
uvec4 loadLeft(uint i, uint row, uint k, uint end);
uvec4 loadRight(uint k, uint column, uint end);

uvec4 nextLeft[LEFT_WORDS];
uvec4 nextRight[RIGHT_WORDS];

void loadRun(uint first, uint end) {
  uint k = first + placeOf() * 8u;
  prepareLeft(k);
  [[unroll]] for (uint i = 0; i < LEFT_WORDS; ++i) nextLeft[i] = loadLeft(i, wordOf(i) / (RUN / 8), k, end);
  [[unroll]] for (uint i = 0; i < RIGHT_WORDS; ++i) nextRight[i] = loadRight(k, wordOf(i) / (RUN / 8), end);
}

void accumulate(uint begin, uint end) {
  uint leftWord = (quarterOf() >> 1) * QUARTER_ROWS * PITCH;
  uint rightWord = (TILE_ROWS + (quarterOf() & 1u) * QUARTER_COLUMNS) * PITCH;
  clearSums();
  loadRun(begin, end);
  for (uint first = begin; first < end; first += RUN) {
    // All have read the run before.
    barrier();
    [[unroll]] for (uint i = 0; i < LEFT_WORDS; ++i) {
      uint row = wordOf(i) / (RUN / 8);
      if (row < TILE_ROWS) tiles[row * PITCH + placeOf()] = nextLeft[i];
    }
    [[unroll]] for (uint i = 0; i < RIGHT_WORDS; ++i) {
      uint column = wordOf(i) / (RUN / 8);
      if (column < TILE_COLUMNS) tiles[(TILE_ROWS + column) * PITCH + placeOf()] = nextRight[i];
    }
    barrier();
    // Beyond the end the loads give zeros and touch nothing.
    loadRun(first + RUN, end);
    [[unroll]] for (uint k = 0; k < RUN; k += MATRIX_INNER) multiplyAdd(leftWord + k / 8, rightWord + k / 8);
  }
}

// Puts a strip of MATRIX_ROWS rows of each quarter where all invocations see it.
void shareStrip(uint strip) {
  barrier();
  uint start = quarterOf() * MATRIX_ROWS * STRIP_PITCH;
  [[unroll]] for (uint j = 0; j < ACROSS; ++j) storeSum(strip * ACROSS + j, start + j * MATRIX_COLUMNS / 4);
  barrier();
}

// An element of the shared strips.
float sharedSum(uint quarter, uint row, uint column) {
  return uintBitsToFloat(tiles[(quarter * MATRIX_ROWS + row) * STRIP_PITCH + (column >> 2)][column & 3u]);
}
