// SPDX-License-Identifier: Apache-2.0

/// Which freed blocks are kept for the next buffer of about the same size, which of them serves, and which have to go.
///
/// The rules alone, without the memory: the pool of the backend and its count of memory before a job follow the same.
package struct BlockCache {
  package struct Block: Sendable, Equatable {
    package let address: UInt
    package let capacity: Int

    package init(address: UInt, capacity: Int) {
      self.address = address
      self.capacity = capacity
    }
  }

  /// In the order in which they were freed.
  package private(set) var blocks: [Block] = []
  /// The bytes of all kept blocks.
  package private(set) var byteCount = 0
  /// How much is kept at most, in bytes and in blocks.
  package private(set) var byteLimit: Int
  package private(set) var blockLimit: Int
  /// Whether blocks of other sizes go before new ones are taken, see ``makeRoom(for:live:mostLive:)``.
  package private(set) var followsUse = false

  package init(byteLimit: Int, blockLimit: Int = 1024) {
    self.byteLimit = byteLimit
    self.blockLimit = blockLimit
  }

  /// Keeps more from now on, but no more than what is in use at the most asks for.
  package mutating func raiseLimits(byteLimit: Int, blockLimit: Int) {
    followsUse = true
    self.byteLimit = max(self.byteLimit, byteLimit)
    self.blockLimit = max(self.blockLimit, blockLimit)
  }

  /// Takes out the smallest block that holds the capacity and not a quarter more; among equals the one freed last,
  /// which may still be in the processor's cache.
  package mutating func take(_ capacity: Int) -> Block? {
    var best: Int?
    for index in blocks.indices.reversed() {
      let candidate = blocks[index].capacity
      guard candidate >= capacity, candidate <= capacity + capacity / 4 else { continue }
      if let best, blocks[best].capacity <= candidate { continue }
      best = index
      if candidate == capacity { break }
    }
    guard let best else { return nil }
    let block = blocks.remove(at: best)
    byteCount -= block.capacity
    return block
  }

  /// Keeps a block and gives those that make room for it, freed longest ago: a network's levels differ in their sizes,
  /// and what the level before left is not what this one asks for.
  package mutating func put(_ block: Block) -> [Block] {
    guard block.capacity <= byteLimit else { return [block] }
    blocks.append(block)
    byteCount += block.capacity
    var count = 0
    while byteCount > byteLimit || blocks.count - count > blockLimit {
      byteCount -= blocks[count].capacity
      count += 1
    }
    defer { blocks.removeFirst(count) }
    return Array(blocks.prefix(count))
  }

  /// Before a new block is taken: gives those that were freed longest ago, as long as all blocks would be more than half
  /// above the most that was ever in use. With less to spare, sizes that come back in every step go and are taken anew, and
  /// clearing pages costs a training step a fifth of its time.
  ///
  /// - Parameters:
  ///   - live: the bytes in use.
  ///   - mostLive: the most that ever were.
  package mutating func makeRoom(for capacity: Int, live: Int, mostLive: Int) -> [Block] {
    guard followsUse else { return [] }
    let most = max(mostLive, live + capacity)
    let bound = most + most / 2
    var count = 0
    while count < blocks.count, byteCount + live + capacity > bound {
      byteCount -= blocks[count].capacity
      count += 1
    }
    defer { blocks.removeFirst(count) }
    return Array(blocks.prefix(count))
  }

  /// Gives all blocks.
  package mutating func removeAll() -> [Block] {
    defer {
      blocks = []
      byteCount = 0
    }
    return blocks
  }

  /// Rounds up to an eighth of a power of two, so that near sizes share blocks and at most an eighth is wasted.
  package static func capacity(for byteCount: Int) -> Int {
    let size = max(byteCount, 64)
    let step = max(64, 1 << (Int.bitWidth - 1 - size.leadingZeroBitCount - 3))
    return size.roundedUp(toMultipleOf: step)
  }
}
