// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The codecs of a process.
package final class ImageCodecRegistry: Sendable {
  /// Those of the process; of a task that has its own, as tests have, that one's.
  @TaskLocal package static var shared = ImageCodecRegistry()

  /// PNG and JPEG alone.
  package init() {}

  private let storage = Mutex<[any ImageCodec]>([PNGCodec(), JPEGCodec()])

  /// In the order in which files are offered to them.
  var codecs: [any ImageCodec] { storage.withLock { $0 } }

  func register(_ codec: any ImageCodec) {
    storage.withLock { codecs in
      if let index = codecs.firstIndex(where: { $0.format == codec.format }) {
        codecs[index] = codec
      } else {
        codecs.append(codec)
      }
    }
  }

  /// The codec that reads the data.
  ///
  /// - Throws: As ``ImageFormat/init(sniffing:file:)``.
  func codec(for data: [UInt8], file: String?) throws(ImageError) -> any ImageCodec {
    guard !data.isEmpty else { throw .empty(file: file) }
    let codecs = codecs
    if let found = codecs.first(where: { $0.recognizes(data) }) { return found }
    if let begun = codecs.first(where: { $0.signatures.contains { $0.starts(with: data) } }) {
      throw .truncated(file: file, format: begun.format, reason: "the signature is incomplete")
    }
    throw .unknownFormat(file: file, resembles: ImageFormat.resemblance(of: data))
  }
}

/// PNG, through libpng.
struct PNGCodec: ImageCodec {
  var format: ImageFormat { .png }
  var pathExtensions: [String] { ["png"] }
  var signatures: [[UInt8]] { [[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]] }
  var writes: Bool { true }
  var bitDepths: [Int] { [8, 16] }

  func decode(_ data: [UInt8], file: String?) throws(ImageError) -> DecodedImage {
    var decoded = DecodedImage(try PNGCoding.decode(data, file: file))
    let chunks = PNGChunks(data)
    decoded.orientation = chunks.first("eXIf").flatMap { EXIFBlock($0).orientation }
    if chunks.first("iCCP") != nil { decoded.profile = PNGCoding.profile(of: data) }
    // It stands above a profile (PNG, third edition, 4.3). Grey with the tone curve of sRGB is what it is in any primaries.
    if let codes = chunks.first("cICP").map(Array.init), codes.count == 4 {
      let isPlain = codes[1] == 13 && (codes[0] == 1 || decoded.image.channels == 1)
      let isRGB = codes[2] == 0 && codes[3] == 1
      decoded.profile = isPlain ? nil : isRGB ? ColorProfile(primaries: codes[0], transfer: codes[1]).bytes : []
    }
    if chunks.frameCount > 1 { decoded.notes.append(.firstOfSeveral) }
    decoded.resolution = chunks.resolution
    return decoded
  }

  func encode(_ image: Image, _ options: ImageEncoding) throws(ImageError) -> [UInt8] {
    try image.pngData(text: options.text, resolution: options.resolution, bitsPerSample: options.bitsPerSample)
  }
}

/// JPEG, through libjpeg.
struct JPEGCodec: ImageCodec {
  var format: ImageFormat { .jpeg }
  var pathExtensions: [String] { ["jpg", "jpeg"] }
  var signatures: [[UInt8]] { [[0xFF, 0xD8, 0xFF]] }
  var writes: Bool { true }
  var keepsAlpha: Bool { false }

  func decode(_ data: [UInt8], file: String?) throws(ImageError) -> DecodedImage {
    let (image, lacksEnd) = try JPEGCoding.decode(data, file: file)
    var decoded = DecodedImage(image)
    if lacksEnd { decoded.notes.append(.missingEnd) }
    let segments = JPEGSegments(data)
    if segments.pictureCount > 1 { decoded.notes.append(.firstOfSeveral) }
    let exif = segments.exif.map { EXIFBlock($0) }
    decoded.orientation = exif?.orientation
    decoded.profile = segments.profile
    decoded.resolution = segments.resolution ?? exif?.resolution
    return decoded
  }

  func encode(_ image: Image, _ options: ImageEncoding) throws(ImageError) -> [UInt8] {
    try image.jpegData(quality: options.quality, resolution: options.resolution)
  }
}
