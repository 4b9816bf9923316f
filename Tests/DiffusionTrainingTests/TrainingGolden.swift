// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import TestSupport
import Testing

/// Recorded losses, gradients and steps: the folder `training` of a set.
struct TrainingGolden {
  let set: GoldenSet
  let file: SafetensorsFile
  let cases: Any

  init(_ name: String, of set: GoldenSet) throws {
    self.set = set
    let path = "\(set.path)/training/\(name)"
    file = try SafetensorsFile(path: "\(path).safetensors")
    cases = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: "\(path)_cases.json")))
  }

  /// The cases below a key of the file's root.
  func list(_ key: String = "cases") -> [[String: Any]] {
    let root = (cases as? [String: Any])?[key] ?? cases
    return root as? [[String: Any]] ?? []
  }

  func contains(_ key: String) -> Bool { file[key] != nil }

  func tensor(_ key: String, on backend: any Backend) throws -> Tensor {
    let entry = try #require(file[key], "no tensor \(key)")
    return try Tensor(file.floats(of: key), shape: Shape(entry.shape), on: backend)
  }

  /// `[B, C, H, W]` or `[O, I, kh, kw]` with the channels last.
  func channelsLast(_ key: String, on backend: any Backend) throws -> Tensor {
    try tensor(key, on: backend).transposed(0, 2, 3, 1).contiguous()
  }
}

extension [String: Any] {
  func number(_ key: String) -> Float? { (self[key] as? NSNumber)?.floatValue }
  func double(_ key: String) -> Double? { (self[key] as? NSNumber)?.doubleValue }
  func int(_ key: String) -> Int? { (self[key] as? NSNumber)?.intValue }
  func floats(_ key: String) -> [Float]? { (self[key] as? [NSNumber])?.map(\.floatValue) }
  func ints(_ key: String) -> [Int]? { (self[key] as? [NSNumber])?.map(\.intValue) }
  func string(_ key: String) -> String { self[key] as? String ?? "" }
  func strings(_ key: String) -> [String] { self[key] as? [String] ?? [] }
  func table(_ key: String) -> [String: Any] { self[key] as? [String: Any] ?? [:] }
}
