// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Tape {
  /// The gradient of a scalar with respect to variables, by running the last recording backwards.
  ///
  /// The recording is used up: what it kept is let go on the way.
  ///
  /// - Parameters:
  ///   - result: what was computed, with one element.
  ///   - tensors: variables, or other tensors of the recording.
  /// - Returns: for each tensor its gradient, of its shape, in `f32`, on the backend behind the tape; nil where the
  ///   result does not depend on it.
  /// - Throws: ``TrainingError``, `BackendError`, `CancellationError`.
  public func gradients(of result: Tensor, at tensors: [Tensor]) throws -> [Tensor?] {
    guard result.shape.elementCount == 1 else {
      throw TrainingError.misused(
        reason:
          "gradients were asked for \(result.shape.elementCount) numbers \(result.shape) and not for one; take their "
          + "mean or sum, or give a weight for each")
    }
    return try gradients(of: [(result, try Tensor(repeating: 1, shape: result.shape, on: base))], at: tensors)
  }

  /// The gradient of `sum_i sum(result_i * weight_i)`: the vector-Jacobian product.
  ///
  /// - Parameters:
  ///   - results: what was computed, each with weights of its shape on the backend behind the tape.
  ///   - tensors: variables, or other tensors of the recording.
  /// - Returns: as ``gradients(of:at:)-(Tensor,_)`` does.
  /// - Throws: ``TrainingError``, `BackendError`, `CancellationError`.
  public func gradients(of results: [(tensor: Tensor, weights: Tensor)], at tensors: [Tensor]) throws -> [Tensor?] {
    guard !state.withLock({ $0.isOpen }) else {
      throw TrainingError.misused(reason: "gradients were asked for within a recording; end it first")
    }
    for (tensor, weights) in results where tensor.shape != weights.shape {
      throw TrainingError.misused(reason: "the weights \(weights.shape) are not of the result's shape \(tensor.shape)")
    }
    let (recording, taken) = takeEntries()
    var entries = taken
    let backend = base.storageType == .f32 ? base : SinglePrecision(base)
    var store = GradientStore(on: backend)
    for (tensor, weights) in results {
      guard let node = tensor.operand.node, node.isVariable || node.state(in: recording).writes.count > 0 else {
        throw TrainingError.notRecorded
      }
      guard node.isTracked(in: recording) else { continue }
      let place = TapeEntry.Place(tensor.operand, isKept: false)
      try add(Tensor(weights.operand.unwrapped, on: backend), to: place, in: &store, member: "the result")
    }
    let wanted = Set(tensors.compactMap { $0.operand.node.map(ObjectIdentifier.init) })
    while let last = entries.last {
      if memory != .kept && entries.last?.needsRecomputation == true {
        try recompute(part: last.part, of: &entries)
        continue
      }
      entries.removeLast()
      try Task.checkCancellation()
      try runBackwards(last, in: &store, wanted: wanted)
    }
    return tensors.map { tensor in
      guard let node = tensor.operand.node else { return nil }
      return store.gradient(of: node, tensor.operand.view).map { Tensor($0.operand, on: base) }
    }
  }

  private func runBackwards(_ entry: TapeEntry, in store: inout GradientStore, wanted: Set<ObjectIdentifier>) throws {
    guard let node = entry.out.node, let gradient = store.gradient(of: node, entry.out.view) else { return }
    if entry.needs.contains(true) {
      for (place, isKept) in zip(entry.operands + [entry.out], entry.keeps.operands + [entry.keeps.result]) where isKept
      {
        guard let place, let node = place.node else { continue }
        guard node.version == place.version else { throw TrainingError.overwritten(member: entry.member) }
      }
      let derivative = Derivative(entry, on: store.backend)
      let contributions = try derivative.gradients(of: gradient)
      for (index, contribution) in contributions.enumerated() {
        guard let contribution, entry.needs[index], let place = entry.operands[index] else { continue }
        try add(contribution, to: place, in: &store, member: entry.member)
      }
    }
    if entry.overwrites { try store.clear(node, entry.out.view) }
    if entry.isFirst && !wanted.contains(ObjectIdentifier(node)) { store.remove(node) }
  }

  private func add(
    _ contribution: Tensor, to place: TapeEntry.Place, in store: inout GradientStore, member: String
  ) throws {
    guard let node = place.node else { return }
    guard try store.add(contribution, to: node, place.view, elementCount: place.elementCount) else {
      throw TrainingError.overlappingView(member: member)
    }
  }
}

/// The backend itself, but for storing results in `f32`: gradients span more magnitudes than `f16` has.
final class SinglePrecision: ForwardingBackend, CallReceiver {
  let base: any Backend
  init(_ base: any Backend) { self.base = base }
  var storageType: DType { .f32 }
  func receive(_ call: BackendCall) throws { try call.perform(on: base) }
}
