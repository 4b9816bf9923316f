// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import DiffusionVulkan
import TestSupport
import Testing

/// Networks that find lines and figures on Vulkan, against the recordings of the published classes.
///
/// In f32 as on the processor, with sums in another order: a tenth of what one level of eight bits is, in relative L2.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct ExtractionTests {
  private static let tolerance = 2e-5

  private struct Case: Decodable {
    let key: String
    let kind: String?
    let net: String?
    let weights: String?
    let num_downs: Int?
    let ngf: Int?

    var architecture: LineExtractionArchitecture? {
      switch net {
      case "lineart":
        guard let levels = num_downs, let width = ngf else { return nil }
        return .pixToPix(PixToPixConfiguration(widths: (0..<levels).map { min(width << $0, 8 * width) }))
      case "lineart_keras": return .sketchKeras
      case "lineart_sk": return .informativeDrawing(blocks: 3)
      default: return nil
      }
    }
  }

  /// The bare networks of another set, at all of its sizes; the deepest one is left to the processor, where it takes a
  /// software device minutes.
  @Test(.enabled(if: GoldenSet.named != nil, "IRODORI_GOLDEN names no folder")) func linesOfAnotherSet() throws {
    let set = try #require(GoldenSet.named)
    let backend = try TestDevice.makeBackend()
    let golden = try set.file("extractors", on: backend)
    let recorded = try set.decode(FormulaCases<Case>.self, from: "extractors_cases")
    for c in recorded.cases where golden.contains("\(c.key).in") {
      guard let architecture = c.architecture, let weights = c.weights else { continue }
      let network = try LineExtractionNetwork(
        Parameters(recorded.parameters(weights, on: backend)), architecture: architecture)
      let error = try network(golden.image("\(c.key).in")).relativeError(to: golden.image("\(c.key).out"))
      #expect(error < Self.tolerance, "\(c.key): \(error)")
    }
    #expect(backend.validationMessages == [])
  }

  @Test(arguments: [
    ("lineart.small", LineExtractionArchitecture.pixToPix(PixToPixConfiguration(widths: [8, 16, 32, 64, 64]))),
    ("keras", .sketchKeras), ("sk", .informativeDrawing(blocks: 3)),
  ])
  func linesAreTheRecorded(group: String, architecture: LineExtractionArchitecture) throws {
    let backend = try TestDevice.makeBackend()
    let golden = try GoldenSet.own.file("extractors", on: backend)
    let recorded = try GoldenSet.own.decode(FormulaCases<Case>.self, from: "extractors_cases")
    let key = try #require(recorded.cases.first { $0.weights == group }).key
    let network = try LineExtractionNetwork(
      Parameters(recorded.parameters(group, on: backend)), architecture: architecture)
    if golden.contains("\(key).net_in") {
      // One channel of three.
      let made = try network(golden.image("\(key).net_in").sliced(axis: 0, 0..<1))
      #expect(try made.relativeError(to: golden.image("\(key).net_out").sliced(axis: 0, 0..<1)) < Self.tolerance)
    } else {
      let shape = golden.shape("\(key).image")
      let pixels = try golden.file.bytes(of: "\(key).image").withUnsafeBytes { [UInt8]($0) }
      var extraction = LineExtraction(network, backend: backend)
      extraction.keepsPublishedRange = true
      let lines = try extraction(
        Image(width: shape[1], height: shape[0], channels: shape[2], pixels: pixels))
      let made = try Tensor(lines, shape: Shape([1, shape[0], shape[1], 1]), on: backend)
      #expect(try made.relativeError(to: golden.image("\(key).proceed")) < Self.tolerance)
    }
    #expect(backend.validationMessages == [])
  }

  @Test(arguments: GoldenSet.all) func figuresAreTheRecorded(set: GoldenSet) throws {
    let backend = try TestDevice.makeBackend()
    let golden = try set.file("isnet", on: backend)
    let recorded = try set.decode(FormulaCases<Case>.self, from: "isnet_cases")
    let network = try ISNet(Parameters(recorded.parameters("isnet", on: backend)))
    for c in recorded.cases where c.kind == "net" {
      let error = try network(golden.image("\(c.key).in")).relativeError(to: golden.image("\(c.key).out"))
      #expect(error < Self.tolerance, "\(c.key): \(error)")
    }
    #expect(backend.validationMessages == [])
  }
}
