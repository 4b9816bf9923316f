// SPDX-License-Identifier: Apache-2.0

import Colorize

/// A layer, or a group of layers.
///
/// Groups are isolated: their layers are composed with one another first, and the outcome is then composed with what
/// lies below the group.
public struct Layer: Sendable {
  /// What the layer panel shows. Any text; Photoshop documents keep 255 UTF-16 units of it.
  public var name: String
  /// How much of it is seen, 0...1. It is rounded to a 255th, as Photoshop keeps it.
  public var opacity: Double
  /// How its colours meet those below.
  public var blendMode: BlendMode
  /// Whether it is seen. One that is not is still in the file, and not in the merged picture.
  public var isVisible: Bool
  /// Whether a program is asked to protect it from being painted on and moved.
  public var isLocked: Bool
  let content: LayerContent

  /// Pixels.
  ///
  /// Rows and columns that are wholly transparent are cut off when it is written.
  ///
  /// - Parameters:
  ///   - image: grey, RGB or RGBA.
  ///   - x: The column of the canvas that the image begins at; it may lie outside.
  ///   - y: The row.
  public static func image(
    name: String, _ image: Image, x: Int = 0, y: Int = 0, opacity: Double = 1, blendMode: BlendMode = .normal,
    isVisible: Bool = true, isLocked: Bool = false
  ) -> Layer {
    Layer(
      name: name, opacity: opacity, blendMode: blendMode, isVisible: isVisible, isLocked: isLocked,
      content: .image(image, x: x, y: y))
  }

  /// One colour, where `coverage` says: no pixels are kept, they are made when they are written.
  public static func fill(
    name: String, color: RGB, coverage: Coverage, opacity: Double = 1, blendMode: BlendMode = .normal,
    isVisible: Bool = true, isLocked: Bool = false
  ) -> Layer {
    Layer(
      name: name, opacity: opacity, blendMode: blendMode, isVisible: isVisible, isLocked: isLocked,
      content: .fill(color, coverage))
  }

  /// One colour, as much of it as a mask says: a byte a pixel instead of four.
  ///
  /// - Parameters:
  ///   - mask: One channel: 0 for nothing, 255 for the whole colour.
  ///   - x: The column of the canvas that the mask begins at.
  ///   - y: The row.
  /// - Throws: ``LayeredPictureError/invalid(reason:)`` for a mask of colours.
  public static func fill(
    name: String, color: RGB, mask: Image, x: Int = 0, y: Int = 0, opacity: Double = 1, blendMode: BlendMode = .normal,
    isVisible: Bool = true, isLocked: Bool = false
  ) throws(LayeredPictureError) -> Layer {
    guard mask.channels == 1 else {
      throw .invalid(reason: "The mask of the layer \"\(name)\" has \(mask.channels) channels, where it needs one")
    }
    return Layer(
      name: name, opacity: opacity, blendMode: blendMode, isVisible: isVisible, isLocked: isLocked,
      content: .tint(color, mask, x: x, y: y))
  }

  /// A group, its layers from the lowest to the topmost. It may be empty.
  public static func group(
    name: String, _ layers: [Layer], opacity: Double = 1, blendMode: BlendMode = .normal, isVisible: Bool = true,
    isLocked: Bool = false
  ) -> Layer {
    Layer(
      name: name, opacity: opacity, blendMode: blendMode, isVisible: isVisible, isLocked: isLocked,
      content: .group(layers))
  }

  /// The layers of a group, the lowest first; nil for a layer of pixels.
  public var layers: [Layer]? {
    guard case .group(let layers) = content else { return nil }
    return layers
  }

  /// The opacity that is written: 0...255.
  var opacityByte: UInt8 {
    // Checked by `validate`, but the property can be set at any time before.
    opacity > 0 ? UInt8((min(opacity, 1) * 255).rounded()) : 0
  }

  func validate(depth: Int, count: inout Int) throws(LayeredPictureError) {
    count += 1
    guard count <= LayeredPicture.maximumLayerCount else {
      throw .tooLarge(
        reason:
          "More than \(LayeredPicture.maximumLayerCount) layers. Give fewer, such as one a colour instead of one a "
          + "region")
    }
    guard depth <= LayeredPicture.maximumDepth else {
      throw .invalid(reason: "Groups are nested deeper than \(LayeredPicture.maximumDepth)")
    }
    guard opacity >= 0, opacity <= 1 else {
      throw .invalid(reason: "The opacity of the layer \"\(name)\" is 0 to 1, not \(opacity)")
    }
    guard content.box.isNear else {
      throw .invalid(
        reason: "The layer \"\(name)\" lies more than \(LayerBox.farthest) pixels away from the canvas's corner")
    }
    guard let layers else { return }
    for layer in layers { try layer.validate(depth: depth + 1, count: &count) }
  }
}
