/// The file formats that images are read from and written to.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  /// Lossless, with or without transparency.
  case png = "PNG"
  /// Lossy, without transparency.
  case jpeg = "JPEG"

  /// The usual name: "PNG" or "JPEG".
  public var description: String { rawValue }

  /// The format that a path's extension stands for, in any case: `.png`, `.jpg`, `.jpeg`.
  ///
  /// - Throws: ``ImageError/unsupportedExtension(file:)`` for any other, or none.
  public init(pathExtensionOf path: String) throws(ImageError) {
    switch Self.pathExtension(of: path)?.lowercased() {
    case "png": self = .png
    case "jpg", "jpeg": self = .jpeg
    default: throw .unsupportedExtension(file: path)
    }
  }

  /// The format that the first bytes of a file show. The name of a file is not asked: it lies too often.
  ///
  /// - Throws: ``ImageError/empty(file:)``, ``ImageError/truncated(file:format:reason:)`` where not even the signature
  ///   is whole, or ``ImageError/unknownFormat(file:resembles:)``.
  public init(sniffing data: [UInt8], file: String? = nil) throws(ImageError) {
    guard !data.isEmpty else { throw .empty(file: file) }
    for (format, signature) in Self.signatures {
      if data.starts(with: signature) {
        self = format
        return
      }
      if signature.starts(with: data) {
        throw .truncated(file: file, format: format, reason: "the signature is incomplete")
      }
    }
    throw .unknownFormat(file: file, resembles: Self.resemblance(of: data))
  }

  private static let signatures: [(ImageFormat, [UInt8])] = [
    (.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
    (.jpeg, [0xFF, 0xD8, 0xFF]),
  ]

  /// The text that stands for a large file until it is fetched.
  static let gitLFSPointer = "a Git-LFS pointer in place of the picture"

  // What people do pass by mistake, and a browser's error page saved under an image's name.
  private static func resemblance(of data: [UInt8]) -> String? {
    func holds(_ text: String, at offset: Int = 0) -> Bool {
      data.dropFirst(offset).starts(with: text.utf8)
    }
    if holds("GIF87a") || holds("GIF89a") { return "a GIF image" }
    if holds("RIFF"), holds("WEBP", at: 8) { return "a WebP image" }
    if holds("BM") { return "a BMP image" }
    if holds("II*\0") || holds("MM\0*") { return "a TIFF image" }
    if holds("8BPS") { return "a Photoshop document" }
    if holds("ftypavif", at: 4) || holds("ftypavis", at: 4) { return "an AVIF image" }
    if holds("ftyp", at: 4) { return "a HEIC image or a video" }
    if data.starts(with: [0xFF, 0x0A]) || holds("JXL ", at: 4) { return "a JPEG XL image" }
    if holds("jP  ", at: 4) { return "a JPEG 2000 image" }
    if holds("version https://git-lfs") { return gitLFSPointer }
    if holds("%PDF") { return "a PDF document" }
    if holds("<") { return "an SVG image or a web page" }
    return nil
  }

  /// What follows the last dot of a path's last component; nil without a dot, or with one only at its start or end.
  static func pathExtension(of path: String) -> String? {
    let name = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last ?? path.utf8[...]
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex else { return nil }
    let found = name[name.index(after: dot)...]
    return found.isEmpty ? nil : String(Substring(found))
  }
}
