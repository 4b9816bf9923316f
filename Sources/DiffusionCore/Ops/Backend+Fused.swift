// SPDX-License-Identifier: Apache-2.0

/// The defaults: correct on every backend, fast on none.
extension Backend {
  private func tensor(_ operand: Operand) -> Tensor { Tensor(operand, on: self) }

  public var storageType: DType { .f32 }

  public func makeBuffer(
    mapping bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable
  ) throws -> any Buffer {
    try makeBuffer(copying: bytes)
  }

  public func releaseCachedMemory() {}

  public var memoryLimits: MemoryLimits { .unlimited }

  public func prepareMemory(for demand: MemoryDemand) throws {
    if let shortage = memoryLimits.shortage(for: demand, backend: name) {
      throw BackendError.insufficientMemory(shortage)
    }
  }

  public func makeMeter() -> MemoryMeter {
    let counting = MeteringBackend(storageType: storageType)
    return MemoryMeter(backend: counting, account: counting.account)
  }

  public func finish() throws {}

  public var deviceTimer: (any DeviceTimer)? { nil }

  public func record(_ inputs: [Operand], _ body: ([Operand]) throws -> Operand) throws -> (any Recording)? { nil }

  public func softmax(_ x: Operand, scale: Float, to out: Operand) throws {
    let logits = try tensor(x) * scale
    let exponentials = try (logits - logits.max()).exp()
    try copy((exponentials / exponentials.sum()).operand, to: out)
  }

  public func layerNorm(_ x: Operand, gamma: Operand, beta: Operand, epsilon: Float, to out: Operand) throws {
    let normalized = try tensor(x).standardized(epsilon: epsilon)
    try copy((normalized * tensor(gamma) + tensor(beta)).operand, to: out)
  }

  public func groupNorm(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation, to out: Operand
  ) throws {
    let (batch, count, channels) = (x.shape[0], x.shape[1], x.shape[2])
    let width = channels / groups
    // [B, N, G, C/G] -> [B, G, N * C/G]: a group's elements become the last axis.
    let grouped = try tensor(x).reshaped([batch, count, groups, width]).transposed(0, 2, 1, 3)
    let normalized = try grouped.reshaped([batch, groups, count * width]).standardized(epsilon: epsilon)
    let restored = try normalized.reshaped([batch, groups, count, width]).transposed(0, 2, 1, 3).reshaped(x.shape)
    try copy((restored * tensor(gamma) + tensor(beta)).activated(activation).operand, to: out)
  }

  public func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand
  ) throws {
    var y = try tensor(x).matmul(tensor(weight).transposed(1, 0))
    if let bias { y = try y + tensor(bias) }
    y = try y.activated(activation)
    if let residual { y = try y + tensor(residual) }
    try copy(y.operand, to: out)
  }

  public func gatedLinear(_ x: Operand, weight: Operand, bias: Operand, to out: Operand) throws {
    let width = out.shape[1]
    let both = try tensor(x).matmul(tensor(weight).transposed(1, 0)) + tensor(bias)
    let value = both.sliced(axis: 1, 0..<width)
    let gate = both.sliced(axis: 1, width..<2 * width)
    try copy((value * gate.gelu()).operand, to: out)
  }

  public func convolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    var y = try Tensor(uninitialized: out.shape, on: self)
    try conv2d(x, weight: weight, geometry, to: y.operand)
    if let bias { y = try y + tensor(bias) }
    y = try y.activated(activation)
    if let residual { y = try y + tensor(residual) }
    try copy(y.operand, to: out)
  }

  public func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) throws {
    let weights = try tensor(q).matmul(tensor(k).transposed(0, 1, 3, 2)).softmax(scale: scale)
    try copy(weights.matmul(tensor(v)).operand, to: out)
  }

  /// Along the rows, then along the columns: a mean and a maximum come apart like that.
  public func pool(_ pooling: Pooling, _ x: Operand, geometry: PoolingGeometry, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    let (g, input) = (geometry, x.shape)
    switch pooling {
    case .average(let countsPadding):
      let rows = g.averageTaps(input: input[1], kernel: g.kernelHeight, countsPadding: countsPadding)
      let columns = g.averageTaps(input: input[2], kernel: g.kernelWidth, countsPadding: countsPadding)
      try copy(tensor(x).resampled(axis: 1, taps: rows).resampled(axis: 2, taps: columns).operand, to: out)
    case .max:
      let canvas = try Tensor(
        repeating: -.infinity, shape: g.canvasShape(input: input, output: out.shape), on: self)
      let (height, width) = (canvas.shape[1] - g.padding, canvas.shape[2] - g.padding)
      let place = canvas.sliced(axis: 1, g.padding..<g.padding + min(input[1], height))
        .sliced(axis: 2, g.padding..<g.padding + min(input[2], width))
      // The last rows may be in no window.
      let part = tensor(x).sliced(axis: 1, 0..<place.shape[1]).sliced(axis: 2, 0..<place.shape[2])
      try copy(part.operand, to: place.operand)
      let rows = try canvas.largest(axis: 1, window: g.kernelHeight, stride: g.stride, count: out.shape[1])
      try copy(
        rows.largest(axis: 2, window: g.kernelWidth, stride: g.stride, count: out.shape[2]).operand, to: out)
    }
  }
}

extension PoolingGeometry {
  /// The image with its padding, as far as windows see it.
  package func canvasShape(input: Shape, output: Shape) -> Shape {
    [
      input[0], (output[1] - 1) * stride + kernelHeight, (output[2] - 1) * stride + kernelWidth, input[3],
    ]
  }
}

extension Tensor {
  /// `(x - mean) / sqrt(var + epsilon)` over the last axis, with the biased variance.
  fileprivate func standardized(epsilon: Float) throws -> Tensor {
    let centred = try self - mean()
    return try centred / ((centred * centred).mean() + epsilon).sqrt()
  }

  /// Every `stride`-th element along an axis, `count` of them from `first` on; a view.
  package func stepped(axis: Int, first: Int, stride: Int, count: Int) -> Tensor {
    let view = operand.view
    var strides = view.strides
    strides[axis] *= stride
    return Tensor(
      operand.with(
        View(
          shape: view.shape.replacing(axis: axis, with: count), strides: strides,
          offset: view.offset + (count > 0 ? first * view.strides[axis] : 0))), on: backend)
  }

  /// The maximum of each window along one axis.
  fileprivate func largest(axis: Int, window: Int, stride: Int, count: Int) throws -> Tensor {
    var result = stepped(axis: axis, first: 0, stride: stride, count: count)
    for tap in 1..<Swift.max(window, 1) {
      result = try .maximum(result, stepped(axis: axis, first: tap, stride: stride, count: count))
    }
    return result
  }

  package func activated(_ activation: Activation) throws -> Tensor {
    switch activation {
    case .none: self
    case .silu: try silu()
    case .gelu: try gelu()
    case .relu: try relu()
    }
  }
}
