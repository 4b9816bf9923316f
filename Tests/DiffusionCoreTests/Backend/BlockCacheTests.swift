// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

/// Which freed blocks are kept, which serve and which go.
struct BlockCacheTests {
  private func cache(_ capacities: [Int], byteLimit: Int = 1 << 30, blockLimit: Int = 100) -> BlockCache {
    var cache = BlockCache(byteLimit: byteLimit, blockLimit: blockLimit)
    for (index, capacity) in capacities.enumerated() {
      _ = cache.put(BlockCache.Block(address: UInt(index + 1), capacity: capacity))
    }
    return cache
  }

  @Test func theBestFitServesUpToAQuarterMore() {
    var blocks = cache([2000, 1250, 1251, 1100, 999])
    #expect(blocks.take(1000)?.capacity == 1100)
    #expect(blocks.take(1000)?.capacity == 1250)
    #expect(blocks.take(1000) == nil)
    #expect(blocks.byteCount == 2000 + 1251 + 999)
  }

  @Test func amongEqualsTheLastOneServes() {
    var blocks = cache([1000, 1000, 1000])
    #expect(blocks.take(1000)?.address == 3)
    #expect(blocks.take(900)?.address == 2)
  }

  @Test func theOldestMakeRoom() {
    var blocks = cache([300, 400, 200], byteLimit: 1000)
    #expect(blocks.put(BlockCache.Block(address: 9, capacity: 500)).map(\.address) == [1, 2])
    #expect(blocks.byteCount == 700)
    #expect(blocks.put(BlockCache.Block(address: 10, capacity: 1001)).map(\.address) == [10])
    #expect(blocks.blocks.map(\.address) == [3, 9])
    var many = cache([1, 2, 3], blockLimit: 3)
    #expect(many.put(BlockCache.Block(address: 9, capacity: 4)).map(\.capacity) == [1])
    #expect(many.removeAll().map(\.capacity) == [2, 3, 4])
    #expect(many.byteCount == 0 && many.blocks.isEmpty)
  }

  @Test func whatIsKeptFollowsWhatIsUsed() {
    var blocks = cache([300, 400, 200])
    #expect(blocks.makeRoom(for: 500, live: 100, mostLive: 100).isEmpty)
    blocks.raiseLimits(byteLimit: 1 << 30, blockLimit: 100)
    // 1600 would be had, at most 1050 may: the oldest two are too much.
    #expect(blocks.makeRoom(for: 500, live: 200, mostLive: 600).map(\.address) == [1, 2])
    #expect(blocks.byteCount == 200)
    #expect(blocks.makeRoom(for: 500, live: 200, mostLive: 600).isEmpty)
  }

  @Test func capacitiesAreEighthsOfPowersOfTwo() {
    #expect(BlockCache.capacity(for: 0) == 64)
    #expect(BlockCache.capacity(for: 65) == 128)
    #expect(BlockCache.capacity(for: 1 << 20) == 1 << 20)
    #expect(BlockCache.capacity(for: (1 << 20) + 1) == (1 << 20) + (1 << 17))
    for size in stride(from: 1000, to: 1 << 24, by: 12_345) {
      let capacity = BlockCache.capacity(for: size)
      #expect(capacity >= size && capacity <= size + size / 8 + 64)
    }
  }
}
