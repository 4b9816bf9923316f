// SPDX-License-Identifier: Apache-2.0

/// A soft mask: one value in 0...1 for each pixel.
public struct Mask: Sendable, Hashable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `[height, width]`, row-major, each in 0...1.
  public let values: [Float]

  /// A mask of the given values.
  ///
  /// - Parameter values: `[height, width]`, row-major.
  /// - Throws: ``ImageError/invalidShape(reason:)`` or ``ImageError/tooLarge(file:reason:)`` if the sizes do not fit,
  ///   ``ImageError/invalidValue(reason:)`` for a value outside 0...1 or not finite.
  public init(width: Int, height: Int, values: [Float]) throws(ImageError) {
    try Image.check(width: width, height: height, channels: 1, count: values.count)
    if let index = values.firstIndex(where: { !(0...1).contains($0) }) {
      throw .invalidValue(
        reason: "The mask has the value \(values[index]) at column \(index % width), row \(index / width), "
          + "where 0 to 1 is expected")
    }
    self.init(checkedWidth: width, height: height, values: values)
  }

  /// The mask that an image shows: white is 1, black is 0.
  ///
  /// If the image has transparency, its alpha is the mask (opaque is 1) and its colours are ignored; otherwise its
  /// luma is. An alpha channel that is opaque everywhere says nothing, and is passed over.
  public init(_ image: Image) {
    let plane = image.hasTransparency ? image.alpha ?? image.grey : image.grey
    self.init(grey: plane)
  }

  /// The mask that an image's alpha channel is: opaque is 1, transparent is 0.
  ///
  /// - Throws: ``ImageError/noTransparency(reason:)`` if there is no alpha channel, or one that is opaque everywhere
  ///   and therefore no mask.
  public init(alphaOf image: Image) throws(ImageError) {
    guard let alpha = image.alpha else {
      throw .noTransparency(
        reason: "The image has no alpha channel to take a mask from. Save it as PNG with transparency, or give a mask")
    }
    guard image.hasTransparency else {
      throw .noTransparency(
        reason: "The image is opaque everywhere, so its alpha channel is no mask. Erase its background, or give a mask")
    }
    self.init(grey: alpha)
  }

  private init(grey: Image) {
    self.init(checkedWidth: grey.width, height: grey.height, values: grey.floats(.unit))
  }

  /// A mask of the same size.
  ///
  /// - Parameter values: as many, each in 0...1.
  func with(_ values: [Float]) -> Mask { Mask(checkedWidth: width, height: height, values: values) }

  private init(checkedWidth width: Int, height: Int, values: [Float]) {
    self.width = width
    self.height = height
    self.values = values
  }

  /// The mask as a grey image, each value rounded to `round(255 v)`.
  public var image: Image {
    Image(checkedWidth: width, height: height, channels: 1, pixels: values.map(SampleRange.unit.sample(of:)))
  }

  /// The mask at another size: bicubic (Catmull-Rom), antialiased where it shrinks, edges clamped.
  ///
  /// The overshoot of the kernel is clamped to 0...1. (The networks resize a mask to their latent size by a rule of
  /// their own, which does not clamp.)
  ///
  /// - Throws: ``ImageError/invalidShape(reason:)`` for a size below 1 x 1, ``ImageError/tooLarge(file:reason:)``
  ///   beyond the limits of ``Image``.
  public func resized(width newWidth: Int, height newHeight: Int) throws(ImageError) -> Mask {
    try Image.checkSize(width: newWidth, height: newHeight, file: nil)
    guard newWidth != width || newHeight != height else { return self }
    var resized: [Float] = []
    resized.reserveCapacity(newWidth * newHeight)
    Resampler(from: (width, height), to: (newWidth, newHeight)).run(channels: 1) { row, target in
      for x in 0..<width { target[x] = values[row * width + x] }
    } emit: { _, values in
      resized.append(contentsOf: values.lazy.map { min(max($0, 0), 1) })
    }
    return Mask(checkedWidth: newWidth, height: newHeight, values: resized)
  }
}
