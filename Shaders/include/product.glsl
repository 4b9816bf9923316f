// The matrix product shared by all kernels that are one: tiles of 64 x 64 outputs in 64 invocations of 8 x 8, or of 32 x
// 64 in as many of 4 x 8, the inner extent in runs of 16 through shared memory.
//
// Define before: `loadLeft(row, k)` and `loadRight(k, column)`, zero outside, where `row` and `column` count from the
// tile's corner; `loadLeftQuad` and `loadRightQuad`, the same for four inner elements from a multiple of four on;
// `prepareLeft(k)`, called before the loads of one `k`, for what they have in common; LEFT_MODE and RIGHT_MODE; PARTS,
// the runs of 32 rows that a tile has. Call `accumulate`, then `shareSums` for each part.
//
// How a tile is loaded: neighbouring invocations read along the other axis, along the inner axis, or along the inner
// axis four elements at once.
const uint ACROSS_INNER = 0;
const uint ALONG_INNER = 1;
const uint ALONG_INNER_QUADS = 2;
const uint TILE = 64;
const uint RUN = 16;

// [k][row or column / 4]: the left tile, then the right one; after the product, half of the sums.
shared vec4 tiles[2 * RUN * TILE / 4];
const uint RIGHT = RUN * TILE / 4;

// Tiles of 32 rows leave the second half unused.
// sums[i][half]: rows 4 * down + i, and 32 more from i = 4 on; columns 4 * across and the three after it, and 32 more
// in the second half, where `down` and `across` are the invocation's place in a grid of 8 x 8.
vec4 sums[8][2];

// The product of inner elements `begin` to `end`; the loads give zero from `end` on.
void accumulate(uint begin, uint end) {
  uint lane = gl_LocalInvocationIndex;
  [[unroll]] for (uint i = 0; i < 8; ++i) {
    sums[i][0] = vec4(0.0);
    sums[i][1] = vec4(0.0);
  }
  for (uint first = begin; first < end; first += RUN) {
    if (LEFT_MODE == ALONG_INNER_QUADS) {
      uint k = (lane & 3u) * 4u;
      prepareLeft(first + k);
      [[unroll]] for (uint i = 0; i < 2 * PARTS; ++i) {
        uint row = (lane >> 2) + 16u * i;
        vec4 values = loadLeftQuad(row, first + k);
        [[unroll]] for (uint j = 0; j < 4; ++j) tiles[(k + j) * 16u + (row >> 2)][row & 3u] = values[j];
      }
    } else if (LEFT_MODE == ALONG_INNER) {
      uint k = lane & 15u;
      prepareLeft(first + k);
      for (uint i = 0; i < 8 * PARTS; ++i) {
        uint row = (lane >> 4) + 4u * i;
        tiles[k * 16u + (row >> 2)][row & 3u] = loadLeft(row, first + k);
      }
    } else {
      for (uint k = 0; k < RUN; ++k) {
        prepareLeft(first + k);
        tiles[k * 16u + (lane >> 2)][lane & 3u] = loadLeft(lane, first + k);
      }
    }
    if (RIGHT_MODE == ALONG_INNER_QUADS) {
      uint k = (lane & 3u) * 4u;
      [[unroll]] for (uint i = 0; i < 4; ++i) {
        uint column = (lane >> 2) + 16u * i;
        vec4 values = loadRightQuad(first + k, column);
        [[unroll]] for (uint j = 0; j < 4; ++j) tiles[RIGHT + (k + j) * 16u + (column >> 2)][column & 3u] = values[j];
      }
    } else if (RIGHT_MODE == ALONG_INNER) {
      uint k = lane & 15u;
      for (uint i = 0; i < 16; ++i) {
        uint column = (lane >> 4) + 4u * i;
        tiles[RIGHT + k * 16u + (column >> 2)][column & 3u] = loadRight(first + k, column);
      }
    } else {
      for (uint k = 0; k < RUN; ++k) {
        tiles[RIGHT + k * 16u + (lane >> 2)][lane & 3u] = loadRight(first + k, lane);
      }
    }
    barrier();
    uint down = lane >> 3;
    uint across = lane & 7u;
    [[unroll]] for (uint k = 0; k < RUN; ++k) {
      vec4 left0 = tiles[k * 16u + down];
      vec4 left1 = PARTS > 1 ? tiles[k * 16u + 8u + down] : vec4(0.0);
      vec4 right0 = tiles[RIGHT + k * 16u + across];
      vec4 right1 = tiles[RIGHT + k * 16u + 8u + across];
      [[unroll]] for (uint i = 0; i < 4; ++i) {
        sums[i][0] += left0[i] * right0;
        sums[i][1] += left0[i] * right1;
        if (PARTS > 1) {
          sums[i + 4][0] += left1[i] * right0;
          sums[i + 4][1] += left1[i] * right1;
        }
      }
    }
    barrier();
  }
}

// Puts the sums of rows 0 to 31 (part 0) or 32 to 63 (part 1) where all invocations see them: what follows the product
// is then one loop over elements, with neighbours storing to neighbours, instead of 64 copies of its code.
void shareSums(uint part) {
  uint down = gl_LocalInvocationIndex >> 3;
  uint across = gl_LocalInvocationIndex & 7u;
  barrier();
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    uint start = (down * 4u + i) * 16u + across;
    tiles[start] = part == 0u ? sums[i][0] : sums[i + 4][0];
    tiles[start + 8u] = part == 0u ? sums[i][1] : sums[i + 4][1];
  }
  barrier();
}

float sharedSum(uint row, uint column) { return tiles[row * 16u + (column >> 2)][column & 3u]; }
