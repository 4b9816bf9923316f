// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// A contact sheet: the images side by side, from left to right, each scaled to the same height.
  ///
  /// Each width follows its image's aspect ratio, rounded, and is at least 1. Transparency is composed over the
  /// background.
  ///
  /// - Parameters:
  ///   - images: At least one.
  ///   - height: Rows of the sheet; nil takes those of the tallest image.
  ///   - gap: Pixels between two images, at least 0.
  ///   - background: The colour of the gaps, red, green and blue.
  /// - Returns: An RGB image.
  /// - Throws: ``ImageError/invalidShape(reason:)`` without an image, for a negative gap or a height below 1;
  ///   ``ImageError/tooLarge(file:reason:)`` if the sheet is larger than an image can be.
  public static func row(
    _ images: [Image], height: Int? = nil, gap: Int = 0, background: (UInt8, UInt8, UInt8) = (255, 255, 255)
  ) throws(ImageError) -> Image {
    guard let tallest = images.map(\.height).max() else {
      throw .invalidShape(reason: "A row of images needs at least one image")
    }
    guard gap >= 0 else { throw .invalidShape(reason: "The gap between images is at least 0, not \(gap)") }
    let height = height ?? tallest
    try checkSize(width: 1, height: height, file: nil)
    let widths = images.map { max(1, (2 * $0.width * height + $0.height) / (2 * $0.height)) }
    // Added up with care, because the number of images and the gap are the caller's.
    var total = 0
    for (index, width) in widths.enumerated() {
      total += width + (index == 0 ? 0 : min(gap, maximumSide + 1))
      try checkSize(width: total, height: height, file: nil)
    }

    let sheet = try Image(width: total, height: height, color: [background.0, background.1, background.2])
    var pixels = sheet.pixels
    var left = 0
    for (image, width) in zip(images, widths) {
      let part = try image.resized(width: width, height: height).composited(over: background)
      for y in 0..<height {
        let target = (y * total + left) * 3
        pixels.replaceSubrange(target..<target + width * 3, with: part.pixels[y * width * 3..<(y + 1) * width * 3])
      }
      // After the last one it does not matter, and may be any number.
      left = left &+ width &+ gap
    }
    return Image(checkedWidth: total, height: height, channels: 3, pixels: pixels)
  }

  /// Images one below the other, from the top, each scaled to the same width; otherwise as ``row(_:height:gap:background:)``.
  ///
  /// - Parameter width: Columns of the sheet; nil takes those of the widest image.
  public static func column(
    _ images: [Image], width: Int? = nil, gap: Int = 0, background: (UInt8, UInt8, UInt8) = (255, 255, 255)
  ) throws(ImageError) -> Image {
    guard let widest = images.map(\.width).max() else {
      throw .invalidShape(reason: "A column of images needs at least one image")
    }
    guard gap >= 0 else { throw .invalidShape(reason: "The gap between images is at least 0, not \(gap)") }
    let width = width ?? widest
    try checkSize(width: width, height: 1, file: nil)
    let space = [UInt8](
      repeatElement([background.0, background.1, background.2], count: width * min(gap, maximumSide)).joined())
    var pixels: [UInt8] = []
    for (index, image) in images.enumerated() {
      let height = max(1, (2 * image.height * width + image.width) / (2 * image.width))
      if index > 0 { pixels += space }
      try checkSize(width: width, height: pixels.count / (3 * width) + height, file: nil)
      pixels += try image.resized(width: width, height: height).composited(over: background).pixels
    }
    return Image(checkedWidth: width, height: pixels.count / (3 * width), channels: 3, pixels: pixels)
  }
}
