// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import TestSupport
import Testing

/// The operations of small convolutional networks against what PyTorch makes of them (`make_fixtures.py` beside the
/// recordings).
@Suite struct OperationGoldenTests {
  private static let folder = (Bundle.module.resourcePath ?? ".") + "/Golden/operations"

  private struct Case: Decodable {
    let name: String
    let op: String
    var padding: Int?
    var stride: Int?
    var dilation: Int?
    var groups: Int?
    var output_padding: Int?
    var kernel: Int?
    var ceil: Bool?
    var counts: Bool?
    var mode: String?
    var corners: Bool?
    var left: Int?
    var right: Int?
    var top: Int?
    var bottom: Int?
    var slope: Float?
    var epsilon: Float?
    var height: Int?
    var width: Int?
  }

  /// The recorded operands as a checkpoint has them.
  private struct Recorded: ParameterSource {
    let file: SafetensorsFile
    let backend: any Backend

    func parameter(_ key: String, shape: Shape) throws -> Tensor {
      let entry = try #require(file[key], "no tensor \(key)")
      #expect(Shape(entry.shape) == shape, "\(key)")
      return try Tensor(file.floats(of: key), shape: Shape(entry.shape), on: backend)
    }

    func contains(_ key: String) -> Bool { file[key] != nil }

    func shape(_ key: String) -> Shape { Shape(file[key]?.shape ?? []) }
  }

  @Test func resultsAreThoseOfPyTorch() throws {
    let file = try SafetensorsFile(path: Self.folder + "/operations.safetensors")
    let cases = try JSONDecoder().decode(
      [Case].self, from: Data(contentsOf: URL(filePath: Self.folder + "/cases.json")))
    #expect(cases.count == 83)
    let backends: [any Backend] = [
      try CPUBackend(threads: 2), try CPUBackend(threads: 1, instructionSet: "portable"),
      PlainConvolutions(try CPUBackend(threads: 1)),
    ]
    for backend in backends {
      let recorded = Recorded(file: file, backend: backend)
      for test in cases {
        func tensor(_ key: String) throws -> Tensor {
          try recorded.parameter("\(test.name).\(key)", shape: recorded.shape("\(test.name).\(key)"))
        }
        let expected = try tensor("out").transposed(0, 2, 3, 1)
        let result = try run(test, recorded)
        #expect(result.shape == expected.shape, "\(test.name)")
        guard result.shape == expected.shape else { continue }
        // The recordings are rounded to f32 once; sums of some dozen terms lose a few units in the last place.
        let error = try result.relativeError(to: expected)
        #expect(error < 1e-6, "\(test.name) is off by \(error)")
      }
    }
  }

