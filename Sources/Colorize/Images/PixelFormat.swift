// SPDX-License-Identifier: Apache-2.0

/// How the samples of a pixel lie in raw memory, a byte each.
public enum PixelFormat: String, Sendable, Hashable, CaseIterable, Codable {
  /// Red, green, blue, alpha.
  case rgba8
  /// Blue, green, red, alpha.
  case bgra8
  /// Red, green, blue.
  case rgb8
  /// Grey.
  case grey8

  /// Bytes of a pixel.
  public var bytesPerPixel: Int {
    switch self {
    case .rgba8, .bgra8: 4
    case .rgb8: 3
    case .grey8: 1
    }
  }

  /// Whether there is alpha.
  public var hasAlpha: Bool { self == .rgba8 || self == .bgra8 }

  /// Makes sure that rows of `bytesPerRow` bytes hold the pixels, and `count` bytes the rows. The last row may end with its
  /// last pixel.
  func check(width: Int, height: Int, bytesPerRow: Int, count: Int) throws(ImageError) {
    try Image.checkSize(width: width, height: height, file: nil)
    let row = width * bytesPerPixel
    guard bytesPerRow >= row else {
      throw .invalidShape(
        reason: "\(width) pixels of \(rawValue) take \(row) bytes, more than the \(bytesPerRow) of a row")
    }
    let (before, overflow) = bytesPerRow.multipliedReportingOverflow(by: height - 1)
    let (needed, overflowAtEnd) = before.addingReportingOverflow(row)
    guard !overflow, !overflowAtEnd, needed <= count else {
      throw .invalidShape(
        reason: "\(height) rows of \(bytesPerRow) bytes need more than the \(count) bytes that are given")
    }
  }
}
