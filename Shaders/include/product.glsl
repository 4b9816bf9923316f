// The matrix product shared by all kernels that are one: tiles of 64 x 64 outputs in 64 invocations of 8 x 8, the inner
// extent in runs of 16 through shared memory.
//
// Define before: `loadLeft(row, k)` and `loadRight(k, column)`, zero outside; call `accumulate`. `row` and `column` count
// from the tile's corner. LEFT_ALONG_K and RIGHT_ALONG_K say along which axis neighbouring invocations should read.
const uint TILE = 64;
const uint RUN = 16;

// [k][row or column / 4]
shared vec4 leftTile[RUN * TILE / 4];
shared vec4 rightTile[RUN * TILE / 4];

// sums[i][half]: row `tileRow(i)`, columns `tileColumn(4 * half)` and the three after it.
vec4 sums[8][2];

uint tileRow(uint i) { return (i >> 2) * 32u + (gl_LocalInvocationIndex >> 3) * 4u + (i & 3u); }
uint tileColumn(uint j) { return (j >> 2) * 32u + (gl_LocalInvocationIndex & 7u) * 4u + (j & 3u); }

void accumulate(uint inner) {
  uint lane = gl_LocalInvocationIndex;
  [[unroll]] for (uint i = 0; i < 8; ++i) {
    sums[i][0] = vec4(0.0);
    sums[i][1] = vec4(0.0);
  }
  for (uint first = 0; first < inner; first += RUN) {
    if (LEFT_ALONG_K) {
      uint k = lane & 15u;
      [[unroll]] for (uint i = 0; i < 16; ++i) {
        uint row = (lane >> 4) + 4u * i;
        leftTile[k * 16u + (row >> 2)][row & 3u] = loadLeft(row, first + k);
      }
    } else {
      [[unroll]] for (uint k = 0; k < RUN; ++k) leftTile[k * 16u + (lane >> 2)][lane & 3u] = loadLeft(lane, first + k);
    }
    if (RIGHT_ALONG_K) {
      uint k = lane & 15u;
      [[unroll]] for (uint i = 0; i < 16; ++i) {
        uint column = (lane >> 4) + 4u * i;
        rightTile[k * 16u + (column >> 2)][column & 3u] = loadRight(first + k, column);
      }
    } else {
      [[unroll]] for (uint k = 0; k < RUN; ++k) {
        rightTile[k * 16u + (lane >> 2)][lane & 3u] = loadRight(first + k, lane);
      }
    }
    barrier();
    uint down = lane >> 3;
    uint across = lane & 7u;
    [[unroll]] for (uint k = 0; k < RUN; ++k) {
      vec4 left0 = leftTile[k * 16u + down];
      vec4 left1 = leftTile[k * 16u + 8u + down];
      vec4 right0 = rightTile[k * 16u + across];
      vec4 right1 = rightTile[k * 16u + 8u + across];
      [[unroll]] for (uint i = 0; i < 4; ++i) {
        sums[i][0] += left0[i] * right0;
        sums[i][1] += left0[i] * right1;
        sums[i + 4][0] += left1[i] * right0;
        sums[i + 4][1] += left1[i] * right1;
      }
    }
    barrier();
  }
}
