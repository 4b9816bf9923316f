import DiffusionCore

extension VulkanBackend {
  public func matmul(_ a: Operand, _ b: Operand, to out: Operand) throws {
    try product(a, b, to: out)
  }

  public func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand
  ) throws {
    try product(
      x.asBatch, weight.with(weight.view.permuted([1, 0])).asBatch, bias: bias, activation: activation,
      residual: residual, to: out.asBatch)
  }

  /// `out = activation(a b + bias) + residual`: `a [B, M, K]`, `b [B, K, N]`, `residual [M, N]`.
  private func product(
    _ a: Operand, _ b: Operand, bias: Operand? = nil, activation: Activation = .none, residual: Operand? = nil,
    to out: Operand
  ) throws {
    let (batch, m, n, k) = (out.shape[0], out.shape[1], out.shape[2], a.shape[2])
    guard out.shape.elementCount > 0 else { return }
    let windows = [try window(out), try window(a), try window(b)]
    let biasWindow = try bias.map(window)
    let residualWindow = try residual.map(window)
    var push: PushConstants = [m, n, k]
    for (index, operand) in [(1, a), (2, b), (0, out)] {
      push.append(windows[index].elementOffset)
      push.append(operand.view.strides)
    }
    push.append(Self.epilogueFlags(bias, activation, residual))
    push.append([biasWindow?.elementOffset ?? 0, bias?.view.strides[0] ?? 0])
    push.append([residualWindow?.elementOffset ?? 0] + (residual?.view.strides ?? [0, 0]))
    // What is absent is still bound: the shader names it, and any source will do.
    try run(
      .matmul,
      [
        0, out.dtype.code, a.dtype.code, b.dtype.code, a.view.prefersLastAxis ? 1 : 0, b.view.prefersLastAxis ? 0 : 1,
      ], windows + [biasWindow ?? windows[1], residualWindow ?? windows[1]], push,
      WorkGroups(ceilingDivide(n, 64), ceilingDivide(m, 64), batch), work: 2 * Double(batch * m) * Double(n * k))
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
    try run(
      .gatedLinear, [0, out.dtype.code, x.dtype.code, weight.dtype.code], windows, push,
      WorkGroups(ceilingDivide(n, 32), ceilingDivide(m, 64)), work: 4 * Double(m) * Double(n * k))
  }

  /// What `epilogue.glsl` reads: whether there are a bias and a residual, the activation, the two types.
  static func epilogueFlags(_ bias: Operand?, _ activation: Activation, _ residual: Operand?) -> Int {
    (bias == nil ? 0 : 1) | (residual == nil ? 0 : 2) | Int(activation.code) << 2 | Int(bias?.dtype.code ?? 0) << 4
      | Int(residual?.dtype.code ?? 0) << 6
  }
}

extension Operand {
  /// `[M, N]` as a batch of one, `[1, M, N]`.
  fileprivate var asBatch: Operand {
    with(View(shape: Shape([1] + view.shape.extents), strides: [0] + view.strides, offset: view.offset))
  }
}

extension View {
  /// Whether neighbours along the last axis are nearer in memory than along the one before it.
  fileprivate var prefersLastAxis: Bool {
    let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
    if columns <= 1 { return false }
    return rows <= 1 || strides[shape.rank - 1].magnitude <= strides[shape.rank - 2].magnitude
  }
}
