import DiffusionCore

extension VulkanBackend {
  public func matmul(_ a: Operand, _ b: Operand, to out: Operand) throws {
    try product(a, b, to: out)
  }

  public func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand
  ) throws {
    guard out.shape.elementCount > 0 else { return }
    let (m, n, k) = (out.shape[0], out.shape[1], x.shape[1])
    let weight = weight.with(weight.view.permuted([1, 0]))
    // Both tiers that split make tiles of 64 columns; the choice of the rows is left to the product.
    let tiles = m.dividedRoundingUp(by: 32 * productPlan.parts(rows: m, columns: n)) * n.dividedRoundingUp(by: 64)
    let splits = laneProducts == nil ? productPlan.evenSplits(groups: tiles, inner: k, multiple: 32) : 1
    guard splits > 1 else {
      return try product(
        x.asBatch, weight.asBatch, bias: bias, activation: activation, residual: residual, to: out.asBatch)
    }
    // Parts of the inner extent are a batch of products, which are then summed.
    let parts = try scratch([splits, m, n])
    try product(x.split(axis: 1, splits), weight.split(axis: 0, splits), to: parts)
    try sumSplits(
      parts, splits, rows: m, columns: n, bias: bias, activation: activation, residual: residual, to: out)
  }

  /// `out = activation(sum over the first axis of parts + bias) + residual`: `parts [S, M, N]`, `out [M, N]`.
  func sumSplits(
    _ parts: Operand, _ count: Int, rows: Int, columns: Int, bias: Operand?, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    let windows = [try window(out), try window(parts)]
    let (biasWindow, residualWindow) = (try bias.map(window), try residual.map(window))
    var push: PushConstants = [rows, columns, count, windows[1].elementOffset, windows[0].elementOffset]
    push.append(out.view.strides)
    push.append(Self.epilogueFlags(bias, activation, residual, pairedOutputs: false))
    push.append([biasWindow?.elementOffset ?? 0, bias?.view.strides[0] ?? 0, residualWindow?.elementOffset ?? 0])
    push.append(residual?.view.strides ?? [0, 0])
    try run(
      .sumSplits, [0, out.dtype.code], windows + [windows[1], biasWindow ?? windows[1], residualWindow ?? windows[1]],
      push, WorkGroups(flat: (rows * columns).dividedRoundingUp(by: 256)))
  }

  /// `out = activation(a b + bias) + residual`: `a [B, M, K]`, `b [B, K, N]`, `residual [M, N]`.
  func product(
    _ a: Operand, _ b: Operand, bias: Operand? = nil, activation: Activation = .none, residual: Operand? = nil,
    to out: Operand
  ) throws {
    let (batch, m, n, k) = (out.shape[0], out.shape[1], out.shape[2], a.shape[2])
    guard out.shape.elementCount > 0 else { return }
    let windows = [try window(out), try window(a), try window(b)]
    let biasWindow = try bias.map(window)
    let residualWindow = try residual.map(window)
    let residualIsPaired: Bool =
      if let residual, let residualWindow { residual.hasPairs(along: 1, in: residualWindow) } else { true }
    var push: PushConstants = [m, n, k]
    for (index, operand) in [(1, a), (2, b), (0, out)] {
      push.append(windows[index].elementOffset)
      push.append(operand.view.strides)
    }
    push.append(
      Self.epilogueFlags(
        bias, activation, residual, pairedOutputs: residualIsPaired && out.hasPairs(along: 2, in: windows[0])))
    push.append([biasWindow?.elementOffset ?? 0, bias?.view.strides[0] ?? 0])
    push.append([residualWindow?.elementOffset ?? 0] + (residual?.view.strides ?? [0, 0]))
    // What is absent is still bound: the shader names it, and any source will do.
    let all = windows + [biasWindow ?? windows[1], residualWindow ?? windows[1]]
    let work = 2 * Double(batch * m) * Double(n * k)
    let types = [out.dtype.code, a.dtype.code, b.dtype.code]
    if let matrices = matrixProducts, a.isMatrixOperand(along: 2, in: windows[1]),
      b.isMatrixOperand(along: 1, in: windows[2])
    {
      let tile = matrices.tile(rows: m, columns: n, batch: batch)
      return try run(
        matrices.kernel(.matmulMatrix, .matmulMatrixEmulated), matrices.constants(tile: tile, out: out.dtype), all,
        push, WorkGroups(n.dividedRoundingUp(by: tile), m.dividedRoundingUp(by: tile), batch), work: work)
    }
    if let lanes = laneProducts {
      let pairs = lanes.pairs(columns: n)
      if let groups = lanes.groups(rows: m, columns: n, pairs: pairs, batch: batch) {
        guard lanes.accepts(a, out) else {
          return try computing(out, in: .f32) {
            try product(converted(a, to: .f32), b, bias: bias, activation: activation, residual: residual, to: $0)
          }
        }
        let paired = [a.hasPairs(along: 2, in: windows[1]), b.hasPairs(along: 1, in: windows[2])]
        return try run(
          .matmulLanes, [UInt32(lanes.width)] + types + paired.map { $0 ? 1 : 0 } + [UInt32(pairs)], all, push, groups,
          work: work)
      }
    }
    let parts = productPlan.parts(rows: m, columns: n, batch: batch)
    try run(
      .matmul,
      [0] + types + [
        a.loadMode(inner: 2, other: 1, windows[1]), b.loadMode(inner: 1, other: 2, windows[2]), UInt32(parts),
      ],
      all, push, WorkGroups(n.dividedRoundingUp(by: 64), m.dividedRoundingUp(by: 32 * parts), batch), work: work)
  }

  public func gatedLinear(_ x: Operand, weight: Operand, bias: Operand, to out: Operand) throws {
    let (m, n, k) = (out.shape[0], out.shape[1], x.shape[1])
    guard out.shape.elementCount > 0 else { return }
    let windows = [try window(out), try window(x), try window(weight), try window(bias)]
    var push: PushConstants = [m, n, k]
    for (index, operand) in [(1, x), (2, weight), (0, out)] {
      push.append(windows[index].elementOffset)
      push.append(operand.view.strides)
    }
    push.append([Int(bias.dtype.code), windows[3].elementOffset, bias.view.strides[0]])
    let work = 4 * Double(m) * Double(n * k)
    let types = [out.dtype.code, x.dtype.code, weight.dtype.code]
    if let matrices = matrixProducts, x.isMatrixOperand(along: 1, in: windows[1]),
      weight.isMatrixOperand(along: 1, in: windows[2])
    {
      let tile = matrices.tile(rows: m, columns: 2 * n)
      return try run(
        matrices.kernel(.gatedLinearMatrix, .gatedLinearMatrixEmulated),
        matrices.constants(tile: tile, out: out.dtype), windows, push,
        WorkGroups(n.dividedRoundingUp(by: tile / 2), m.dividedRoundingUp(by: tile)), work: work)
    }
    if let lanes = laneProducts, let groups = lanes.groups(rows: m, columns: n, pairs: 1) {
      guard lanes.accepts(x, out) else {
        return try computing(out, in: .f32) {
          try gatedLinear(converted(x, to: .f32), weight: weight, bias: bias, to: $0)
        }
      }
      let paired = zip([x, weight, out], [windows[1], windows[2], windows[0]]).map { $0.hasPairs(along: 1, in: $1) }
      return try run(
        .gatedLinearLanes, [UInt32(lanes.width)] + types + paired.map { $0 ? 1 : 0 }, windows, push, groups, work: work)
    }
    let parts = productPlan.parts(rows: m, columns: 2 * n)
    try run(
      .gatedLinear,
      [0] + types + [x.loadMode(inner: 1, windows[1]), weight.loadMode(inner: 1, windows[2]), UInt32(parts)], windows,
      push, WorkGroups(n.dividedRoundingUp(by: 32), m.dividedRoundingUp(by: 32 * parts)), work: work)
  }

  /// What `epilogue.glsl` and `epilogue_lanes.glsl` read: whether there are a bias and a residual, the activation, the
  /// two types, whether outputs and residual come in pairs.
  static func epilogueFlags(
    _ bias: Operand?, _ activation: Activation, _ residual: Operand?, pairedOutputs: Bool
  ) -> Int {
    (bias == nil ? 0 : 1) | (residual == nil ? 0 : 2) | Int(activation.code) << 2 | Int(bias?.dtype.code ?? 0) << 4
      | Int(residual?.dtype.code ?? 0) << 6 | (pairedOutputs ? 1 << 8 : 0)
  }
}

extension Operand {
  /// `[M, N]` as a batch of one, `[1, M, N]`.
  fileprivate var asBatch: Operand {
    with(View(shape: Shape([1] + view.shape.extents), strides: [0] + view.strides, offset: view.offset))
  }

  /// A matrix as a batch of `count` equal parts along an axis.
  fileprivate func split(axis: Int, _ count: Int) -> Operand {
    var extents = view.shape.extents
    extents[axis] /= count
    return with(
      View(
        shape: Shape([count] + extents), strides: [extents[axis] * view.strides[axis]] + view.strides,
        offset: view.offset))
  }

  /// How `product.glsl` loads a tile: 2 in runs of four inner elements; else 1 or 0, so that neighbouring invocations
  /// read along the inner axis or along the other, whichever is nearer in memory.
  func loadMode(inner: Int, other: Int? = nil, _ window: Window) -> UInt32 {
    if hasRuns(of: 4, along: inner, in: window) { return 2 }
    guard let other else { return 1 }
    if view.shape[inner] <= 1 { return 0 }
    return view.shape[other] <= 1 || view.strides[inner].magnitude <= view.strides[other].magnitude ? 1 : 0
  }
}
