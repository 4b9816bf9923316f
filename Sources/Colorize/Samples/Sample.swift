import CSamples

/// A drawing with a reference and both masks, part of this library: for trying a model without files of one's own.
///
/// The figure of the reference is that of the drawing in another posture and at another size, 256 x 256 pixels each.
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

  private static func image(_ sample: irodori_sample, _ name: String) throws(ImageError) -> Image {
    var size = 0
    let start = irodori_sample_file(sample, &size)
    return try Image(data: Array(UnsafeBufferPointer(start: start, count: size)), file: "the embedded \(name)")
  }
}
