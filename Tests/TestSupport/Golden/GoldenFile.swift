// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Recorded tensors, in PyTorch's order of axes. What a half-precision number holds exactly may be stored as one.
package struct GoldenFile {
  package let file: SafetensorsFile
  package let backend: any Backend

  package init(file: SafetensorsFile, backend: any Backend) {
    self.file = file
    self.backend = backend
  }

  package func contains(_ key: String) -> Bool { file[key] != nil }

  package func shape(_ key: String) -> [Int] { file[key]?.shape ?? [] }

  /// What stands in place of the star in keys like `control.*.in`, sorted.
  package func names(_ pattern: String) -> [String] {
    let parts = pattern.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return [] }
    return file.keys.compactMap { key in
      guard key.count > parts[0].count + parts[1].count, key.hasPrefix(parts[0]), key.hasSuffix(parts[1]) else {
        return nil
      }
      return String(key.dropFirst(parts[0].count).dropLast(parts[1].count))
    }.sorted()
  }

  /// The tensor as it is stored.
  package func tensor(_ key: String) throws -> Tensor {
    try Tensor(file.floats(of: key), shape: Shape(shape(key)), on: backend)
  }

  /// An image `[B, C, H, W]` as `[B, H, W, C]`.
  package func image(_ key: String) throws -> Tensor { try tensor(key).transposed(0, 2, 3, 1).contiguous() }

  /// Images whose keys differ by a number at the end, as many as there are.
  package func images(_ prefix: String) throws -> [Tensor] {
    try (0...).lazy.map { "\(prefix)\($0)" }.prefix(while: contains).map(image)
  }

  /// The entries of a tensor along its first axis.
  package func rows(_ key: String) throws -> [[Float]] {
    let count = shape(key).first ?? 0
    let values = try file.floats(of: key)
    let width = count == 0 ? 0 : values.count / count
    return (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }
}

extension Tensor {
  /// `|self - other| / |other|` in L2; infinite if the shapes differ, NaN if a value is.
  package func relativeError(to other: Tensor) throws -> Double {
    guard shape == other.shape else { return .infinity }
    var (difference, norm) = (0.0, 0.0)
    for (a, b) in zip(try floats(), try other.floats()) {
      difference += Double(a - b) * Double(a - b)
      norm += Double(b) * Double(b)
    }
    return norm == 0 ? difference.squareRoot() : (difference / norm).squareRoot()
  }

  /// `[B, H, W, C]` as `[B, C, H, W]`.
  package var channelsFirst: Tensor { transposed(0, 3, 1, 2) }
}
