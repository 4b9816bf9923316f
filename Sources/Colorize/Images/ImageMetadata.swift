// SPDX-License-Identifier: Apache-2.0

/// How densely a picture's pixels lie on paper, in pixels per inch.
public struct ImageResolution: Sendable, Hashable, Codable {
  /// Along a row.
  public var horizontal: Double
  /// Down a column.
  public var vertical: Double

  /// Of the given densities; nil unless both are finite, and from 1 to 65 535.
  public init?(horizontal: Double, vertical: Double) {
    guard (1...65_535).contains(horizontal), (1...65_535).contains(vertical) else { return nil }
    self.horizontal = horizontal
    self.vertical = vertical
  }

  static let inchesPerMeter = 1 / 0.0254

  /// The resolution of the same picture with another number of pixels.
  public func scaled(from old: ImageSize, to new: ImageSize) -> ImageResolution? {
    ImageResolution(
      horizontal: horizontal * Double(new.width) / Double(old.width),
      vertical: vertical * Double(new.height) / Double(old.height))
  }

  /// The same of a picture whose rows have become columns.
  var swapped: ImageResolution? { ImageResolution(horizontal: vertical, vertical: horizontal) }
}

/// What a picture's file says besides its pixels.
public struct ImageMetadata: Sendable, Hashable, Codable {
  /// How densely the pixels lie; nil where the file does not say.
  public var resolution: ImageResolution?
  /// What its user may want to know.
  public var notes: [Note] = []

  /// Something odd about a file that is read all the same.
  public enum Note: String, Sendable, Hashable, CaseIterable, Codable, CustomStringConvertible {
    /// A JPEG file ends after its last pixel, without the marker that ends it.
    case missingEnd
    /// The colour profile cannot be read, or is for other pixels; colours are taken for sRGB.
    case unusableProfile
    /// The colours were converted from the file's profile.
    case convertedColors
    /// The file holds several pictures, pages or frames, of which the first is read.
    case firstOfSeveral

    public var description: String {
      switch self {
      case .missingEnd: "the file ends without its end marker; all pixels are there"
      case .unusableProfile: "its colour profile cannot be used, and its colours are taken for sRGB"
      case .convertedColors: "its colours were converted from its profile to sRGB"
      case .firstOfSeveral: "it holds several pictures, of which the first is taken"
      }
    }
  }
}

extension Image {
  /// Reads a picture and what its file says besides. See ``load(_:)``.
  ///
  /// - Throws: As ``load(_:)``.
  public static func loadWithMetadata(
    _ path: String
  ) throws(ImageError) -> (image: Image, metadata: ImageMetadata) {
    try decode(try Image.bytes(ofFile: path), file: path)
  }

  /// Decodes a picture and what its file says besides. See ``init(data:file:)``.
  ///
  /// - Throws: As ``init(data:file:)``.
  public static func decode(
    _ data: [UInt8], file: String? = nil
  ) throws(ImageError) -> (image: Image, metadata: ImageMetadata) {
    let decoded = try ImageCodecRegistry.shared.codec(for: data, file: file).decode(data, file: file)
    var image = decoded.image
    var metadata = ImageMetadata(resolution: decoded.resolution, notes: decoded.notes)
    if let profile = decoded.profile {
      switch ColorProfile(bytes: profile).convert(image) {
      case .converted(let converted):
        image = converted
        metadata.notes.append(.convertedColors)
      case .same: break
      case .unusable: metadata.notes.append(.unusableProfile)
      }
    }
    if let orientation = decoded.orientation.flatMap(UInt16.init(exactly:)).flatMap(EXIFOrientation.init) {
      image = image.oriented(orientation)
      if orientation.swapsAxes { metadata.resolution = metadata.resolution?.swapped }
    }
    return (image, metadata)
  }
}
