// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import TestSupport
import Testing

/// Anime IS-Net against the published classes, with the published application's steps before and after.
///
/// A second implementation of the recorded arithmetic differs by up to 2.3e-6 in relative L2, so 2e-5, as for lines.
struct SegmentationParityTests {
  static let tolerance = 2e-5

  @Test(arguments: RecordedExtraction.sets) func everyRecording(set: GoldenSet) throws {
    let backend = try CPUBackend()
    let golden = try set.file("isnet", on: backend)
    let recorded = try set.decode(FormulaCases<RecordedExtraction.SegmentationCase>.self, from: "isnet_cases")
    let network = try ISNet(Parameters(recorded.parameters("isnet", on: backend)))
    #expect(Set(recorded.cases.map(\.kind)) == ["net", "proceed"])
    for c in recorded.cases {
      let input = try golden.image("\(c.key).in")
      func expect(_ made: Tensor, _ part: String) throws {
        let error = try made.relativeError(to: golden.image("\(c.key).\(part)"))
        if set.path != GoldenSet.own.path { print("\(c.key) \(part): \(error)") }
        #expect(error < Self.tolerance, "\(c.key) \(part): \(error)")
      }
      if c.kind == "net" {
        try expect(network.logits(input), "side1")
        try expect(network(input), "out")
        continue
      }
      let segmentation = FigureSegmentation(network, side: try #require(c.s))
      if c.crop == false {
        try expect(
          segmentation.mask(ofLines: input, height: try #require(c.th), width: try #require(c.tw)), "out")
      } else {
        try expect(segmentation.mask(ofPicture: input, dilates: c.dilate ?? true), "out")
        if golden.contains("\(c.key).undilated") {
          try expect(segmentation.mask(ofPicture: input, dilates: false), "undilated")
        }
      }
    }
  }

  /// The figure's own negative is another picture.
  @Test func wrongInputIsFound() throws {
    let backend = try CPUBackend()
    let golden = try GoldenSet.own.file("isnet", on: backend)
    let recorded = try GoldenSet.own.decode(
      FormulaCases<RecordedExtraction.SegmentationCase>.self, from: "isnet_cases")
    let c = try #require(recorded.cases.first { $0.dilate == true })
    let network = try ISNet(Parameters(recorded.parameters("isnet", on: backend)))
    let wrong = FigureSegmentation(network, side: try #require(c.s), input: .positive)
    let made = try wrong.mask(ofPicture: golden.image("\(c.key).in"))
    #expect(try made.relativeError(to: golden.image("\(c.key).out")) > 50 * Self.tolerance)
  }
}
