// SPDX-License-Identifier: Apache-2.0

/// A file format that images are read from or written to.
///
/// PNG and JPEG are always there; ``register(_:)`` adds others.
public struct ImageFormat: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  /// The usual name, such as "PNG".
  public let rawValue: String

  /// A format of that name. It is read and written once a codec for it is registered.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// Lossless, with or without transparency.
  public static let png = ImageFormat(rawValue: "PNG")
  /// Lossy, without transparency.
  public static let jpeg = ImageFormat(rawValue: "JPEG")

  /// The usual name: "PNG" or "JPEG".
  public var description: String { rawValue }

  /// Adds a codec, or replaces the one of its format.
  ///
  /// Files are offered to the codecs in the order of their registration, PNG and JPEG first.
  public static func register(_ codec: any ImageCodec) { ImageCodecRegistry.shared.register(codec) }

  /// The formats that are known, PNG and JPEG first.
  public static var known: [ImageFormat] { ImageCodecRegistry.shared.codecs.map(\.format) }

  /// What is known of the format's codec; nil if none is registered.
  public var codec: (any ImageCodec)? { ImageCodecRegistry.shared.codecs.first { $0.format == self } }

  /// The format to write that a path's extension stands for, in any case: `.png`, `.jpg`, `.jpeg`, and those of the
  /// registered codecs that write.
  ///
  /// - Throws: ``ImageError/unsupportedExtension(file:)`` for any other, or none.
  public init(pathExtensionOf path: String) throws(ImageError) {
    guard let found = Self.pathExtension(of: path)?.lowercased(),
      let codec = ImageCodecRegistry.shared.codecs.first(where: { $0.writes && $0.pathExtensions.contains(found) })
    else { throw .unsupportedExtension(file: path) }
    self = codec.format
  }

  /// The format that the first bytes of a file show. The name of a file is not asked: it lies too often.
  ///
  /// - Throws: ``ImageError/empty(file:)``, ``ImageError/truncated(file:format:reason:)`` where not even the signature
  ///   is whole, or ``ImageError/unknownFormat(file:resembles:)``.
  public init(sniffing data: [UInt8], file: String? = nil) throws(ImageError) {
    self = try ImageCodecRegistry.shared.codec(for: data, file: file).format
  }

  /// The extensions that images are written with, each with its dot.
  static var writtenExtensions: [String] {
    ImageCodecRegistry.shared.codecs.filter(\.writes).flatMap(\.pathExtensions).map { ".\($0)" }
  }

  /// The text that stands for a large file until it is fetched.
  static let gitLFSPointer = "a Git-LFS pointer in place of the picture"

  // What people do pass by mistake, and a browser's error page saved under an image's name: the first that fits.
  static func resemblance(of data: [UInt8]) -> String? {
    signatures.first { data.dropFirst($0.offset).starts(with: $0.bytes) }?.what
  }

  private static let signatures: [(offset: Int, bytes: [UInt8], what: String)] = {
    func text(_ text: String, at offset: Int = 0, _ what: String) -> (Int, [UInt8], String) {
      (offset, Array(text.utf8), what)
    }
    return [
      text("GIF87a", "a GIF image"), text("GIF89a", "a GIF image"),
      text("WEBP", at: 8, "a WebP image"),
      text("BM", "a BMP image"),
      text("II*\0", "a TIFF image"), text("MM\0*", "a TIFF image"),
      text("8BPS", "a Photoshop document"),
      text("CSFCHUNK", "a Clip Studio Paint document"),
      text("gimp xcf ", "a GIMP document"),
      text("ftypavif", at: 4, "an AVIF image"), text("ftypavis", at: 4, "an AVIF image"),
      text("ftyp", at: 4, "a HEIC image or a video"),
      (0, [0xFF, 0x0A], "a JPEG XL image"), text("JXL ", at: 4, "a JPEG XL image"),
      text("jP  ", at: 4, "a JPEG 2000 image"),
      (0, [0x76, 0x2F, 0x31, 0x01], "an OpenEXR image"),
      text("P4\n", "a PNM image"), text("P5\n", "a PNM image"), text("P6\n", "a PNM image"),
      text("P7\n", "a PNM image"),
      text("version https://git-lfs", gitLFSPointer),
      text("%PDF", "a PDF document"), text("%!PS", "a PostScript document"),
      text("<", "an SVG image or a web page"),
    ]
  }()

  /// What follows the last dot of a path's last component; nil without a dot, or with one only at its start or end.
  static func pathExtension(of path: String) -> String? {
    let name = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last ?? path.utf8[...]
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex else { return nil }
    let found = name[name.index(after: dot)...]
    return found.isEmpty ? nil : String(Substring(found))
  }
}
