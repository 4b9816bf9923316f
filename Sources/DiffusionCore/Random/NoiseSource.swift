// SPDX-License-Identifier: Apache-2.0

/// A stream of standard normal numbers, made on the host.
///
/// No backend draws random numbers: noise comes from here and is uploaded, so that one seed gives the same picture
/// on every backend, and so that a test can replay recorded noise (`RecordedNoise`).
///
/// The values of one call are in row-major order of `shape`. The seeded generators repeat what other tools give for
/// a seed, and those tools draw latents as `[B, C, H, W]`: ask for that shape and permute to `[B, H, W, C]`
/// afterwards to get their noise. Where one call ends and the next begins is part of the stream too: two calls for
/// half of the values each are not one call for all of them.
public protocol NoiseSource: Sendable {
  /// Draws independent values of N(0, 1), and moves the stream on.
  ///
  /// - Parameter shape: the extents, each at least 0. No extent at all is a scalar, which is one value.
  /// - Returns: the values, row-major; as many as the product of `shape`.
  /// - Throws: `NoiseError` if the shape is invalid or too large, or if the stream has no such values.
  mutating func normals(shape: [Int]) throws(NoiseError) -> [Float]
}

extension NoiseSource {
  /// Draws `count` values as one flat call; the same as `normals(shape: [count])`.
  ///
  /// - Throws: as `normals(shape:)`.
  public mutating func normals(count: Int) throws(NoiseError) -> [Float] {
    try normals(shape: [count])
  }
}

/// The seeded generators that users know from other tools.
public enum NoiseGenerator: String, Sendable, Hashable, CaseIterable, Codable {
  /// `torch.randn` on the CPU after `torch.manual_seed`: see `TorchCPUGenerator`.
  case torchCPU = "torch-cpu"
  /// `numpy.random.RandomState(seed).randn`: see `NumPyGenerator`.
  case numpy
  /// `torch.randn` on a CUDA device: see `PhiloxGenerator`.
  case philox

  /// Starts the generator's stream at a seed.
  ///
  /// - Throws: `NoiseError.seedOutOfRange` where the original refuses the seed: NumPy takes 0...2^32-1 only.
  public func source(seed: UInt64) throws(NoiseError) -> any NoiseSource {
    switch self {
    case .torchCPU: TorchCPUGenerator(seed: seed)
    case .numpy: try NumPyGenerator(seed: seed)
    case .philox: PhiloxGenerator(seed: seed)
    }
  }
}
