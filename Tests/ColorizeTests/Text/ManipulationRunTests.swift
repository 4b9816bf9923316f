// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// Requests with texts, on a tiny network with a tiny text tower.
@Suite("runs with texts") struct ManipulationRunTests {
  private static let sizes = OpenCLIPTextConfiguration(
    vocabularySize: 49_408, contextLength: 77, width: 64, layers: 2, outputWidth: 32)
  private let tiny = TinyModel()

  private func request(_ change: (inout ColorizeRequest) -> Void = { _ in }) throws -> ColorizeRequest {
    let sketch = try Image(
      width: 32, height: 32, channels: 1, pixels: (0..<1024).map { $0 % 33 == 0 ? 0 : 255 })
    let reference = try Image(
      width: 32, height: 32, channels: 3, pixels: (0..<3072).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) })
    var request = ColorizeRequest(sketch: sketch, reference: reference)
    request.size = 64
    request.steps = 2
    request.fill = .painting
    request.lines = .network
    change(&request)
    return request
  }

  private static let step = ReferenceManipulation.Step(target: "blue hair", anchor: "blonde hair", control: "hair")

  @Test("A manipulation changes the picture, the same way each time", arguments: MemoryUse.allCases)
  func changes(memory: MemoryUse) async throws {
    let colorizer = try await Colorizer(model: tiny.model(text: Self.sizes), memory: memory)
    let plain = try await colorizer.colorize(request()).image
    let changed = try await colorizer.colorize(request { $0.manipulation = .init([Self.step]) }).image
    #expect(changed != plain)
    // No step is run where none has a scale; an empty list is none.
    var still = Self.step
    still.scale = 0
    #expect(try await colorizer.colorize(request { $0.manipulation = .init([still]) }).image == plain)
    #expect(try await colorizer.colorize(request { $0.manipulation = .init() }).image == plain)
    // What was encoded before is changed as well, and stays as it was.
    guard case .image(let picture) = try request().reference else { return }
    let encoded = try await colorizer.encode(picture)
    for (manipulation, expected) in [(ReferenceManipulation([Self.step]), changed), (nil, plain)] {
      let made = try await colorizer.colorize(
        request {
          $0.reference = .encoded(encoded)
          $0.manipulation = manipulation
        })
      #expect(made.image == expected)
    }
    #expect(
      try await colorizer.colorize(request { $0.manipulation = .init([Self.step], runsLastTextBlock: true) }).image
        != changed)
  }

  @Test("With masks the figure changes, and the background as little as its drawing lets it")
  func masks() async throws {
    let colorizer = try await Colorizer(model: tiny.model(text: Self.sizes))
    let mask = Mask(try Image(width: 32, height: 32, channels: 1, pixels: (0..<1024).map { $0 % 32 < 16 ? 255 : 0 }))
    func make(_ manipulation: ReferenceManipulation?) async throws -> Image {
      try await colorizer.colorize(
        request {
          $0.sketchMask = mask
          $0.referenceMask = mask
          $0.mode = .full
          $0.manipulation = manipulation
        }
      ).image
    }
    #expect(try await make(nil) != make(.init([Self.step])))
  }

  @Test("A model without a text tower says so before any work") func missing() async throws {
    let model = try tiny.model()
    #expect(model.textConfiguration == nil)
    let changed = try request { $0.manipulation = .init([Self.step]) }
    #expect(throws: ColorizeError.noTextTower(model: "tiny")) { try model.validate(changed) }
    let colorizer = try await Colorizer(model: model)
    await #expect(throws: ColorizeError.noTextTower(model: "tiny")) { try await colorizer.colorize(changed) }
    guard case .image(let picture) = changed.reference else { return }
    await #expect(throws: ColorizeError.noTextTower(model: "tiny")) {
      try await colorizer.heatMap(of: picture, control: "hair")
    }
    // Without steps nothing is read.
    #expect(throws: Never.self) { try model.validate(request { $0.manipulation = .init() }) }
  }

  @Test("Towers that do not fit or are damaged") func damaged() async throws {
    var wide = Self.sizes
    wide.outputWidth = 48
    let changed = try request { $0.manipulation = .init([Self.step]) }
    let error = #expect(throws: ColorizeError.self) { try tiny.model(text: wide).validate(changed) }
    #expect(error?.description.contains("do not belong together") == true)
    // A tower of another vocabulary, and one with a hole: the colorizer works, texts do not.
    var small = Self.sizes
    small.vocabularySize = 600
    for model in [try tiny.model(text: small), try tiny.model(text: Self.sizes, damaged: true)] {
      let colorizer = try await Colorizer(model: model)
      _ = try await colorizer.colorize(request())
      await #expect(throws: (any Error).self) { try await colorizer.colorize(changed) }
    }
  }

  @Test("The text tower is counted, and let go") func memory() async throws {
    let model = try tiny.model(text: Self.sizes)
    let backend = try CPUBackend(threads: 1)
    let plain = try model.memoryEstimate(for: request(), backend: backend)
    let changed = try model.memoryEstimate(for: request { $0.manipulation = .init([Self.step]) }, backend: backend)
    let tower = 4 * (try OpenCLIPTextTower.parameters(of: Self.sizes)).reduce(0) { $0 + $1.shape.elementCount }
    let more = try #require(changed.stageBytes[.encodingReference]) - #require(plain.stageBytes[.encodingReference])
    #expect(more > tower / 2 && more < 2 * tower, "\(more) for \(tower)")
    // Tokens that were changed stand by themselves, the others beside the class token of their picture.
    let classToken = 4 * Self.sizes.outputWidth
    #expect(try #require(changed.stageBytes[.sampling]) == #require(plain.stageBytes[.sampling]) - classToken)
    #expect(changed.loadingBytes == plain.loadingBytes)
  }

  @Test("Heat maps") func heatMaps() async throws {
    let colorizer = try await Colorizer(model: tiny.model(text: Self.sizes), memory: .low)
    guard case .image(let picture) = try request().reference else { return }
    let map = try await colorizer.heatMap(of: picture, control: "hair")
    #expect(map.image.size == picture.size && map.levels.count == 32 * 32)
    #expect(Set(map.levels).count > 1)
    let after = try await colorizer.heatMap(of: picture, control: "hair", after: .init([Self.step]))
    #expect(after != map)
    await #expect(throws: ColorizeError.self) {
      try await colorizer.heatMap(of: picture, control: "hair", thresholds: [1, 0, 0, 0])
    }
    await #expect(throws: ColorizeError.self) { try await colorizer.heatMap(of: picture, control: " ") }
    let large = try Image(width: 6000, height: 10, color: [10, 20, 30, 255])
    #expect(try await colorizer.heatMap(of: large, control: "hair").image.size == ImageSize(width: 4096, height: 7))
    let dot = try Image(width: 1, height: 1, color: [10])
    #expect(try await colorizer.heatMap(of: dot, control: "hair").levels == [0])
  }
}
