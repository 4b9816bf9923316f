// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The gradients of buffers while a recording is run backwards.
///
/// A gradient has the elements of its buffer in the buffer's order, in `f32`, so that every view of the one is a view of
/// the other. Gradients are handed on without a copy where they are the same.
struct GradientStore {
  private struct Slot {
    /// All elements of the buffer, `[count]`.
    var tensor: Tensor
    /// Whether nobody else has the memory, so that parts of it may be written.
    var isOwned: Bool
  }

  private var slots: [ObjectIdentifier: Slot] = [:]
  /// The backend that adds.
  let backend: any Backend

  init(on backend: any Backend) { self.backend = backend }

  /// The gradient of a view of a node's buffer; nil if none has come.
  func gradient(of node: Node, _ view: View) -> Tensor? {
    guard let flat = slots[ObjectIdentifier(node)]?.tensor else { return nil }
    let shifted = View(shape: view.shape, strides: view.strides, offset: view.offset + flat.operand.view.offset)
    return Tensor(flat.operand.with(shifted), on: backend)
  }

  /// Forgets a node's gradient.
  mutating func remove(_ node: Node) { slots[ObjectIdentifier(node)] = nil }

  /// The gradient of a part becomes zero: what stood there before had no influence.
  mutating func clear(_ node: Node, _ view: View) throws {
    guard let slot = slots[ObjectIdentifier(node)] else { return }
    // The part may have been handed on, so the memory is another from now on.
    let fresh = try slot.tensor.duplicated()
    try backend.fill(fresh.operand.with(view), with: 0)
    slots[ObjectIdentifier(node)] = Slot(tensor: fresh, isOwned: true)
  }

  /// Adds to the gradient of a view of a node's buffer.
  ///
  /// - Parameters:
  ///   - contribution: of the view's shape.
  ///   - elementCount: how many elements the buffer has.
  /// - Returns: false if the view's elements overlap otherwise than by broadcasting.
  mutating func add(_ contribution: Tensor, to node: Node, _ view: View, elementCount: Int) throws -> Bool {
    precondition(contribution.shape == view.shape, "a gradient \(contribution.shape) for \(view.shape)")
    guard view.shape.elementCount > 0 else { return true }
    // An element that was read many times gets the sum.
    let repeated = (0..<view.shape.rank).filter { view.strides[$0] == 0 && view.shape[$0] != 1 }
    let summed = try contribution.summed(over: repeated)
    let given = View(shape: summed.shape, strides: view.strides, offset: view.offset)
    guard given.isInjective else { return false }
    // In the order of the memory, so that a part that lies as the buffer does is taken without a copy.
    let order = (0..<given.shape.rank).sorted {
      (given.strides[$0], given.shape[$0]) > (given.strides[$1], given.shape[$1])
    }
    let view = given.permuted(order)
    let part = Tensor(summed.operand.with(summed.operand.view.permuted(order)), on: backend)
    let isWhole = view.shape.elementCount == elementCount && view.offset == 0
    let key = ObjectIdentifier(node)
    if let slot = slots[key] {
      guard let present = gradient(of: node, view) else { return true }
      let sum = try present + part
      if isWhole && view.isContiguous {
        slots[key] = Slot(tensor: try sum.reshaped([elementCount]), isOwned: true)
      } else {
        let own = slot.isOwned ? slot.tensor : try slot.tensor.duplicated()
        try backend.copy(sum.operand, to: own.operand.with(view))
        slots[key] = Slot(tensor: own, isOwned: true)
      }
    } else if isWhole && view.isContiguous {
      slots[key] = Slot(tensor: try part.contiguous().reshaped([elementCount]), isOwned: false)
    } else {
      let fresh =
        isWhole
        ? try Tensor(uninitialized: [elementCount], on: backend)
        : try Tensor(repeating: 0, shape: [elementCount], on: backend)
      try backend.copy(part.operand, to: fresh.operand.with(view))
      slots[key] = Slot(tensor: fresh, isOwned: true)
    }
    return true
  }
}

extension Tensor {
  /// A contiguous copy in memory of its own.
  func duplicated() throws -> Tensor {
    let copy = try Tensor(uninitialized: shape, on: backend)
    try backend.copy(operand, to: copy.operand)
    return copy
  }
}
