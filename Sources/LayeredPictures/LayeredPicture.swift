// SPDX-License-Identifier: Apache-2.0

import Colorize

/// A picture of layers, as painting programs take it: Krita, GIMP, Photoshop, Clip Studio Paint.
///
/// ```swift
/// let picture = try LayeredPicture(
///   width: sketch.width, height: sketch.height,
///   layers: [
///     .fill(name: "Background", color: .white, coverage: try Coverage(LayerBox(width: 800, height: 600))),
///     .image(name: "Lines", sketch, blendMode: .multiply),
///   ])
/// try picture.write(to: "drawing.ora")
/// ```
///
/// Layers are composed in the order of ``layers``, each in sRGB as it stands in the file, and the picture's own
/// background is transparency. See ``merged(progress:)`` for the formula.
public struct LayeredPicture: Sendable {
  /// The deepest nesting of groups; a layer at the top has the depth 1.
  public static let maximumDepth = 32
  /// The most layers and groups, counted together.
  public static let maximumLayerCount = 30_000

  /// Pixels in a row of the canvas: 1 ... `Image.maximumSide`.
  public let width: Int
  /// Rows of the canvas.
  public let height: Int
  /// Pixels per inch, for print: 1 ... 32,767. Nil where it is not known; the file says 72 then.
  public let resolution: Double?
  /// The layers from the lowest to the topmost.
  public let layers: [Layer]

  /// A picture of at least one layer.
  ///
  /// - Throws: ``LayeredPictureError/invalid(reason:)`` for a canvas larger than an `Image` may be, a resolution or an
  ///   opacity outside of its range, a layer that lies too far away, groups nested too deeply, or no layer;
  ///   ``LayeredPictureError/tooLarge(reason:)`` for too many layers.
  public init(width: Int, height: Int, resolution: Double? = nil, layers: [Layer]) throws(LayeredPictureError) {
    guard width > 0, height > 0 else {
      throw .invalid(reason: "A picture has at least one pixel, not \(width) x \(height)")
    }
    guard width <= Image.maximumSide, height <= Image.maximumSide, width * height <= Image.maximumPixelCount else {
      throw .invalid(
        reason:
          "A picture of \(width) x \(height) pixels, where a side has at most \(Image.maximumSide), and the whole "
          + "at most \(Image.maximumPixelCount)")
    }
    if let resolution, !(resolution >= 1 && resolution <= 32_767) {
      throw .invalid(reason: "The resolution is 1 to 32767 pixels per inch, not \(resolution)")
    }
    guard !layers.isEmpty else { throw .invalid(reason: "A layered picture needs at least one layer") }
    var count = 0
    for layer in layers { try layer.validate(depth: 1, count: &count) }
    self.width = width
    self.height = height
    self.resolution = resolution
    self.layers = layers
  }

  /// The canvas.
  var box: LayerBox { LayerBox(width: width, height: height) }

  /// The resolution that is written.
  var writtenResolution: Double { resolution ?? 72 }
}
