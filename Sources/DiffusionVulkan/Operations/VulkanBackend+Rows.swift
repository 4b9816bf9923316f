// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

extension VulkanBackend {
  public func reduce(_ reduction: Reduction, _ x: Operand, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    try rows((.reduce, .reduceSubgroups), x, out, reduction: reduction) {
      ReduceArguments(
        rows: $0.rows, columns: $0.columns, outOffset: $0.outOffset, outRow: $0.out.row, outColumn: $0.out.column,
        xOffset: $0.xOffset, xRow: $0.x.row, xColumn: $0.x.column)
    }
  }

  public func softmax(_ x: Operand, scale: Float, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    try rows((.softmax, .softmaxSubgroups), x, out, canPair: true) {
      SoftmaxArguments(
        rows: $0.rows, columns: $0.columns, outOffset: $0.outOffset, outRow: $0.out.row, outColumn: $0.out.column,
        xOffset: $0.xOffset, xRow: $0.x.row, xColumn: $0.x.column, scale: scale)
    }
  }

  public func layerNorm(_ x: Operand, gamma: Operand, beta: Operand, epsilon: Float, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    let windows = [try window(gamma), try window(beta)]
    let canPair = zip([gamma, beta], windows).allSatisfy { $0.hasPairs(along: 0, in: $1) }
    try rows((.layerNorm, .layerNormSubgroups), x, out, windows, canPair: canPair, holdsRows: true) {
      LayerNormArguments(
        rows: $0.rows, columns: $0.columns, outOffset: $0.outOffset, outRow: $0.out.row, outColumn: $0.out.column,
        xOffset: $0.xOffset, xRow: $0.x.row, xColumn: $0.x.column, epsilon: epsilon,
        gammaOffset: windows[0].elementOffset, gammaStride: gamma.view.strides[0],
        gammaType: gamma.dtype.kernelNumber, betaOffset: windows[1].elementOffset, betaStride: beta.view.strides[0],
        betaType: beta.dtype.kernelNumber)
    }
  }

  /// Runs a kernel, portable or with subgroups, with one group of invocations for each row of the last axis.
  ///
  /// - Parameters:
  ///   - more: what is bound besides the result and `x`.
  ///   - canPair: whether the kernel can take two columns at a time.
  ///   - holdsRows: whether the kernel can keep a row in registers.
  ///   - reduction: what `reduce.comp` makes of a row.
  ///   - arguments: makes the kernel's arguments of where the rows lie.
  private func rows(
    _ kernels: (Kernel, Kernel), _ x: Operand, _ out: Operand, _ more: [Window] = [], canPair: Bool = false,
    holdsRows: Bool = false, reduction: Reduction = .sum, arguments: (RowPlaces) -> some ShaderArguments
  ) throws {
    guard let target = RowStrides(out.view) else {
      let result = try scratch(out.shape, out.dtype)
      try rows(
        kernels, x, result, more, canPair: canPair, holdsRows: holdsRows, reduction: reduction, arguments: arguments)
      return try copy(result, to: out)
    }
    guard let source = RowStrides(x.view) else {
      return try rows(
        kernels, contiguous(x), out, more, canPair: canPair, holdsRows: holdsRows, reduction: reduction,
        arguments: arguments)
    }
    let windows = [try window(out), try window(x)]
    let places = RowPlaces(
      out: target, outOffset: windows[0].elementOffset, x: source, xOffset: windows[1].elementOffset)
    let isPaired =
      canPair && [x, out].hasShortElements && target.hasPairs(in: windows[0]) && source.hasPairs(in: windows[1])
    let step = isPaired ? 2 : 1
    let groups = RowGroups(tier: tier, lanes: laneProducts, columns: source.columns / step)
    let held = holdsRows ? groups.held(columns: source.columns, step: step) : 0
    try run(
      groups.kernel(kernels.0, kernels.1),
      groups.constants(out: out.dtype, x: x.dtype, reduction: reduction, step: step, held: held), windows + more,
      arguments(places), groupLimits.flat(source.rows))
  }
}

/// Where the rows of a source and of a destination lie.
private struct RowPlaces {
  let out: RowStrides
  let outOffset: Int
  let x: RowStrides
  let xOffset: Int

  var rows: Int { x.rows }
  var columns: Int { x.columns }
}

/// A view as rows of its last axis that lie equally far apart.
struct RowStrides {
  let rows: Int
  let columns: Int
  let row: Int
  let column: Int

  /// nil if the axes before the last one do not merge.
  init?(_ view: View) {
    guard let columns = view.shape.extents.last, let column = view.strides.last else { return nil }
    let leading = View(shape: Shape(Array(view.shape.dropLast())), strides: Array(view.strides.dropLast()))
    let nest = LoopNest([leading])
    guard nest.extents.count == 1 else { return nil }
    (rows, row) = (nest.extents[0], nest.strides[0][0])
    (self.columns, self.column) = (columns, column)
  }

  /// Whether two neighbouring columns, from an even one on, lie side by side from an even index on.
  ///
  /// - Parameter window: what is bound of the view.
  func hasPairs(in window: Window) -> Bool {
    column == 1 && columns % 2 == 0 && window.elementOffset % 2 == 0 && (rows == 1 || row % 2 == 0)
  }
}