  private func run(_ test: Case, _ recorded: Recorded) throws -> Tensor {
    let place = Parameters(recorded)[test.name]
    func tensor(_ key: String) throws -> Tensor { try place(key, recorded.shape("\(test.name).\(key)")) }
    let x = try tensor("x").transposed(0, 2, 3, 1)
    let windows = PoolingGeometry(
      kernel: test.kernel ?? 1, stride: test.stride, padding: test.kernel == nil ? 0 : test.padding ?? 0,
      roundsUp: test.ceil ?? false)
    switch test.op {
    case "convolution":
      return try x.convolution(
        weight: tensor("weight").transposed(0, 2, 3, 1), bias: tensor("bias"),
        geometry: ConvolutionGeometry(
          stride: test.stride ?? 1, padding: test.padding ?? 0, dilation: test.dilation ?? 1, groups: test.groups ?? 1))
    case "transposed":
      let shape = recorded.shape("\(test.name).weight")
      let geometry = TransposedConvolutionGeometry(
        stride: test.stride ?? 1, padding: test.padding ?? 0, outputPadding: test.output_padding ?? 0,
        dilation: test.dilation ?? 1, groups: test.groups ?? 1)
      let layer = try TransposedConv2d(
        place, inputs: shape[0], outputs: shape[1] * geometry.groups, kernel: (shape[2], shape[3]), geometry: geometry)
      return try layer(x)
    case "max_pool": return try x.maxPooled(windows)
    case "average_pool": return try x.averagePooled(windows, countsPadding: test.counts ?? true)
    case "pad":
      let mode: PaddingMode = test.mode == "reflect" ? .reflect : test.mode == "replicate" ? .edge : .zero
      return try x.padded(
        top: test.top ?? 0, bottom: test.bottom ?? 0, left: test.left ?? 0, right: test.right ?? 0, mode: mode)
    case "relu": return try x.relu()
    case "leaky_relu": return try x.leakyReLU(slope: test.slope ?? 0)
    case "prelu": return try x.prelu(slopes: tensor("slopes"))
    case "sigmoid": return try x.sigmoid()
    case "tanh": return try x.tanh()
    case "instance_norm":
      let isPlain = !recorded.contains("\(test.name).gamma")
      return try x.instanceNorm(
        gamma: isPlain ? nil : tensor("gamma"), beta: isPlain ? nil : tensor("beta"), epsilon: 1e-5)
    case "batch_norm":
      let norm = try BatchNorm(place, channels: x.shape[3], epsilon: test.epsilon ?? 0)
      // By itself, and folded into a convolution that passes each channel on.
      let identity = try Tensor(
        (0..<16).map { $0 % 5 == 0 ? 1 : 0 }, shape: [4, 1, 1, 4], on: recorded.backend)
      let convolution = Conv2d(weight: identity, geometry: ConvolutionGeometry())
      let folded = try norm.folded(into: convolution)(x)
      #expect(try folded.relativeError(to: norm(x)) < 1e-6)
      return folded
    case "interpolate":
      let interpolation: Interpolation =
        switch test.mode {
        case "nearest": .nearest
        case "area": .area
        case "bilinear": .bilinear(alignsCorners: test.corners ?? false)
        default: .bicubic(alignsCorners: test.corners ?? false)
        }
      return try x.resized(height: test.height ?? 0, width: test.width ?? 0, by: interpolation)
    default:
      Issue.record("no operation \(test.op)")
      return x
    }
  }

  /// Padding is a table of taps or a copy, and both give the pixels as they are.
  @Test func paddingMovesPixelsUnchanged() throws {
    let backend = try CPUBackend(threads: 1)
    let x = try Tensor([1, 2, 3, 4, 5, 6], shape: [1, 2, 3, 1], on: backend)
    #expect(try x.padded(1, mode: .reflect).floats() == [5, 4, 5, 6, 5, 2, 1, 2, 3, 2, 5, 4, 5, 6, 5, 2, 1, 2, 3, 2])
    #expect(
      try x.padded(top: 0, bottom: 1, left: 1, right: 0, mode: .edge).floats() == [1, 1, 2, 3, 4, 4, 5, 6, 4, 4, 5, 6])
    #expect(try x.padded(top: 1, bottom: 0, left: 0, right: 1).floats() == [0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0])
  }

  /// The numbers of multiplications of a transposed convolution are those of its definition, not of a convolution with
  /// zeros put in.
  @Test func transposedConvolutionMultipliesNoZeros() throws {
    let counter = ProfilingBackend(ShapeOnlyBackend(), clock: .counting)
    let x = try Tensor(uninitialized: [1, 16, 16, 8], on: counter)
    _ = try x.transposedConvolution(
      weight: Tensor(uninitialized: [6, 4, 4, 8], on: counter),
      geometry: TransposedConvolutionGeometry(stride: 2, padding: 1))
    // 32 x 32 outputs of 4 taps each.
    #expect(try counter.takeRecords().flops == Double(2 * 32 * 32 * 6 * 4 * 8))
  }
}

/// A backend as others wrote them before there were dilation and groups: it has the required members only, and refuses
/// what it does not know.
private final class PlainConvolutions: ForwardingBackend, PrimitiveCallReceiver {
  struct Refused: Error {}

  let base: any Backend
  init(_ base: any Backend) { self.base = base }
  var takesDilationAndGroups: Bool { false }

  func receive(_ call: BackendCall) throws {
    if case .conv2d(let geometry) = call.operation, geometry.dilation > 1 || geometry.groups > 1 { throw Refused() }
    try call.perform(on: base)
  }
}
