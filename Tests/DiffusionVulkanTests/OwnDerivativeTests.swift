// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import DiffusionTraining
import DiffusionVulkan
import TestSupport
import Testing

/// Derivatives with kernels of their own, at sizes of several tiles and runs, against those that the processor makes of
/// primitives; with few groups of invocations, so that what large pictures need several dispatches for does too.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct OwnDerivativeTests {
  /// Sums of a thousand numbers in `f32` in another order differ by 1e-6, and GELU by 1e-7 of its own. A tile that is left
  /// out or counted twice makes a tenth or more.
  private static let tolerance = 1e-5

  /// A body of a case, and the shapes of its variables.
  private struct Case {
    let name: String
    let shapes: [Shape]
    let body: ([Tensor]) throws -> Tensor
  }

  private static var cases: [Case] {
    var cases = [
      Case(name: "linear", shapes: [[70, 40], [35, 40], [35]]) {
        try $0[0].linear(weight: $0[1], bias: $0[2], activation: .gelu)
      },
      Case(name: "gated", shapes: [[70, 40], [66, 40], [66]]) { try $0[0].gatedLinear(weight: $0[1], bias: $0[2]) },
      Case(name: "softmax", shapes: [[3, 5, 300]]) { try $0[0].softmax(scale: 0.7) },
      Case(name: "layer norm", shapes: [[150, 77], [77], [77]]) {
        try $0[0].layerNorm(gamma: $0[1], beta: $0[2], epsilon: 1e-5)
      },
      Case(name: "few rows", shapes: [[1, 2, 600], [600], [600]]) {
        try $0[0].layerNorm(gamma: $0[1], beta: $0[2], epsilon: 1e-5)
      },
    ]
    for activation in Activation.allCases {
      cases.append(
        Case(name: "group norm, \(activation)", shapes: [[3, 190, 24], [24], [24]]) {
          try $0[0].groupNorm(groups: 4, gamma: $0[1], beta: $0[2], epsilon: 1e-5, activation: activation)
        })
    }
    for (batch, heads, queries, keys, width) in [
      (1, 3, 70, 45, 8), (2, 20, 33, 64, 40), (1, 1, 5, 100, 100), (3, 4, 1, 2, 4), (1, 2, 65, 33, 64),
    ] {
      let channels = heads * width
      cases.append(
        Case(
          name: "attention \(batch) \(heads) \(queries) \(keys) \(width)",
          shapes: [[batch, queries, channels], [batch, keys, channels], [batch, keys, channels]]
        ) { try Tensor.attention($0[0], $0[1], $0[2], heads: heads) })
    }
    for (side, kernel, inputs, outputs, geometry) in [
      (17, 3, 22, 40, ConvolutionGeometry(padding: 1)), (15, 3, 5, 70, ConvolutionGeometry(stride: 2, padding: 1)),
      (9, 3, 4, 6, ConvolutionGeometry(padding: 1, upsampling: 2)), (8, 1, 90, 33, ConvolutionGeometry()),
      (12, 5, 3, 7, ConvolutionGeometry(stride: 1, paddingBefore: 0, paddingAfter: 2)),
      (12, 3, 4, 8, ConvolutionGeometry(padding: 2, dilation: 2)),
      (10, 3, 8, 12, ConvolutionGeometry(padding: 1, groups: 2)),
    ] {
      cases.append(
        Case(
          name: "convolution \(side) \(kernel) \(inputs) \(outputs) \(geometry)",
          shapes: [[2, side, side, inputs], [outputs, kernel, kernel, inputs / geometry.groups]]
        ) { try $0[0].convolution(weight: $0[1], geometry: geometry) })
    }
    return cases
  }

  private func gradients(on backend: any Backend, _ test: Case) throws -> [[Float]] {
    var random = SplitMix64(state: 5)
    func values(_ shape: Shape) throws -> Tensor {
      let numbers = (0..<shape.elementCount).map { _ in Float(Int(random.next() % 2001) - 1000) / 1000 }
      return try Tensor(numbers, shape: shape, on: backend)
    }
    let tape = Tape(backend)
    let variables = try test.shapes.map { tape.variable(try values($0)) }
    let result = try tape.recording { try test.body(variables) }
    let found = try tape.gradients(of: [(result, try values(result.shape))], at: variables)
    return try found.map { try #require($0).floats() }
  }

  private func distance(_ a: [Float], _ b: [Float]) -> Double {
    var (difference, size) = (0.0, 0.0)
    for (x, y) in zip(a, b) {
      difference += Double(x - y) * Double(x - y)
      size += Double(y) * Double(y)
    }
    return a.count == b.count ? (difference / max(size, 1e-12)).squareRoot() : .infinity
  }

  @Test func gradientsAreThoseOfPrimitives() throws {
    let right = PrimitivesOnly(try CPUBackend(threads: 2, winograd: false))
    let devices = try [
      TestDevice.makeBackend(TestDevice.tiers.last), TestDevice.makeBackend(.tier(.portable), mostGroups: 16),
      TestDevice.makeBackend(.subgroupsWithoutLanes, mostGroups: 16),
    ]
    for test in Self.cases {
      let expected = try gradients(on: right, test)
      for device in devices {
        let found = try gradients(on: device, test)
        for (index, (own, known)) in zip(found, expected).enumerated() {
          let error = distance(own, known)
          #expect(error < Self.tolerance, "\(test.name): the gradient of operand \(index) is off by \(error)")
        }
        #expect(device.validationMessages == [])
      }
    }
  }

  /// Steps with a gradient and one without, on moments that another holds and on its own.
  @Test func stepsOfAdamWAreThoseOfTheProcessor() throws {
    func steps(on backend: any Backend) throws -> [[Float]] {
      let tape = Tape(backend)
      let count = 700
      let values = (0..<count).map { Float($0 % 37) / 37 - 0.5 }
      let variable = tape.variable(try Tensor(values, shape: [count], on: backend))
      let optimizer = try AdamW([TrainableParameter(key: "w", value: variable, order: .checkpoint)], on: tape)
      for step in 0..<4 {
        let gradient = try Tensor(
          (0..<count).map { Float(($0 * (step + 3)) % 91 - 45) / 64 }, shape: [count], on: backend)
        try optimizer.step([step == 2 ? nil : gradient], learningRate: 1e-2, scale: 0.5)
      }
      let moments = try optimizer.moments()[0]
      return try [tape.onBase(variable), moments.first, moments.second].map { try $0.floats() }
    }
    let expected = try steps(on: CPUBackend(threads: 1))
    let device = try TestDevice.makeBackend(TestDevice.tiers.last)
    for (own, right) in zip(try steps(on: device), expected) { #expect(distance(own, right) < 1e-6) }
    #expect(device.validationMessages == [])
  }
}
