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
    let weights: String?
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

  @Test func figuresAreTheRecorded() throws {
    let backend = try TestDevice.makeBackend()
    let golden = try GoldenSet.own.file("isnet", on: backend)
    let recorded = try GoldenSet.own.decode(FormulaCases<Case>.self, from: "isnet_cases")
    let network = try ISNet(Parameters(recorded.parameters("isnet", on: backend)))
    let key = "isnet.64x64"
    #expect(try network(golden.image("\(key).in")).relativeError(to: golden.image("\(key).out")) < Self.tolerance)
    #expect(backend.validationMessages == [])
  }
}
