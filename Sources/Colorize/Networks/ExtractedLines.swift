// SPDX-License-Identifier: Apache-2.0

/// Lines that a network found in a picture, see ``LineExtractor``.
public struct ExtractedLines: Sendable, Hashable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `[height, width]`, row-major, each in -1 (paper) ... 1 (line).
  public let values: [Float]
  /// The name of the network.
  public let network: String

  /// - Parameter values: of any size, clamped here; what is not a number counts as paper.
  init(width: Int, height: Int, values: [Float], network: String) {
    self.width = width
    self.height = height
    self.values = values.map { $0.isNaN ? -1 : min(max($0, -1), 1) }
    self.network = network
  }

  /// The lines at another size: bicubic, antialiased where it shrinks.
  ///
  /// - Throws: ``ImageError`` for a size that an image cannot have.
  public func resized(width newWidth: Int, height newHeight: Int) throws(ImageError) -> ExtractedLines {
    try Image.checkSize(width: newWidth, height: newHeight, file: nil)
    guard newWidth != width || newHeight != height else { return self }
    return ExtractedLines(
      width: newWidth, height: newHeight,
      values: Self.resized(values, width: width, height: height, to: (newWidth, newHeight)), network: network)
  }

  /// The lines as a picture: dark on white.
  public var image: Image {
    Image(
      checkedWidth: width, height: height, channels: 1, pixels: values.map { SampleRange.signed.sample(of: -$0) })
  }

  static func resized(
    _ values: [Float], width: Int, height: Int, to size: (width: Int, height: Int)
  ) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(size.width * size.height)
    Resampler(from: (width, height), to: size).run(channels: 1) { row, target in
      for x in 0..<width { target[x] = values[row * width + x] }
    } emit: { _, row in
      result += row
    }
    return result
  }
}
