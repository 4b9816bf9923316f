// SPDX-License-Identifier: Apache-2.0

/// Which parts of a picture a text means: how similar each token is to it, as a picture of five levels.
public enum SimilarityMap {
  /// The level of each pixel: how many of the thresholds its similarity reaches.
  ///
  /// Similarities are scaled to the picture's size (bicubic, a = -0.75, without antialiasing), and then from 0, the least, to
  /// 1, the most. Where all are the same, every level is 0.
  ///
  /// - Parameters:
  ///   - similarities: those of a square of tokens, row by row.
  ///   - thresholds: numbers of 0...1.
  ///   - backend: where they are scaled.
  /// - Returns: `height * width` levels, row by row.
  /// - Throws: ``BackendError``.
  public static func levels(
    _ similarities: [Float], height: Int, width: Int, thresholds: [Float], on backend: any Backend
  ) throws -> [UInt8] {
    let side = Int(Double(similarities.count).squareRoot().rounded())
    precondition(side > 0 && side * side == similarities.count, "\(similarities.count) tokens are no square")
    let map = try Tensor(similarities, shape: [1, side, side, 1], on: backend)
      .resized(height: height, width: width, by: .bicubic(alignsCorners: false)).floats()
    let shares = TokenManipulation.shares(of: map)
    guard !shares.isEmpty else { return [UInt8](repeating: 0, count: map.count) }
    return shares.map { share in UInt8(clamping: thresholds.count { $0 <= share }) }
  }
}
