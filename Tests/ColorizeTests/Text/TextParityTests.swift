// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// The text tower, and what texts change, against recordings of the published implementation.
///
/// Both sides compute in f32 with sums in another order, which was measured to differ by 2e-6 at most; the tolerance is 1e-5
/// in relative L2. A wrong constant or branch differs by more than 1e-2.
@Suite("text parity") struct TextParityTests {
  static let tolerance = 1e-5

  private let tokenizer: TextTokenizer

  init() throws {
    tokenizer = TextTokenizer(vocabulary: try TextVocabulary(packed: TextVocabulary.publishedFile, name: "published"))
  }

  private func error(_ made: [Float], _ recorded: [Float]) -> Double {
    guard made.count == recorded.count else { return .infinity }
    var (difference, norm) = (0.0, 0.0)
    for (a, b) in zip(made, recorded) {
      difference += Double(a - b) * Double(a - b)
      norm += Double(b) * Double(b)
    }
    return (difference / max(norm, 1e-12)).squareRoot()
  }

  @Test("Embeddings", arguments: GoldenSet.all, [false, true]) func embeddings(set: GoldenSet, primitivesOnly: Bool)
    throws
  {
    let recorded = try TextRecordings(set)
    let cpu = try CPUBackend()
    let tower = try recorded.tower(on: primitivesOnly ? PrimitivesOnly(cpu) : cpu)
    let ids = recorded.cases.prompts.map(tokenizer.ids)
    let length = recorded.shape("ids").last ?? 0
    #expect(ids.flatMap { $0 + [Int32](repeating: 0, count: length - $0.count) } == (try recorded.ids("ids")))
    for (key, runsLastBlock) in [("embedding", false), ("embedding_all_layers", true)] {
      let made = try tower(ids, runsLastBlock: runsLastBlock).flatMap { $0 }
      let found = error(made, try recorded.floats(key))
      #expect(found < Self.tolerance, "\(key): \(found)")
    }
    // The two differ by more than the tolerance, or the option would not be tested.
    #expect(error(try recorded.floats("embedding"), try recorded.floats("embedding_all_layers")) > 1e-2)
  }

