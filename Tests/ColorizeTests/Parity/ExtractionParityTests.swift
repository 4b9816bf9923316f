// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import Colorize
import DiffusionCore
import TestSupport
import Testing

/// The line extraction networks against the published classes, with the published application's steps before and after.
///
/// Both compute in f32 and add in other orders; a second implementation of the recorded arithmetic differs by up to 3.1e-6
/// in relative L2, so 2e-5. A wrong border or a norm that is missing makes hundredths, see the last tests.
struct ExtractionParityTests {
  static let tolerance = 2e-5

  private struct Setup {
    let backend: any Backend
    let golden: GoldenFile
    let recorded: FormulaCases<RecordedExtraction.Case>

    init(_ set: GoldenSet, on backend: any Backend) throws {
      self.backend = backend
      golden = try set.file("extractors", on: backend)
      recorded = try set.decode(FormulaCases<RecordedExtraction.Case>.self, from: "extractors_cases")
    }

    func network(
      _ c: RecordedExtraction.Case, change: (inout FormulaTensor) -> Void = { _ in }
    ) throws -> LineExtractionNetwork {
      var source = recorded.parameters(c.weights, on: backend)
      for name in source.names {
        if var tensor = source.tensors[name] {
          change(&tensor)
          source.tensors[name] = tensor
        }
      }
      return try LineExtractionNetwork(Parameters(source), architecture: #require(c.architecture))
    }
  }

  @Test(arguments: RecordedExtraction.sets) func everyRecording(set: GoldenSet) throws {
    let setup = try Setup(set, on: CPUBackend())
    #expect(Set(setup.recorded.cases.map(\.net)).count == 4)
    for c in setup.recorded.cases {
      let network = try setup.network(c)
      for (part, error) in try errors(c, network, setup) {
        if set.path != GoldenSet.own.path { print("\(c.key) \(part): \(error)") }
        #expect(error < Self.tolerance, "\(c.key) \(part): \(error)")
      }
    }
  }

  /// What is recorded of a case, with the error of each.
  private func errors(
    _ c: RecordedExtraction.Case, _ network: LineExtractionNetwork, _ s: Setup
  ) throws -> [(part: String, error: Double)] {
    var found: [(String, Double)] = []
    let golden = s.golden
    if golden.contains("\(c.key).in") {
      let made = try network(golden.image("\(c.key).in"))
      let key = golden.contains("\(c.key).raw") ? "\(c.key).raw" : "\(c.key).out"
      found.append(("network", try made.relativeError(to: golden.image(key))))
    }
    guard golden.contains("\(c.key).image") else { return found }
    let image = try RecordedExtraction.image("\(c.key).image", in: golden)
    var extraction = LineExtraction(network, backend: s.backend)
    extraction.keepsPublishedRange = true
    let lines = try extraction(image)
    var isClear = [Bool](repeating: true, count: lines.count)
    if golden.contains("\(c.key).net_out") {
      #expect(
        HighPass(image).blurred == (try golden.file.bytes(of: "\(c.key).blurred").withUnsafeBytes { [UInt8]($0) }))
      let planes = try #require(HighPass(image).planes)
      let made = try Tensor(planes.flatMap(\.self), shape: [3, image.height, image.width, 1], on: s.backend)
      found.append(("input", try made.relativeError(to: golden.image("\(c.key).net_in"))))
      let recorded = try golden.image("\(c.key).net_out")
      found.append(("network", try network(made).relativeError(to: recorded)))
      // The result jumps where the largest of the channels is 0.1.
      let values = try golden.file.floats(of: "\(c.key).net_out")
      for pixel in isClear.indices {
        let largest = (0..<3).map { values[$0 * isClear.count + pixel] }.max() ?? 0
        isClear[pixel] = abs(largest - 0.1) > 1e-4
      }
      #expect(isClear.count { !$0 } * 100 < isClear.count)
    }
    found.append(
      ("lines", lines.relativeError(to: try golden.file.floats(of: "\(c.key).proceed")) { isClear[$0] }))
    return found
  }

  /// The networks are made of operations that every backend has.
  @Test func primitivesSuffice() throws {
    let setup = try Setup(.own, on: PrimitivesOnly(CPUBackend()))
    for c in setup.recorded.cases where c.net != "lineart_denoise" {
      for (part, error) in try errors(c, setup.network(c), setup) {
        #expect(error < Self.tolerance, "\(c.key) \(part): \(error)")
      }
    }
  }

  // MARK: Faults are found

  /// Zeros where the image is to be mirrored.
  private final class UnmirroredBackend: ForwardingBackend, CallReceiver {
    let base: any Backend
    var name: String { "\(base.name), not mirrored" }
    init(_ base: any Backend) { self.base = base }

    func receive(_ call: BackendCall) throws {
      guard case .resample(let axis, let taps) = call.operation, taps.outputExtent > taps.inputExtent, taps.width == 1,
        let source = call.operands[0]
      else { return try call.perform(on: base) }
      let added = (taps.outputExtent - taps.inputExtent) / 2
      let zeros = ResampleTaps.padding(taps.inputExtent, before: added, after: added, mode: .zero)
      try base.resample(source, axis: axis, taps: zeros, to: call.out)
    }
  }

  @Test(arguments: ["lineart_keras", "lineart_sk"]) func wrongBorderIsFound(net: String) throws {
    let setup = try Setup(.own, on: UnmirroredBackend(CPUBackend()))
    let c = try #require(setup.recorded.cases.first { $0.net == net })
    let error = try #require(errors(c, setup.network(c), setup).last).error
    #expect(error > 50 * Self.tolerance)
  }

  /// One norm of the last block that does nothing.
  @Test(arguments: [
    ("lineart_keras", "upblock_4.7"), ("lineart_denoise", "block9.model.1.residual.model.0"),
    ("lineart_denoise", "conv15.model.0"),
  ])
  func missingNormIsFound(net: String, norm: String) throws {
    let setup = try Setup(.own, on: CPUBackend())
    let c = try #require(setup.recorded.cases.first { $0.net == net })
    let network = try setup.network(c) { tensor in
      guard tensor.name.hasPrefix(norm + "."), tensor.shape.count == 1 else { return }
      tensor.amplitude = 0
      tensor.base = tensor.name.hasSuffix(".weight") || tensor.name.hasSuffix("running_var") ? 1 : 0
    }
    let error = try #require(errors(c, network, setup).last).error
    #expect(error > 50 * Self.tolerance)
  }
}

/// Doubling after the sums over channels is doubling before them: in f32, so 1e-5 in relative L2.
struct DoublingConvolutionTests {
  @Test(arguments: [(1, 3, 5), (2, 4, 2), (1, 16, 9)]) func isTheConvolutionOfTheDoubledImage(
    batch: Int, height: Int, width: Int
  ) throws {
    let backend = try CPUBackend()
    let parameters = SeededParameters(backend: backend)
    let x = try parameters.parameter("image", shape: [batch, height, width, 6])
    let convolution = try Conv2d(
      Parameters(parameters), inputs: 6, outputs: 5, kernel: 4, geometry: ConvolutionGeometry())
    let doubled = try x.resizedBicubic(height: 2 * height, width: 2 * width)
      .padded(top: 1, bottom: 2, left: 1, right: 2, mode: .reflect)
    let expected = try convolution(doubled, activation: .relu)
    let made = try DoublingConvolution(convolution, padding: 1)(x, activation: .relu)
    #expect(try made.relativeError(to: expected) < 1e-5)
    #expect(made.shape == [batch, 2 * height, 2 * width, 5])
  }
}
