import DiffusionCore

/// A loop over several strided views of one shape, with axes merged where all views allow it.
struct LoopNest {
  private(set) var extents: [Int] = []
  /// `[view][axis]`
  private(set) var strides: [[Int]]
  /// What the outer axes that a kernel cannot take have added to each view's position.
  private(set) var offsets: [Int]

  init(_ views: [View]) {
    let shape = views[0].shape
    precondition(views.allSatisfy { $0.shape == shape }, "operands differ in shape")
    strides = views.map { _ in [] }
    offsets = views.map { _ in 0 }
    for axis in 0..<shape.rank where shape[axis] != 1 {
      let mergeable =
        !extents.isEmpty
        && views.indices.allSatisfy { strides[$0][extents.count - 1] == views[$0].strides[axis] * shape[axis] }
      if mergeable {
        extents[extents.count - 1] *= shape[axis]
        for k in views.indices { strides[k][extents.count - 1] = views[k].strides[axis] }
      } else {
        extents.append(shape[axis])
        for k in views.indices { strides[k].append(views[k].strides[axis]) }
      }
    }
    if extents.isEmpty {
      extents = [1]
      for k in views.indices { strides[k].append(1) }
    }
  }

  var elementCount: Int { extents.reduce(1, *) }

  /// Calls `body` with loops of at most `rank` axes that cover this one.
  func forEach(rank: Int, _ body: (LoopNest) throws -> Void) rethrows {
    guard extents.count > rank else { return try body(self) }
    var inner = self
    inner.extents.removeFirst()
    for k in strides.indices { inner.strides[k].removeFirst() }
    for index in 0..<extents[0] {
      for k in strides.indices { inner.offsets[k] = offsets[k] + index * strides[k][0] }
      try inner.forEach(rank: rank, body)
    }
  }
}
