// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A few float32 tensors in a plain file: `NAME.bin` (little-endian, row-major) and `NAME.json` (offset in values and
/// shape by tensor name), as `Golden/sampling/make_fixtures.py` writes them.
struct FixtureTable {
  private struct Entry: Decodable {
    let offset: Int
    let shape: [Int]
  }

  private let entries: [String: Entry]
  private let values: [Float]

  /// Loads a file of `Golden/sampling`.
  init(_ name: String) throws {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Golden/sampling")
    let index = try Data(contentsOf: folder.appendingPathComponent(name + ".json"))
    entries = try JSONDecoder().decode([String: Entry].self, from: index)
    let bytes = try Data(contentsOf: folder.appendingPathComponent(name + ".bin"))
    values = bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { position in
        Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: position * 4, as: UInt32.self)))
      }
    }
  }

  var names: [String] { entries.keys.sorted() }

  /// The values of a tensor.
  func floats(_ name: String) throws -> [Float] {
    let entry = try #require(entries[name], "no fixture \(name)")
    let count = entry.shape.reduce(1, *)
    return Array(values[entry.offset..<entry.offset + count])
  }

  /// The values of a tensor as doubles.
  func doubles(_ name: String) throws -> [Double] {
    try floats(name).map(Double.init)
  }

  /// The rows of a tensor along its first axis, as doubles.
  func rows(_ name: String) throws -> [[Double]] {
    let count = try #require(entries[name]?.shape.first)
    let flat = try doubles(name)
    let width = flat.count / count
    return (0..<count).map { Array(flat[$0 * width..<($0 + 1) * width]) }
  }
}

/// |a - b| / |b| in the Euclidean norm; infinite if the lengths differ.
func relativeL2(_ actual: [Double], _ expected: [Double]) -> Double {
  guard actual.count == expected.count else { return .infinity }
  let difference = zip(actual, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  return (difference / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
}

/// The largest |a - b| / |b| (a where b is 0); infinite if the lengths differ.
func largestRelativeError(_ actual: [Double], _ expected: [Double]) -> Double {
  guard actual.count == expected.count else { return .infinity }
  return zip(actual, expected).map { $1 == 0 ? abs($0) : abs($0 - $1) / abs($1) }.max() ?? 0
}

/// The largest |a - b|; infinite if the lengths differ.
func largestError(_ actual: [Double], _ expected: [Double]) -> Double {
  guard actual.count == expected.count else { return .infinity }
  return zip(actual, expected).map { abs($0 - $1) }.max() ?? 0
}
