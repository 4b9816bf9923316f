// SPDX-License-Identifier: Apache-2.0

/// The middle value, the mean of the middle two of an even number; nil of none. Values are finite.
public func median(_ values: [Double]) -> Double? {
  guard !values.isEmpty else { return nil }
  var values = values
  let middle = values.count / 2
  select(middle, in: &values)
  guard values.count % 2 == 0, let below = values[..<middle].max() else { return values[middle] }
  return (below + values[middle]) / 2
}

/// Puts the value that would stand at `index` of the sorted array there, none larger before it and none smaller after
/// it: Hoare's selection, which takes time in proportion to the number of values where sorting takes more.
private func select(_ index: Int, in values: inout [Double]) {
  var (low, high) = (0, values.count - 1)
  while low < high {
    let pivot = values[(low + high) / 2]
    var (left, right) = (low, high)
    while left <= right {
      while values[left] < pivot { left += 1 }
      while values[right] > pivot { right -= 1 }
      if left <= right {
        values.swapAt(left, right)
        left += 1
        right -= 1
      }
    }
    if index <= right {
      high = right
    } else if index >= left {
      low = left
    } else {
      return
    }
  }
}
