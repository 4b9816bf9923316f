// SPDX-License-Identifier: Apache-2.0

/// The geometry of a transposed convolution. Output extent:
/// `(in - 1) * stride - 2 * padding + (k - 1) * dilation + 1 + outputPadding`.
public struct TransposedConvolutionGeometry: Sendable, Hashable {
  /// The step between the outputs that neighbouring inputs begin at, at least 1.
  public var stride: Int
  /// What is cut off the result on all sides.
  public var padding: Int
  /// What is added to the result below and to the right, less than the stride.
  public var outputPadding: Int
  /// The step between the outputs of neighbouring taps, at least 1.
  public var dilation: Int
  /// Into how many groups the channels are split.
  public var groups: Int

  /// A geometry.
  public init(stride: Int = 1, padding: Int = 0, outputPadding: Int = 0, dilation: Int = 1, groups: Int = 1) {
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
    self.dilation = dilation
    self.groups = groups
  }

  /// The output extent for an input extent and a kernel extent, 0 if nothing is left.
  public func outputExtent(input: Int, kernel: Int) -> Int {
    guard input > 0, kernel > 0 else { return 0 }
    return max(0, (input - 1) * stride - 2 * padding + (kernel - 1) * dilation + 1 + outputPadding)
  }

  /// The outputs of one residue along an axis, as an ordinary convolution.
  struct Phase {
    /// The first tap that reaches these outputs, how far the next one is, and how many there are.
    let firstTap: Int
    let tapStep: Int
    let taps: Int
    /// How far apart the inputs of neighbouring taps are.
    let inputStep: Int
    /// The first output, and how many there are, `stride` apart.
    let firstOutput: Int
    let outputs: Int
    /// The input that the last of the taps reads for the first output; it may lie outside.
    let firstInput: Int
  }

  /// Output `o` gets input `i` by tap `t` where `i * stride + t * dilation = o + padding`. Of the taps, those that are
  /// `tapStep` apart reach the same outputs modulo the stride, so that each residue is a dense convolution of the input
  /// with a part of the kernel, and no product is with a zero that was put in.
  func phases(input: Int, kernel: Int) -> [Phase] {
    let extent = outputExtent(input: input, kernel: kernel)
    // The smallest step of taps that leads to the same residue.
    var divisor = (stride, dilation)
    while divisor.1 != 0 { divisor = (divisor.1, divisor.0 % divisor.1) }
    let tapStep = stride / divisor.0
    return (0..<min(stride, extent)).map { first in
      let outputs = (extent - 1 - first) / stride + 1
      let firstTap = (0..<min(tapStep, kernel)).first { (first + padding - $0 * dilation) % stride == 0 }
      guard let firstTap else {
        return Phase(
          firstTap: 0, tapStep: 1, taps: 0, inputStep: 1, firstOutput: first, outputs: outputs, firstInput: 0)
      }
      let taps = (kernel - 1 - firstTap) / tapStep + 1
      let last = firstTap + (taps - 1) * tapStep
      return Phase(
        firstTap: firstTap, tapStep: tapStep, taps: taps, inputStep: tapStep * dilation / stride, firstOutput: first,
        outputs: outputs, firstInput: (first + padding - last * dilation) / stride)
    }
  }
}

