// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension View {
  /// The axes that count: those of more than one element, the longest stride first.
  private var axes: [(extent: Int, stride: Int)] {
    (0..<shape.rank).filter { shape[$0] != 1 }.map { (shape[$0], strides[$0]) }.sorted { $0.stride > $1.stride }
  }

  /// Whether no two indices can be told to name the same element. Every view that slicing, reordering and reshaping
  /// make of a tensor is injective; one that repeats elements is not.
  var isInjective: Bool {
    if shape.elementCount == 0 { return true }
    let axes = self.axes
    var span = 1
    for axis in axes.reversed() {
      guard axis.stride >= span else { return false }
      span = axis.stride * (axis.extent - 1) + span
    }
    return true
  }

  /// One past the distance from the first to the last element, of the axes with a stride below `limit`.
  private func span(below limit: Int) -> Int {
    axes.reduce(1) { $1.stride < limit ? $0 + ($1.extent - 1) * $1.stride : $0 }
  }

  /// Whether no element is in both views. Slices of one tensor along an axis are told apart; where that is too hard to
  /// see, the answer is false.
  func isDisjoint(from other: View) -> Bool {
    if shape.elementCount == 0 || other.shape.elementCount == 0 { return true }
    // Seen in rows of `period` elements, both keep to their own columns, or to their own rows if there is one row only.
    let periods = Set(axes.map(\.stride) + other.axes.map(\.stride)).filter { $0 > 1 } + [Int.max]
    return periods.contains { period in
      let aligned = (axes + other.axes).allSatisfy { $0.stride < period || $0.stride % period == 0 }
      guard aligned else { return false }
      let (start, otherStart) = (offset % period, other.offset % period)
      let (end, otherEnd) = (start + span(below: period), otherStart + other.span(below: period))
      guard period == .max || (end <= period && otherEnd <= period) else { return false }
      return end <= otherStart || otherEnd <= start
    }
  }
}
