// SPDX-License-Identifier: Apache-2.0

/// How the elements of a tensor lie in its buffer: `element(i...) = buffer[offset + sum(i_k * strides_k)]`.
public struct View: Sendable, Hashable {
  /// The extents.
  public let shape: Shape
  /// The distance between neighbours along each axis, in elements; 0 repeats (broadcasts) an element.
  public let strides: [Int]
  /// The position of the first element, in elements.
  public let offset: Int

  /// A view with explicit strides.
  public init(shape: Shape, strides: [Int], offset: Int = 0) {
    precondition(strides.count == shape.rank, "\(strides.count) strides for \(shape)")
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  /// A row-major view without gaps.
  public init(contiguous shape: Shape, offset: Int = 0) {
    self.init(shape: shape, strides: shape.rowMajorStrides, offset: offset)
  }

  /// Whether the elements lie in row-major order without gaps. The stride of an axis of one element does not matter.
  public var isContiguous: Bool {
    if shape.elementCount == 0 { return true }
    var expected = 1
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) where shape[axis] != 1 {
      guard strides[axis] == expected else { return false }
      expected *= shape[axis]
    }
    return true
  }

  /// The view with its axes in the given order.
  public func permuted(_ axes: [Int]) -> View {
    precondition(axes.sorted() == Array(0..<shape.rank), "\(axes) is no permutation of the axes of \(shape)")
    return View(shape: Shape(axes.map { shape[$0] }), strides: axes.map { strides[$0] }, offset: offset)
  }

  /// The part of the view whose index along `axis` lies in `range`.
  public func sliced(axis: Int, _ range: Range<Int>) -> View {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[axis], "\(range) is outside axis \(axis) of \(shape)")
    return View(
      shape: shape.replacing(axis: axis, with: range.count), strides: strides,
      offset: offset + range.lowerBound * strides[axis])
  }

  /// The view stretched to `target` by NumPy's rule: stretched and added axes get stride 0.
  public func broadcast(to target: Shape) -> View {
    precondition(shape.broadcast(with: target) == target, "\(shape) does not broadcast to \(target)")
    let added = target.rank - shape.rank
    let strides = (0..<target.rank).map { axis in
      axis < added || (shape[axis - added] == 1 && target[axis] != 1) ? 0 : self.strides[axis - added]
    }
    return View(shape: target, strides: strides, offset: offset)
  }

  /// The views of one shape with axes merged where all of them allow it, and without axes of extent 1: what a loop over
  /// their elements in row-major order has to walk. At least one axis is left.
  package static func merged(_ views: [View]) -> [View] {
    let shape = views[0].shape
    precondition(views.allSatisfy { $0.shape == shape }, "operands differ in shape")
    var extents: [Int] = []
    var strides = views.map { _ in [Int]() }
    for axis in 0..<shape.rank where shape[axis] != 1 {
      let last = extents.count - 1
      let mergeable =
        last >= 0 && views.indices.allSatisfy { strides[$0][last] == views[$0].strides[axis] * shape[axis] }
      if mergeable {
        extents[last] *= shape[axis]
        for k in views.indices { strides[k][last] = views[k].strides[axis] }
      } else {
        extents.append(shape[axis])
        for k in views.indices { strides[k].append(views[k].strides[axis]) }
      }
    }
    if extents.isEmpty {
      extents = [1]
      for k in views.indices { strides[k] = [1] }
    }
    return views.indices.map { View(shape: Shape(extents), strides: strides[$0], offset: views[$0].offset) }
  }

  /// The same elements in another shape, if strides can express it: nil where a copy is needed.
  public func reshaped(_ target: Shape) -> View? {
    precondition(target.elementCount == shape.elementCount, "cannot reshape \(shape) to \(target)")
    if isContiguous { return View(contiguous: target, offset: offset) }
    // Walk both shapes in groups of axes with equal products; within a group the old axes must be mergeable.
    let old = (0..<shape.rank).filter { shape[$0] != 1 }.map { (extent: shape[$0], stride: strides[$0]) }
    var result = [Int](repeating: 1, count: target.rank)
    var i = 0
    var j = 0
    while j < target.rank {
      if target[j] == 1 {
        j += 1
        continue
      }
      let first = i
      let start = j
      var have = old[i].extent
      var want = target[j]
      while have != want {
        if have < want {
          guard i + 1 < old.count, old[i].stride == old[i + 1].extent * old[i + 1].stride else { return nil }
          i += 1
          have *= old[i].extent
        } else {
          j += 1
          want *= target[j]
        }
      }
      precondition(first <= i)
      var step = old[i].stride
      for axis in stride(from: j, through: start, by: -1) {
        result[axis] = step
        step *= target[axis]
      }
      i += 1
      j += 1
    }
    return View(shape: target, strides: result, offset: offset)
  }
}
