import DiffusionCore
import Foundation

/// Tensors of the published implementation, in PyTorch's order of axes.
///
/// They are 57 MB and not part of the package: their folder is named by the environment variable `IRODORI_GOLDEN`. The
/// tests that need them are skipped without it; those on the package's own fixtures always run.
package struct GoldenFile {
  package static let folder = ProcessInfo.processInfo.environment["IRODORI_GOLDEN"]
  package static var isPresent: Bool { folder != nil }

  package let file: SafetensorsFile
  package let backend: any Backend

  package init(_ name: String, backend: any Backend) throws {
    file = try SafetensorsFile(path: (Self.folder ?? "") + "/\(name).safetensors")
    self.backend = backend
  }

  package func shape(_ key: String) -> [Int] { file[key]?.shape ?? [] }

  /// The tensor as it is stored.
  package func tensor(_ key: String) throws -> Tensor {
    try Tensor(file.floats(of: key), shape: Shape(shape(key)), on: backend)
  }

  /// An image `[B, C, H, W]` as `[B, H, W, C]`.
  package func image(_ key: String) throws -> Tensor { try tensor(key).transposed(0, 2, 3, 1).contiguous() }

  package static func json(_ name: String) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: (folder ?? "") + "/\(name).json")))
  }
}

extension Tensor {
  /// `|self - other| / |other|` in L2.
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
