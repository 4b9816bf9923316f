// SPDX-License-Identifier: Apache-2.0

/// A stretch of device memory from which a pool hands out parts: a whole block, or what another pool lends.
///
/// Used under the pool's lock only.
final class MemorySlab {
  let block: MemoryBlock
  let range: Range<Int>
  /// What another pool lends; it goes back with this object.
  private let loan: VulkanBuffer?
  /// The free ranges, by offset; neighbours are merged.
  private(set) var free: [Range<Int>]

  /// All of a block.
  init(_ block: MemoryBlock) {
    self.block = block
    range = 0..<block.byteCount
    loan = nil
    free = [range]
  }

  /// What another pool lends.
  init(_ loan: VulkanBuffer) {
    block = loan.block
    range = loan.range
    self.loan = loan
    free = [range]
  }

  var isUnused: Bool { free == [range] }

  /// The smallest free range that holds that many bytes.
  func bestFit(_ byteCount: Int) -> Range<Int>? {
    free.filter { $0.count >= byteCount }.min { $0.count < $1.count }
  }

  /// Takes the first bytes of a free range.
  func take(_ byteCount: Int, from range: Range<Int>) {
    guard let index = free.firstIndex(of: range) else { return }
    if range.count == byteCount {
      free.remove(at: index)
    } else {
      free[index] = range.lowerBound + byteCount..<range.upperBound
    }
  }

  /// Gives a range back.
  func release(_ range: Range<Int>) {
    var merged = range
    var position = free.firstIndex { $0.lowerBound >= range.lowerBound } ?? free.count
    if position < free.count, free[position].lowerBound == merged.upperBound {
      merged = merged.lowerBound..<free[position].upperBound
      free.remove(at: position)
    }
    if position > 0, free[position - 1].upperBound == merged.lowerBound {
      merged = free[position - 1].lowerBound..<merged.upperBound
      free.remove(at: position - 1)
      position -= 1
    }
    free.insert(merged, at: position)
  }
}
