import DiffusionCore

extension VulkanBackend {
  /// What `unary.comp` knows an affine function by: no position among the cases of `UnaryFunction`.
  private static let affineNumber: UInt32 = 255

  public func fill(_ out: Operand, with value: Float) throws {
    try elementwise(.fill, [out], rank: 8, scalars: [value])
  }

  public func copy(_ x: Operand, to out: Operand) throws {
    try elementwise(.copy, [out, x], rank: 8, canPair: true)
  }

  public func affine(_ x: Operand, scale: Float, offset: Float, to out: Operand) throws {
    try elementwise(.unary, [out, x], rank: 8, canPair: true, function: Self.affineNumber, scalars: [scale, offset])
  }

  public func unary(_ function: UnaryFunction, _ x: Operand, to out: Operand) throws {
    try elementwise(.unary, [out, x], rank: 8, canPair: true, function: UInt32(function.kernelNumber))
  }

  public func binary(_ function: BinaryFunction, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try elementwise(.binary, [out, a, b], rank: 6, canPair: true, function: UInt32(function.kernelNumber))
  }

  public func select(_ condition: Operand, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try elementwise(.select, [out, condition, a, b], rank: 5)
  }

  /// Runs a kernel over all elements; the first operand is the destination.
  ///
  /// - Parameters:
  ///   - rank: the most axes for which the kernel's push constants have room.
  ///   - canPair: whether the kernel can take two neighbours at a time.
  private func elementwise(
    _ kernel: Kernel, _ operands: [Operand], rank: Int, canPair: Bool = false, function: UInt32? = nil,
    scalars: [Float] = []
  ) throws {
    let nest = LoopNest(operands.map(\.view))
    guard nest.elementCount > 0 else { return }
    let windows = try operands.map(window)
    try nest.forEach(rank: rank) { nest in
      var push: PushConstants = [nest.elementCount]
      push.append(zip(windows, nest.offsets).map { $0.elementOffset + $1 })
      push.append(nest.extents, paddedTo: rank)
      for strides in nest.strides { push.append(strides, paddedTo: rank) }
      for scalar in scalars { push.append(scalar) }
      let offsets = zip(windows, nest.offsets).map { $0.elementOffset + $1 }
      let step = canPair && operands.hasShortElements && nest.hasPairs(from: offsets) ? 2 : 1
      let constants =
        [UInt32(nest.extents.count)] + operands.map(\.dtype.code) + (function.map { [$0] } ?? [])
        + (canPair ? [UInt32(step)] : [])
      try run(kernel, constants, windows, push, WorkGroups(flat: nest.elementCount.dividedRoundingUp(by: 256 * step)))
    }
  }
}
