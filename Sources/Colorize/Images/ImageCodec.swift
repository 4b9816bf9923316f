// SPDX-License-Identifier: Apache-2.0

/// Reads, and perhaps writes, the files of one format. ``ImageFormat/register(_:)`` makes it known.
///
/// The data that comes in is not trusted: a codec checks every size, and makes up no pixels that are missing.
public protocol ImageCodec: Sendable {
  /// The format; no two codecs have the same.
  var format: ImageFormat { get }
  /// The extensions of its files in lower case, without dots; the usual one first.
  var pathExtensions: [String] { get }
  /// What its files begin with, each of them; empty if there is no such thing.
  var signatures: [[UInt8]] { get }
  /// Whether ``encode(_:_:)`` writes files.
  var writes: Bool { get }
  /// Whether files keep an alpha channel.
  var keepsAlpha: Bool { get }
  /// How many bits a sample may have in files that are written.
  var bitDepths: [Int] { get }

  /// Whether the data is of this format. By default, whether it begins with one of ``signatures``.
  func recognizes(_ data: [UInt8]) -> Bool

  /// Decodes a whole file.
  ///
  /// - Parameters:
  ///   - data: What ``recognizes(_:)`` was true for.
  ///   - file: Its path, for the errors; nil if it has none.
  func decode(_ data: [UInt8], file: String?) throws(ImageError) -> DecodedImage

  /// Makes a whole file. Called only if ``writes`` is true, and with one of ``bitDepths``.
  func encode(_ image: Image, _ options: ImageEncoding) throws(ImageError) -> [UInt8]
}

extension ImageCodec {
  public var signatures: [[UInt8]] { [] }
  public var writes: Bool { false }
  public var keepsAlpha: Bool { true }
  public var bitDepths: [Int] { [8] }

  public func recognizes(_ data: [UInt8]) -> Bool { signatures.contains { data.starts(with: $0) } }

  public func encode(_ image: Image, _ options: ImageEncoding) throws(ImageError) -> [UInt8] {
    throw .encodingFailed(format: format, reason: "files of this format are only read")
  }
}

/// What a codec finds in a file.
public struct DecodedImage: Sendable {
  /// The pixels as they are stored, in the colours of the profile.
  public var image: Image
  /// The ICC profile; nil if there is none, empty if there is one that cannot be read.
  public var profile: [UInt8]?
  /// How the picture is stored: 1 ... 8 as in EXIF's and TIFF's tag 0x0112; nil, as any other number, is upright.
  public var orientation: Int?
  /// How densely the stored pixels lie on paper.
  public var resolution: ImageResolution?
  /// What its user may want to know.
  public var notes: [ImageMetadata.Note] = []

  /// A picture of which nothing else is known.
  public init(_ image: Image) { self.image = image }
}

/// How a picture is written.
public struct ImageEncoding: Sendable {
  /// Entries for formats that hold texts (PNG); others leave them out.
  public var text: [(key: String, value: String)] = []
  /// 1 (smallest) ... 100 (best), for formats that lose something (JPEG).
  public var quality = 92
  /// How densely the pixels lie on paper; nil leaves that open.
  public var resolution: ImageResolution?
  /// 8 or 16. Of 16 bits each is `257 v`, so that 255 becomes 65 535: for programs that take nothing else.
  public var bitsPerSample = 8

  public init(
    text: [(key: String, value: String)] = [], quality: Int = 92, resolution: ImageResolution? = nil,
    bitsPerSample: Int = 8
  ) {
    self.text = text
    self.quality = quality
    self.resolution = resolution
    self.bitsPerSample = bitsPerSample
  }
}
