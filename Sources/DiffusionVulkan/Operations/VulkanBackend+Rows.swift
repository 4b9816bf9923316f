import DiffusionCore

extension VulkanBackend {
  public func reduce(_ reduction: Reduction, _ x: Operand, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    try rows((.reduce, .reduceSubgroups), x, out, constant: { _, _ in UInt32(reduction.kernelNumber) })
  }

  public func softmax(_ x: Operand, scale: Float, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    try rows((.softmax, .softmaxSubgroups), x, out, canPair: true, finish: { $0.append(scale) })
  }

  public func layerNorm(_ x: Operand, gamma: Operand, beta: Operand, epsilon: Float, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    let windows = [try window(gamma), try window(beta)]
    let held = { (groups: RowGroups, step: Int) in
      UInt32(groups.held(columns: x.shape[x.shape.rank - 1], step: step))
    }
    let canPair = zip([gamma, beta], windows).allSatisfy { $0.hasPairs(along: 0, in: $1) }
    try rows((.layerNorm, .layerNormSubgroups), x, out, windows, canPair: canPair, constant: held) { push in
      push.append(epsilon)
      for (parameter, window) in zip([gamma, beta], windows) {
        push.append([window.elementOffset, parameter.view.strides[0], Int(parameter.dtype.code)])
      }
    }
  }

  /// Runs a kernel, portable or with subgroups, with one group of invocations for each row of the last axis.
  ///
  /// - Parameters:
  ///   - canPair: whether the kernel can take two columns at a time.
  ///   - constant: the specialisation constant 3, for that many columns at a time.
  private func rows(
    _ kernels: (Kernel, Kernel), _ x: Operand, _ out: Operand, _ more: [Window] = [], canPair: Bool = false,
    constant: (RowGroups, Int) -> UInt32 = { _, _ in 0 }, finish: (inout PushConstants) -> Void = { _ in }
  ) throws {
    guard let target = RowStrides(out.view) else {
      let result = try scratch(out.shape, out.dtype)
      try rows(kernels, x, result, more, canPair: canPair, constant: constant, finish: finish)
      return try copy(result, to: out)
    }
    guard let source = RowStrides(x.view) else {
      return try rows(kernels, contiguous(x), out, more, canPair: canPair, constant: constant, finish: finish)
    }
    let windows = [try window(out), try window(x)]
    var push: PushConstants = [source.rows, source.columns]
    push.append([windows[0].elementOffset, target.row, target.column])
    push.append([windows[1].elementOffset, source.row, source.column])
    finish(&push)
    let isPaired =
      canPair && [x, out].hasShortElements && target.hasPairs(in: windows[0]) && source.hasPairs(in: windows[1])
    let step = isPaired ? 2 : 1
    let groups = RowGroups(tier: tier, lanes: laneProducts, columns: source.columns / step)
    let (kernel, constants) = groups.kernel(
      kernels.0, kernels.1, [out.dtype.code, x.dtype.code, constant(groups, step)], step: step)
    try run(kernel, constants, windows + more, push, WorkGroups(flat: source.rows))
  }
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
