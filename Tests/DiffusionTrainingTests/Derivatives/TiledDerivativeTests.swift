// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import DiffusionTraining
import TestSupport
import Testing

/// Derivatives that the processor computes in tiles, at sizes of several tiles, against the same made of primitives.
@Suite struct TiledDerivativeTests {
  /// Products in another order: sums of a thousand numbers in `f32` differ by 1e-6. A tile that is left out or counted
  /// twice makes a tenth or more.
  private static let tolerance = 5e-6

  /// The gradients of a weighted sum of what `body` makes of variables.
  private func gradients(
    on backend: any Backend, _ shapes: [Shape], _ body: ([Tensor]) throws -> Tensor
  ) throws -> [[Float]] {
    var random = SplitMix64(state: 5)
    func values(_ shape: Shape) throws -> Tensor {
      let numbers = (0..<shape.elementCount).map { _ in Float(Int(random.next() % 2001) - 1000) / 1000 }
      return try Tensor(numbers, shape: shape, on: backend)
    }
    let tape = Tape(backend)
    let variables = try shapes.map { tape.variable(try values($0)) }
    let result = try tape.recording { try body(variables) }
    let found = try tape.gradients(of: [(result, try values(result.shape))], at: variables)
    return try found.map { try #require($0).floats() }
  }

  private func distance(_ a: [Float], _ b: [Float]) -> Double {
    var (difference, size) = (0.0, 0.0)
    for (x, y) in zip(a, b) {
      difference += Double(x - y) * Double(x - y)
      size += Double(y) * Double(y)
    }
    return a.count == b.count ? (difference / size).squareRoot() : .infinity
  }

  private func check(
    _ shapes: [Shape], tolerance: Double = Self.tolerance, _ body: ([Tensor]) throws -> Tensor
  ) throws {
    let expected = try gradients(on: PrimitivesOnly(CPUBackend(threads: 2, winograd: false)), shapes, body)
    let found = try [1, 2, 3].map { try gradients(on: CPUBackend(threads: $0), shapes, body) }
    for (index, (own, right)) in zip(found[0], expected).enumerated() {
      let error = distance(own, right)
      #expect(error < tolerance, "the gradient of operand \(index) of \(shapes) is off by \(error)")
    }
    // Not a number differs from itself.
    #expect(found[0] == found[1] && found[0] == found[2], "the number of threads changes \(shapes)")
  }

  /// Of the last two, the derivative that is made of members does queries, or heads, in several turns.
  @Test(arguments: [
    (1, 1, 700, 300, 16), (1, 3, 530, 77, 8), (2, 5, 65, 1100, 8), (1, 2, 33, 9000, 4), (3, 4, 1, 2, 4),
    (1, 1, 1000, 9000, 4), (1100, 2, 64, 64, 2),
  ]) func attention(batch: Int, heads: Int, queries: Int, keys: Int, width: Int) throws {
    let channels = heads * width
    try check([[batch, queries, channels], [batch, keys, channels], [batch, keys, channels]]) {
      try Tensor.attention($0[0], $0[1], $0[2], heads: heads)
    }
  }

  /// Of more rows than a piece of work takes, the last piece a short one. Norms subtract what is nearly the same, which
  /// costs five times the digits; a piece that is left out makes a tenth.
  @Test(arguments: [(2, 50, 51, 64, 32), (1, 23, 9, 1536, 3), (3, 13, 17, 32, 1)])
  func norms(batch: Int, height: Int, width: Int, channels: Int, groups: Int) throws {
    try check([[batch, height, width, channels], [channels], [channels]], tolerance: 5 * Self.tolerance) {
      try $0[0].groupNorm(groups: groups, gamma: $0[1], beta: $0[2], epsilon: 1e-5, activation: .silu)
    }
    try check([[batch, height * width, channels], [channels], [channels]], tolerance: 5 * Self.tolerance) {
      try $0[0].layerNorm(gamma: $0[1], beta: $0[2], epsilon: 1e-5)
    }
  }

  /// Of partial sums that are kept for eight shares of the rows, some have no rows. What a step before left in their memory,
  /// here not-a-numbers, must not count.
  @Test func sharesWithoutRows() throws {
    func gradient(on backend: any Backend, side: Int, upstream: Float) throws -> [Float] {
      let numbers = (0..<side * side * 5).map { Float(($0 * 7919) % 201 - 100) / 128 }
      let tape = Tape(backend)
      let x = tape.constant(try Tensor(numbers, shape: [1, side, side, 5], on: backend))
      let weight = tape.variable(try Tensor(repeating: 0.5, shape: [6, 5, 5, 5], on: backend))
      let y = try tape.recording { try x.convolution(weight: weight, geometry: ConvolutionGeometry(padding: 2)) }
      let given = try Tensor(repeating: upstream, shape: y.shape, on: backend)
      return try #require(tape.gradients(of: [(y, given)], at: [weight])[0]).floats()
    }
    let cpu = try CPUBackend(threads: 1)
    // 16 pieces of 1024 rows, two for each share; then 9, which five shares take.
    #expect(try gradient(on: cpu, side: 128, upstream: .nan).allSatisfy { $0.isNaN })
    let found = try gradient(on: cpu, side: 96, upstream: 1)
    let expected = try gradient(on: PrimitivesOnly(CPUBackend(threads: 2)), side: 96, upstream: 1)
    // All of one sign nowhere: the sums of nine thousand numbers cancel.
    #expect(distance(found, expected) < 1e-4, "off by \(distance(found, expected))")
  }

  @Test func biasesOfManyRows() throws {
    try check([[9001, 3], [64, 3], [64]]) { try $0[0].linear(weight: $0[1], bias: $0[2]) }
  }

  @Test(arguments: [
    (17, 22, 40, 48, ConvolutionGeometry(padding: 1)), (40, 40, 33, 65, ConvolutionGeometry(padding: 1)),
    (9, 15, 32, 35, ConvolutionGeometry(stride: 1, paddingBefore: 0, paddingAfter: 2)),
    (8, 7, 36, 32, ConvolutionGeometry(padding: 1, upsampling: 2)), (96, 92, 64, 64, ConvolutionGeometry(padding: 1)),
  ]) func kernels(height: Int, width: Int, inputs: Int, outputs: Int, geometry: ConvolutionGeometry) throws {
    try check([[2, height, width, inputs], [outputs, 3, 3, inputs]]) {
      try $0[0].convolution(weight: $0[1], geometry: geometry)
    }
  }

  /// Weights in half precision, which are packed as they are: of products and of convolutions, by Winograd's method and not.
  @Test(arguments: [DType.f16, .bf16, .f32]) func frozenWeights(type: DType) throws {
    func check(_ input: Shape, _ kernel: Shape, _ body: (Tensor, Tensor) throws -> Tensor) throws {
      let numbers = (0..<kernel.elementCount).map { Float(($0 * 7919) % 201 - 100) / 128 }
      func found(_ backend: any Backend) throws -> [Float] {
        let weight = try Tensor(numbers, shape: kernel, on: backend)
        let stored = try Tensor(uninitialized: kernel, dtype: type, on: backend)
        try backend.copy(weight.operand, to: stored.operand)
        return try gradients(on: backend, [input]) { variables in
          guard let tape = variables[0].backend as? Tape else { return variables[0] }
          return try body(variables[0], tape.constant(stored))
        }[0]
      }
      let expected = try found(PrimitivesOnly(CPUBackend(threads: 2, winograd: false)))
      let own = try [1, 2].map { try found(CPUBackend(threads: $0)) }
      #expect(distance(own[0], expected) < Self.tolerance, "\(kernel) is off by \(distance(own[0], expected))")
      #expect(own[0] == own[1], "the number of threads changes \(kernel)")
    }
    for (rows, inputs, outputs) in [(70, 33, 65), (1, 300, 7), (200, 64, 512)] {
      try check([rows, inputs], [outputs, inputs]) { try $0.linear(weight: $1) }
    }
    for (side, kernel, inputs, outputs, geometry) in [
      (13, 3, 40, 33, ConvolutionGeometry(padding: 1)), (20, 3, 17, 150, ConvolutionGeometry(padding: 1)),
      (9, 3, 20, 18, ConvolutionGeometry(padding: 1, upsampling: 2)), (8, 1, 50, 70, ConvolutionGeometry()),
      (12, 5, 19, 40, ConvolutionGeometry(padding: 2)), (11, 3, 35, 36, ConvolutionGeometry(stride: 2, padding: 1)),
      (7, 3, 3, 5, ConvolutionGeometry(padding: 1)),
      (10, 3, 33, 64, ConvolutionGeometry(stride: 1, padding: 2, dilation: 2)),
    ] {
      try check([2, side, side, inputs], [outputs, kernel, kernel, inputs]) {
        try $0.convolution(weight: $1, geometry: geometry)
      }
    }
  }

  @Test(arguments: [(3, 2, 1, 1), (3, 2, 0, 1), (4, 2, 1, 1), (5, 3, 2, 0), (2, 3, 0, 0), (1, 2, 0, 0), (7, 4, 3, 3)])
  func strides(kernel: Int, stride: Int, before: Int, after: Int) throws {
    for (height, width) in [(16, 16), (15, 18), (13, 7)] {
      try check([[2, height, width, 5], [6, kernel, kernel, 5]]) {
        try $0[0].convolution(
          weight: $0[1],
          geometry: ConvolutionGeometry(stride: stride, paddingBefore: before, paddingAfter: after))
      }
    }
  }
}
