// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What ``ISNet`` makes of a picture: what the published application does before the network and after it.
package struct FigureSegmentation {
  /// What of a picture the network sees.
  package enum Input: Sendable {
    /// The negative on white, as in the published application.
    case negative
    /// The picture itself on black, as in the project that the network comes from.
    case positive
  }

  let network: ISNet
  /// The side that the network works on.
  let side: Int
  let input: Input

  package init(_ network: ISNet, side: Int = 1024, input: Input = .negative) {
    self.network = network
    self.side = side
    self.input = input
  }

  /// The mask of a coloured picture, `[1, H, W, 1]` in 0...1.
  ///
  /// - Parameters:
  ///   - picture: `[1, H, W, 3]` in -1...1.
  ///   - dilates: whether the figure grows by five pixels.
  package func mask(
    ofPicture picture: Tensor, dilates: Bool = true, progress: @escaping NetworkProgress = { _ in }
  ) throws -> Tensor {
    let (height, width) = (picture.shape[1], picture.shape[2])
    let factor = Double(side) / Double(max(height, width))
    func scaled(_ extent: Int) -> Int { min(max(Int(Double(extent) * factor), 1), side) }
    let (h, w) = (scaled(height), scaled(width))
    var canvas = try picture.resampled(axis: 2, taps: .bicubic(from: width, to: w, scale: 1 / factor))
      .resampled(axis: 1, taps: .bicubic(from: height, to: h, scale: 1 / factor))
    let isNegative = input == .negative
    canvas = try canvas.affine(scale: isNegative ? -0.5 : 0.5, offset: 0.5)
    let (top, left) = ((side - h) / 2, (side - w) / 2)
    if isNegative { canvas = try canvas + -1 }
    canvas = try canvas.padded(top: top, bottom: side - h - top, left: left, right: side - w - left)
    // Padding adds zeros; the border of a negative is white.
    if isNegative { canvas = try canvas + 1 }
    let found = try network(canvas, progress: progress)
      .sliced(axis: 1, top..<top + h).sliced(axis: 2, left..<left + w)
      .resized(height: height, width: width, by: .bicubic(alignsCorners: false)).clampedToUnit()
    guard dilates else { return found }
    return try found.maxPooled(PoolingGeometry(kernel: 11, stride: 1, padding: 5))
  }

  /// The mask of a drawing, `[1, H, W, 1]` in 0...1.
  ///
  /// - Parameters:
  ///   - lines: `[1, h, w, 3]`: paper +1, lines -1.
  ///   - height: of the mask.
  ///   - width: of the mask.
  package func mask(
    ofLines lines: Tensor, height: Int, width: Int, progress: @escaping NetworkProgress = { _ in }
  ) throws -> Tensor {
    try network(lines.resized(height: side, width: side, by: .bicubic(alignsCorners: false)), progress: progress)
      .resized(height: height, width: width, by: .bicubic(alignsCorners: false)).clampedToUnit()
  }
}

extension Tensor {
  fileprivate func clampedToUnit() throws -> Tensor {
    let one = try Tensor(repeating: 1, shape: [1, 1, 1, 1], on: backend)
    return try Tensor.minimum(relu(), one)
  }
}