extension Tensor {
  /// `activation(transposed conv2d(x, weight) + bias)` on an image `[B, H, W, I]`: what the derivative of a convolution
  /// does to a gradient (PyTorch's `ConvTranspose2d`).
  ///
  /// It is made of `stride * stride` ordinary convolutions, each for the outputs of one residue and with its own part of
  /// the kernel, which together multiply no more than the definition does.
  ///
  /// - Parameters:
  ///   - weight: `[O, kh, kw, I / groups]`; PyTorch has `[I, O / groups, kh, kw]`.
  ///   - bias: `[O]`.
  /// - Returns: `[B, H', W', O]`, see ``TransposedConvolutionGeometry/outputExtent(input:kernel:)``.
  public func transposedConvolution(
    weight: Tensor, bias: Tensor? = nil, geometry: TransposedConvolutionGeometry, activation: Activation = .none
  ) throws -> Tensor {
    let g = geometry
    precondition(shape.rank == 4 && weight.shape.rank == 4, "transposed convolution of \(shape) with \(weight.shape)")
    precondition(
      g.stride > 0 && g.padding >= 0 && g.dilation > 0 && g.groups > 0 && g.outputPadding >= 0
        && g.outputPadding < Swift.max(g.stride, g.dilation), "\(g)")
    precondition(
      shape[3] == weight.shape[3] * g.groups && weight.shape[0] % g.groups == 0,
      "\(shape) does not have the channels of \(weight.shape) in \(g.groups) groups")
    let down = g.phases(input: shape[1], kernel: weight.shape[1])
    let across = g.phases(input: shape[2], kernel: weight.shape[2])
    let out: Shape = [
      shape[0], g.outputExtent(input: shape[1], kernel: weight.shape[1]),
      g.outputExtent(input: shape[2], kernel: weight.shape[2]), weight.shape[0],
    ]
    return try result(out) { target in
      guard out.elementCount > 0 else { return }
      let margin = Margin(down, across, self)
      let canvas = try margin.image()
      for row in down {
        for column in across {
          let view = Tensor(target, on: backend)
            .stepped(axis: 1, first: row.firstOutput, stride: g.stride, count: row.outputs)
            .stepped(axis: 2, first: column.firstOutput, stride: g.stride, count: column.outputs)
          guard row.taps > 0 && column.taps > 0 else {
            // No input reaches these outputs.
            let rest = try (bias ?? Tensor(repeating: 0, shape: [out[3]], on: backend)).activated(activation)
            try backend.copy(rest.broadcast(to: view.shape).operand, to: view.operand)
            continue
          }
          let kernel = try weight.reversed(axis: 1, row).reversed(axis: 2, column)
          // The same for both axes, but where one has a single tap.
          let step = Swift.max(row.taps > 1 ? row.inputStep : 1, column.taps > 1 ? column.inputStep : 1)
          try backend.convolveAny(
            margin.part(of: canvas, row, column).operand, weight: kernel.operand, bias: bias?.operand,
            geometry: ConvolutionGeometry(dilation: step, groups: g.groups), activation: activation, residual: nil,
            to: view.operand)
        }
      }
    }
  }

  /// The taps of a phase along an axis, the last one first, since a convolution reads its kernel forwards.
  fileprivate func reversed(axis: Int, _ phase: TransposedConvolutionGeometry.Phase) throws -> Tensor {
    let taps = (0..<phase.taps).reversed().map { phase.firstTap + $0 * phase.tapStep }
    return try Tensor.concatenate(taps.map { sliced(axis: axis, $0..<$0 + 1) }, axis: axis)
  }
}

/// The zeros around an image that the phases of a transposed convolution read.
private struct Margin {
  typealias Phase = TransposedConvolutionGeometry.Phase
  private let rows: (before: Int, after: Int)
  private let columns: (before: Int, after: Int)
  private let source: Tensor

  init(_ down: [Phase], _ across: [Phase], _ source: Tensor) {
    func extent(_ phases: [Phase], _ input: Int) -> (Int, Int) {
      let used = phases.filter { $0.taps > 0 }
      let first = used.map(\.firstInput).min() ?? 0
      let end = used.map { $0.firstInput + $0.outputs + ($0.taps - 1) * $0.inputStep }.max() ?? 0
      return (max(0, -first), max(0, end - input))
    }
    rows = extent(down, source.shape[1])
    columns = extent(across, source.shape[2])
    self.source = source
  }

  /// The image itself where nothing outside is read.
  func image() throws -> Tensor {
    if (rows.before, rows.after, columns.before, columns.after) == (0, 0, 0, 0) { return source }
    return try source.padded(top: rows.before, bottom: rows.after, left: columns.before, right: columns.after)
  }

  /// What a phase reads; a view.
  func part(of image: Tensor, _ row: Phase, _ column: Phase) -> Tensor {
    func range(_ phase: Phase, _ before: Int) -> Range<Int> {
      let first = phase.firstInput + before
      return first..<first + phase.outputs + (phase.taps - 1) * phase.inputStep
    }
    return image.sliced(axis: 1, range(row, rows.before)).sliced(axis: 2, range(column, columns.before))
  }
}
