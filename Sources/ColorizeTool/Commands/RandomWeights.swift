// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Random weights by the gigabyte: one block of normal numbers is drawn, scaled and converted once for each deviation,
/// and read from another offset for each tensor.
///
/// Matrices and kernels have deviation `1 / sqrt(fan in)`, so that activations keep their size from layer to layer;
/// the weights of norms are 1, biases 0.
struct RandomWeights {
  private static let blockCount = 1 << 20
  /// How many converted blocks are kept; a network has some dozens of deviations.
  private static let cacheLimit = 24

  private let dtype: DType
  private let normals: [Float]
  private var blocks: [Float: [UInt8]] = [:]
  private var offset = 0

  init(seed: UInt64, dtype: DType) throws {
    self.dtype = dtype
    var source = PhiloxGenerator(seed: seed)
    normals = try source.normals(count: Self.blockCount)
  }

  /// Hands out a parameter's bytes, piece by piece.
  mutating func write(_ key: String, shape: Shape, to put: (UnsafeRawBufferPointer) throws -> Void) throws {
    let count = shape.elementCount
    let isVector = shape.rank <= 1
    if isVector && (key.hasSuffix("weight") || key.hasSuffix("bias")) {
      let constant = dtype.encode([Float](repeating: key.hasSuffix("weight") ? 1 : 0, count: count))
      return try constant.withUnsafeBytes(put)
    }
    let fanIn = shape.extents.dropFirst().reduce(1, *)
    let deviation = isVector ? 0.02 : 1 / Float(max(fanIn, 1)).squareRoot()
    let bytes = block(deviation)
    let width = dtype.byteWidth
    var left = count
    while left > 0 {
      let piece = min(left, Self.blockCount - offset)
      try bytes.withUnsafeBytes {
        try put(UnsafeRawBufferPointer(rebasing: $0[(offset * width)..<((offset + piece) * width)]))
      }
      left -= piece
      offset = (offset + piece) % Self.blockCount
    }
    // A step that shares no factor with the block's size, or tensors of a power of two would all begin alike.
    offset = (offset + 7919) % Self.blockCount
  }

  private mutating func block(_ deviation: Float) -> [UInt8] {
    if let known = blocks[deviation] { return known }
    if blocks.count >= Self.cacheLimit { blocks.removeAll() }
    let made = dtype.encode(normals.map { $0 * deviation })
    blocks[deviation] = made
    return made
  }
}