  /// A random tower in OpenCLIP's own file against what OpenCLIP computes; `openclip.py` makes both.
  @Test("OpenCLIP itself", .enabled(if: OpenCLIPFixture.folder != nil, "IRODORI_OPENCLIP names no folder"))
  func openCLIP() throws {
    struct Made: Decodable {
      let texts: [String]
      let embeddings: [[Float]]
    }
    let folder = try #require(OpenCLIPFixture.folder)
    let made = try JSONDecoder().decode(
      Made.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/openclip.json")))
    let source = WeightSource(try SafetensorsFile(path: "\(folder)/openclip.safetensors"))
    let sizes = try #require(OpenCLIPTextConfiguration(source, below: ""))
    let reader = WeightReader(source)
    let tower = try OpenCLIPTextTower(
      Parameters(CheckpointParameters(reader, backend: CPUBackend())), configuration: sizes)
    try reader.finish()
    let found = error(
      try tower(made.texts.map(tokenizer.ids), runsLastBlock: true).flatMap { $0 }, made.embeddings.flatMap { $0 })
    #expect(found < Self.tolerance, "\(found)")
  }

  @Test("Tokens, and that no later one is seen", arguments: GoldenSet.all) func tokens(set: GoldenSet) throws {
    let recorded = try TextRecordings(set)
    let tower = try recorded.tower(on: CPUBackend())
    let shape = recorded.shape("tokens_projected")
    let all = try recorded.ids("ids")
    let length = recorded.shape("ids")[1]
    for row in 0..<shape[0] {
      let ids = Array(all[row * length..<row * length + shape[1]])
      let made = try tower.allTokens([ids]).floats()
      let size = shape[1] * shape[2]
      let found = error(made, Array(try recorded.floats("tokens_projected")[row * size..<(row + 1) * size]))
      #expect(found < Self.tolerance, "\(found)")
      let short = try tower.allTokens([Array(ids.prefix(3))]).floats()
      #expect(error(short, Array(made.prefix(short.count))) < 1e-6)
    }
    #expect(throws: ConfigurationError.self) { try tower([[Int32(49_408)]]) }
    #expect(throws: ConfigurationError.self) { try tower([[-1]]) }
    #expect(throws: ConfigurationError.self) { try tower([[]]) }
    #expect(throws: ConfigurationError.self) { try tower([[Int32](repeating: 1, count: 78)]) }
  }

  @Test("Weights of a share", arguments: GoldenSet.all) func weights(set: GoldenSet) throws {
    let recorded = try TextRecordings(set)
    let (s, d) = (try recorded.floats("pwv.s"), try recorded.floats("pwv.d"))
    let count = s.count / d.count
    for (key, thresholds) in [
      ("pwv.default", TokenManipulation.defaultThresholds), ("pwv.wide", [0.2, 0.4, 0.6, 0.8]),
    ] {
      let made = d.indices.flatMap { row in
        TokenManipulation.shares(of: Array(s[row * count..<(row + 1) * count])).map {
          TokenManipulation.weight($0, distance: d[row], thresholds: thresholds)
        }
      }
      let found = error(made, try recorded.floats(key))
      #expect(found < Self.tolerance, "\(key): \(found)")
    }
  }

  private func steps(_ recorded: TextRecordings, _ list: TextRecordings.Steps) throws -> [TokenManipulation.Step] {
    let tower = try recorded.tower(on: CPUBackend())
    func embedding(_ text: String) throws -> [Float] { try tower([tokenizer.ids(of: text)])[0] }
    return try list.targets.indices.map { index in
      let anchor = list.anchors[index].flatMap { $0 == "none" ? nil : $0 }
      return TokenManipulation.Step(
        target: try embedding(list.targets[index]), anchor: try anchor.map(embedding),
        control: try list.controls.map { try embedding($0[index]) }, scale: list.scales[index],
        enhances: list.enhances[index],
        thresholds: list.thresholds?[index] ?? TokenManipulation.defaultThresholds)
    }
  }

  @Test("Local changes", arguments: GoldenSet.all) func local(set: GoldenSet) throws {
    let recorded = try TextRecordings(set)
    #expect(recorded.cases.local.count >= 6)
    for list in recorded.cases.local {
      let shape = recorded.shape(list.v)
      let (size, width) = (shape[1] * shape[2], shape[2])
      let (v, expected) = (try recorded.floats(list.v), try recorded.floats(list.key))
      let changes = try steps(recorded, list)
      let made = (0..<shape[0]).flatMap { row -> [Float] in
        let classToken = Array(v[row * size..<row * size + width])
        let tokens = Array(v[row * size + width..<(row + 1) * size])
        return classToken + TokenManipulation.local(tokens, classToken: classToken, steps: changes)
      }
      let found = error(made, expected)
      #expect(found < Self.tolerance, "\(list.key): \(found)")
      #expect(error(v, expected) > 1e-2, "\(list.key) changes nothing")
    }
  }

  @Test("Global changes", arguments: GoldenSet.all) func global(set: GoldenSet) throws {
    let recorded = try TextRecordings(set)
    #expect(recorded.cases.global.count >= 5)
    for list in recorded.cases.global {
      let shape = recorded.shape(list.v)
      let v = try recorded.floats(list.v)
      let changes = try steps(recorded, list)
      let made = (0..<shape[0]).flatMap { row in
        let start = row * shape[1] * shape[2]
        return TokenManipulation.global(Array(v[start..<start + shape[2]]), steps: changes)
      }
      let found = error(made, try recorded.floats(list.key))
      #expect(found < Self.tolerance, "\(list.key): \(found)")
    }
  }

  @Test("Heat maps", arguments: GoldenSet.all) func heat(set: GoldenSet) throws {
    let recorded = try TextRecordings(set)
    let backend = try CPUBackend()
    let tower = try recorded.tower(on: backend)
    for heat in recorded.cases.heat {
      let shape = recorded.shape("v")
      let (size, width) = (shape[1] * shape[2], shape[2])
      let v = Array(try recorded.floats("v").prefix(size))
      var tokens = Array(v.dropFirst(width))
      for key in heat.manipulations {
        let list = try #require(recorded.cases.local.first { $0.key == key })
        tokens = TokenManipulation.local(tokens, classToken: Array(v.prefix(width)), steps: try steps(recorded, list))
      }
      let text = try tower([tokenizer.ids(of: heat.control)])[0]
      let similarities = TokenManipulation.similarities(tokens, to: text)
      let found = error(similarities, try recorded.floats("\(heat.key).projection"))
      #expect(found < Self.tolerance, "\(heat.key): \(found)")
      let picture = try Image(
        width: heat.width, height: heat.height, channels: 3, pixels: recorded.bytes("\(heat.key).image"))
      let map = try HeatMap(of: picture, similarities: similarities, thresholds: heat.thresholds, on: backend)
      // A pixel that is within rounding of a threshold may be on its other side.
      let levels = try recorded.bytes("\(heat.key).map").map { $0 / 63 }
      let flipped = zip(map.levels, levels).count { $0 != $1 }
      #expect(flipped <= 2, "\(heat.key): \(flipped) of \(levels.count)")
      let result = try recorded.bytes("\(heat.key).result")
      // Halves are rounded up or down, and in two places of three channels a flipped pixel.
      let far = zip(map.image.pixels, result).count { abs(Int($0) - Int($1)) > 1 }
      #expect(far <= 3 * flipped, "\(heat.key): \(far) samples differ")
      #expect(Set(levels).count >= 4)
    }
  }

  @Test("A control that is the same everywhere changes nothing") func constant() {
    let token: [Float] = [0.5, -0.25, 1]
    let tokens = [Float](repeating: 0, count: 4).flatMap { _ in token }
    let step = TokenManipulation.Step(target: [1, 0, 0], anchor: [0, 1, 0], control: [0, 0, 1], scale: 8)
    #expect(TokenManipulation.local(tokens, classToken: token, steps: [step]) == tokens)
    var everywhere = step
    everywhere.control = nil
    // D = 8 - 0.5, everywhere the same.
    let expected = tokens.indices.map { tokens[$0] + 7.5 * [1, -1, 0][$0 % 3] }
    #expect(TokenManipulation.local(tokens, classToken: token, steps: [everywhere]) == expected)
    everywhere.scale = 0
    #expect(TokenManipulation.local(tokens, classToken: token, steps: [everywhere]) == tokens)
  }
}

/// What `openclip.py` has made, where it was.
private enum OpenCLIPFixture {
  static let folder = ProcessInfo.processInfo.environment["IRODORI_OPENCLIP"]
}
