// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

extension VulkanBackend {
  /// What `unary.comp` knows an affine function by: no position among the cases of `UnaryFunction`.
  private static let affineNumber = 255

  public func fill(_ out: Operand, with value: Float) throws {
    try elementwise(.fill, FillArguments.self, [out], scalars: [value, 0])
  }

  public func copy(_ x: Operand, to out: Operand) throws {
    try elementwise(.copy, UnaryArguments.self, [out, x], canPair: true)
  }

  public func affine(_ x: Operand, scale: Float, offset: Float, to out: Operand) throws {
    try elementwise(
      .unary, UnaryArguments.self, [out, x], canPair: true, function: Self.affineNumber, scalars: [scale, offset])
  }

  public func unary(_ function: UnaryFunction, _ x: Operand, to out: Operand) throws {
    try elementwise(
      .unary, UnaryArguments.self, [out, x], canPair: true, function: function.kernelNumber)
  }

  public func binary(_ function: BinaryFunction, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try elementwise(
      .binary, BinaryArguments.self, [out, a, b], canPair: true, function: function.kernelNumber)
  }

  public func select(_ condition: Operand, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try elementwise(.select, SelectArguments.self, [out, condition, a, b])
  }

  /// Runs a kernel over all elements; the first operand is the destination.
  ///
  /// - Parameter canPair: whether the kernel can take two neighbours at a time.
  private func elementwise<Arguments: ElementwiseArguments>(
    _ kernel: Kernel, _: Arguments.Type, _ operands: [Operand], canPair: Bool = false, function: Int = 0,
    scalars: [Float] = [0, 0]
  ) throws {
    let nest = LoopNest(operands.map(\.view))
    guard nest.elementCount > 0 else { return }
    let windows = try operands.map(window)
    let rank = Arguments.extentsCount
    func padded(_ values: [Int]) -> [Int] { values + [Int](repeating: 0, count: rank - values.count) }
    try nest.forEach(rank: rank) { nest in
      let offsets = zip(windows, nest.offsets).map { $0.elementOffset + $1 }
      let step = canPair && operands.hasShortElements && nest.hasPairs(from: offsets) ? 2 : 1
      let types = operands.map(\.dtype.kernelNumber) + [Int](repeating: 0, count: 4 - operands.count)
      let constants = ElementwiseConstants(
        rank: nest.extents.count, outType: types[0], aType: types[1], bType: types[2], cType: types[3],
        function: function, step: step)
      let arguments = Arguments(
        count: nest.elementCount, offsets: offsets, extents: padded(nest.extents),
        strides: nest.strides.flatMap(padded), scalars: scalars)
      try run(
        kernel, constants, windows, arguments,
        groupLimits.flat(nest.elementCount.dividedRoundingUp(by: 256 * step)))
    }
  }
}

/// The arguments of the kernels that `elementwise.glsl` is the loop of.
private protocol ElementwiseArguments: ShaderArguments {
  /// The most axes for which there is room.
  static var extentsCount: Int { get }
  init(count: Int, offsets: [Int], extents: [Int], strides: [Int], scalars: [Float])
}

extension FillArguments: ElementwiseArguments {}
extension UnaryArguments: ElementwiseArguments {}
extension BinaryArguments: ElementwiseArguments {}
extension SelectArguments: ElementwiseArguments {}
