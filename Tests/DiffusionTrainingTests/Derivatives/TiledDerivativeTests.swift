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

  private func check(_ shapes: [Shape], _ body: ([Tensor]) throws -> Tensor) throws {
    let expected = try gradients(on: PrimitivesOnly(CPUBackend(threads: 2, winograd: false)), shapes, body)
    let found = try [1, 2, 3].map { try gradients(on: CPUBackend(threads: $0), shapes, body) }
    for (index, (own, right)) in zip(found[0], expected).enumerated() {
      let error = distance(own, right)
      #expect(error < Self.tolerance, "the gradient of operand \(index) of \(shapes) is off by \(error)")
    }
    // Not a number differs from itself.
    #expect(found[0] == found[1] && found[0] == found[2], "the number of threads changes \(shapes)")
  }

  @Test(arguments: [
    (1, 1, 700, 300, 16), (1, 3, 530, 77, 8), (2, 5, 65, 1100, 8), (1, 2, 33, 9000, 4), (3, 4, 1, 2, 4),
  ]) func attention(batch: Int, heads: Int, queries: Int, keys: Int, width: Int) throws {
    let channels = heads * width
    try check([[batch, queries, channels], [batch, keys, channels], [batch, keys, channels]]) {
      try Tensor.attention($0[0], $0[1], $0[2], heads: heads)
    }
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
