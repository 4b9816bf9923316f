// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation

/// Recordings of the published text tower and of what texts change, with a tiny tower.
package struct TextRecordings: Sendable {
  package struct Sizes: Decodable, Sendable {
    package let width: Int
    package let layers: Int
    package let heads: Int
    let embed_dim: Int
    let vocab_size: Int
    let context_length: Int
  }

  /// Steps of a manipulation, each list with one entry a step.
  package struct Steps: Decodable, Sendable {
    package let key: String
    package let v: String
    package let targets: [String]
    package let anchors: [String?]
    package let controls: [String]?
    package let scales: [Float]
    package let enhances: [Bool]
    package let thresholds: [[Float]]?
  }

  package struct Heat: Decodable, Sendable {
    package let key: String
    package let height: Int
    package let width: Int
    package let control: String
    package let thresholds: [Float]
    package let manipulations: [String]
  }

  /// What the published program reads of a text.
  package struct Parsed: Decodable, Sendable {
    package struct Fields: Decodable, Sendable {
      package let target: String
    }

    package let text: String
    package let fields: Fields?
    package let targets: [String]
    package let anchors: [String]
    package let controls: [String]
    package let target_scales: [Float]
    package let thresholds_list: [[Float]]
  }

  package struct Cases: Decodable, Sendable {
    let seed: Int
    package let config: Sizes
    package let prompts: [String]
    package let local: [Steps]
    package let global: [Steps]
    package let heat: [Heat]
    package let parse: [Parsed]
    let weights: [String: [RecordedWeights.Entry]]
  }

  package struct Prompts: Decodable, Sendable {
    package struct Prompt: Decodable, Sendable {
      package let text: String
      package let cleaned: String
      package let ids: [Int32]
    }

    package let cases: [Prompt]
  }

  package let cases: Cases
  package let prompts: [Prompts.Prompt]
  private let file: SafetensorsFile

  package init(_ set: GoldenSet) throws {
    cases = try set.decode(Cases.self, from: "text_cases")
    prompts = try set.decode(Prompts.self, from: "tokenizer").cases
    file = try SafetensorsFile(path: "\(set.path)/text.safetensors")
  }

  package var keys: [String] { file.keys }
  package func floats(_ key: String) throws -> [Float] { try file.floats(of: key) }
  package func shape(_ key: String) -> [Int] { file[key]?.shape ?? [] }

  /// Bytes, and ids of 64 bits.
  package func bytes(_ key: String) throws -> [UInt8] { try file.bytes(of: key).withUnsafeBytes { Array($0) } }
  package func ids(_ key: String) throws -> [Int32] {
    try file.bytes(of: key).withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 8).map {
        Int32(truncatingIfNeeded: bytes.loadUnaligned(fromByteOffset: $0, as: Int64.self))
      }
    }
  }

  /// The tower of the recordings.
  package func tower(on backend: any Backend) throws -> OpenCLIPTextTower {
    let c = cases.config
    let sizes = OpenCLIPTextConfiguration(
      vocabularySize: c.vocab_size, contextLength: c.context_length, width: c.width, layers: c.layers, heads: c.heads,
      outputWidth: c.embed_dim)
    let weights = RecordedWeights(cases.weights["text"] ?? [], group: "text", seed: cases.seed, backend: backend)
    return try OpenCLIPTextTower(Parameters(weights), configuration: sizes)
  }
}
