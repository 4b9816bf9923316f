// SPDX-License-Identifier: Apache-2.0

import CSamples

/// Drawings with their references, part of this library: for trying a model without files of one's own.
///
/// The first is a cel drawn by code, with both masks: the figure of the reference is that of the drawing in another
/// posture and at another size, 256 x 256 pixels each. ``Drawing`` has drawings by people.
public enum Sample {
  /// The line art, dark lines on white.
  ///
  /// - Throws: ``ImageError`` if the library was built with a damaged sample; so do the others.
  public static func sketch() throws(ImageError) -> Image { try image(irodori_sample_sketch, "sketch") }

  /// The coloured picture.
  public static func reference() throws(ImageError) -> Image { try image(irodori_sample_reference, "reference") }

  /// Where the figure is in the line art.
  public static func sketchMask() throws(ImageError) -> Mask {
    Mask(try image(irodori_sample_sketch_mask, "sketch's mask"))
  }

  /// Where the figure is in the coloured picture.
  public static func referenceMask() throws(ImageError) -> Mask {
    Mask(try image(irodori_sample_reference_mask, "reference's mask"))
  }

  /// Drawings of Open Clip Art, which their authors have put into the public domain; the embedded model was not trained on
  /// them. The reference is the same drawing, mirrored, turned and smaller.
  public enum Drawing: String, Sendable, Hashable, CaseIterable {
    /// A man's head, 512 x 512 pixels.
    case head
    /// A lion, 512 x 512 pixels.
    case lion

    /// The line art, dark lines on white.
    ///
    /// - Throws: ``ImageError`` if the library was built with a damaged sample.
    public func sketch() throws(ImageError) -> Image {
      switch self {
      case .head: try image(irodori_sample_head_sketch, "head's sketch")
      case .lion: try image(irodori_sample_lion_sketch, "lion's sketch")
      }
    }

    /// The coloured picture.
    ///
    /// - Throws: As ``sketch()``.
    public func reference() throws(ImageError) -> Image {
      switch self {
      case .head: try image(irodori_sample_head_reference, "head's reference")
      case .lion: try image(irodori_sample_lion_reference, "lion's reference")
      }
    }
  }

  private static func image(_ sample: irodori_sample, _ name: String) throws(ImageError) -> Image {
    var size = 0
    let start = irodori_sample_file(sample, &size)
    return try Image(data: Array(UnsafeBufferPointer(start: start, count: size)), file: "the embedded \(name)")
  }
}
