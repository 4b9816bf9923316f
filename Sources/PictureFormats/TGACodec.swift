// SPDX-License-Identifier: Apache-2.0

import Colorize

/// TGA, after Truevision's specification 2.0: grey, palettes and true colour, plain and run-length encoded.
///
/// The files have no signature, so what is taken for one has a header of which every field makes sense.
struct TGACodec: ImageCodec {
  var format: ImageFormat { .tga }
  var pathExtensions: [String] { ["tga"] }
  var writes: Bool { true }

  func recognizes(_ data: [UInt8]) -> Bool { TGAHeader(data) != nil }

  func decode(_ data: [UInt8], file: String?) throws(ImageError) -> DecodedImage {
    guard let header = TGAHeader(data) else {
      throw .corrupt(file: file, format: .tga, reason: "the header makes no sense")
    }
    try CodecBuffers.check(width: header.width, height: header.height, file: file)
    var reader = FileBytes(data, file: file, format: .tga)
    _ = try reader.take(TGAHeader.size + header.commentSize, "the header")
    let palette = try reader.take(header.paletteCount * header.paletteEntrySize, "the palette")
    let size = header.pixelSize
    let count = header.width * header.height
    // Of a run of 128 pixels a byte and one pixel are there.
    guard header.isPacked ? count / 128 * (1 + size) <= reader.remaining : count * size <= reader.remaining else {
      throw .truncated(file: file, format: .tga, reason: "the data is too short for an image of this size")
    }
    let start = reader.offset
    let packed = header.isPacked ? try unpacked(&reader, count: count, size: size) : nil
    let converter = TGAPixels(header: header, palette: Array(data[palette]))
    let channels = converter.channels
    var failure: ImageError?
    let pixels = [UInt8](unsafeUninitializedCapacity: count * channels) { buffer, written in
      (packed ?? data).withUnsafeBufferPointer { source in
        for y in 0..<header.height {
          let row = header.isTopDown ? y : header.height - 1 - y
          for x in 0..<header.width {
            let column = header.isRightToLeft ? header.width - 1 - x : x
            let place = (packed == nil ? start : 0) + (row * header.width + column) * size
            guard converter.write(source, at: place, to: buffer, at: written) else {
              failure = reader.damaged("a pixel names a colour that the palette does not have")
              return
            }
            written += channels
          }
        }
      }
    }
    if let failure { throw failure }
    return DecodedImage(try Image(width: header.width, height: header.height, channels: channels, pixels: pixels))
  }

  /// The pixels of packets, each a byte of which the highest bit says whether one pixel is repeated.
  private func unpacked(_ reader: inout FileBytes, count: Int, size: Int) throws(ImageError) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count * size)
    while pixels.count < count * size {
      let packet = try reader.bigEndian(1, "the data")
      let length = packet & 127 + 1
      // Some programs let the last packet of a row run on into the next; none may run on past the picture.
      let kept = min(length, count - pixels.count / size)
      if packet & 128 != 0 {
        let pixel = reader.bytes[try reader.take(size, "the data")]
        for _ in 0..<kept { pixels += pixel }
      } else {
        pixels += reader.bytes[try reader.take(length * size, "the data")].prefix(kept * size)
      }
    }
    return pixels
  }

  func encode(_ image: Image, _ options: ImageEncoding) throws(ImageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: TGAHeader.size)
    bytes[2] = image.channels == 1 ? 3 : 2
    for (offset, side) in [(12, image.width), (14, image.height)] {
      bytes[offset] = UInt8(side & 255)
      bytes[offset + 1] = UInt8(side >> 8)
    }
    bytes[16] = UInt8(8 * image.channels)
    // Rows from the top, and the number of bits of alpha.
    bytes[17] = 0x20 | (image.channels == 4 ? 8 : 0)
    let start = bytes.count
    bytes += image.pixels
    if image.channels > 1 {
      // Blue comes first.
      for place in stride(from: start, to: bytes.count, by: image.channels) { bytes.swapAt(place, place + 2) }
    }
    // No extensions, and the signature of version 2.
    return bytes + [UInt8](repeating: 0, count: 8) + Array("TRUEVISION-XFILE.\0".utf8)
  }
}

/// The fields before the data of a TGA file.
struct TGAHeader {
  static let size = 18

  enum Kind { case palette, color, grey }

  let commentSize: Int
  let kind: Kind
  let isPacked: Bool
  let paletteStart: Int
  let paletteCount: Int
  let paletteBits: Int
  let width: Int
  let height: Int
  let bits: Int
  let alphaBits: Int
  let isTopDown: Bool
  let isRightToLeft: Bool

  /// Bytes of a colour of the palette, and of a pixel.
  var paletteEntrySize: Int { (paletteBits + 7) / 8 }
  var pixelSize: Int { (bits + 7) / 8 }

  /// - Parameter data: the whole file; nil if it does not begin with a header that makes sense.
  init?(_ data: [UInt8]) {
    guard data.count > Self.size else { return nil }
    func short(_ offset: Int) -> Int { Int(data[offset]) | Int(data[offset + 1]) << 8 }
    switch data[2] & ~8 {
    case 1: kind = .palette
    case 2: kind = .color
    case 3: kind = .grey
    default: return nil
    }
    guard data[1] <= 1, data[1] == 1 || kind != .palette else { return nil }
    isPacked = data[2] & 8 != 0
    commentSize = Int(data[0])
    (paletteStart, paletteCount, paletteBits) = (short(3), short(5), Int(data[7]))
    (width, height, bits) = (short(12), short(14), Int(data[16]))
    alphaBits = Int(data[17] & 15)
    (isRightToLeft, isTopDown) = (data[17] & 16 != 0, data[17] & 32 != 0)
    guard data[17] & 0xC0 == 0, width > 0, height > 0 else { return nil }
    let paletteIsPlausible =
      data[1] == 0 ? paletteCount == 0 : paletteCount > 0 && [15, 16, 24, 32].contains(paletteBits)
    let known =
      switch kind {
      case .palette: bits == 8 || bits == 16
      case .color: [15, 16, 24, 32].contains(bits)
      case .grey: bits == 8 || bits == 16
      }
    guard paletteIsPlausible, known, [0, 1, 8].contains(alphaBits) else { return nil }
  }
}

/// Turns pixels of a TGA file into samples.
struct TGAPixels {
  let header: TGAHeader
  let palette: [UInt8]

  /// Bits of a colour, of the palette or of a pixel.
  private var colorBits: Int { header.kind == .palette ? header.paletteBits : header.bits }

  /// 1, 3 or 4. Alpha is there if the header says so: many files leave the fourth byte empty.
  var channels: Int {
    switch header.kind {
    case .grey: header.bits == 16 && header.alphaBits == 8 ? 4 : 1
    case .color, .palette:
      colorBits == 32 && (header.alphaBits == 8 || header.kind == .palette)
        || colorBits == 16 && header.alphaBits == 1 ? 4 : 3
    }
  }

  /// Writes the samples of the pixel at a place; false if it names a colour that is not there.
  func write(
    _ source: UnsafeBufferPointer<UInt8>, at place: Int, to target: UnsafeMutableBufferPointer<UInt8>, at position: Int
  ) -> Bool {
    switch header.kind {
    case .grey:
      for channel in 0..<min(channels, 3) { target[position + channel] = source[place] }
      if channels == 4 { target[position + 3] = source[place + 1] }
    case .color:
      writeColor(source, at: place, to: target, at: position)
    case .palette:
      let number = header.bits == 8 ? Int(source[place]) : Int(source[place]) | Int(source[place + 1]) << 8
      let index = number - header.paletteStart
      guard (0..<header.paletteCount).contains(index) else { return false }
      palette.withUnsafeBufferPointer { palette in
        writeColor(palette, at: index * header.paletteEntrySize, to: target, at: position)
      }
    }
    return true
  }

  private func writeColor(
    _ source: UnsafeBufferPointer<UInt8>, at place: Int, to target: UnsafeMutableBufferPointer<UInt8>, at position: Int
  ) {
    if colorBits >= 24 {
      for channel in 0..<3 { target[position + channel] = source[place + 2 - channel] }
      if channels == 4 { target[position + 3] = source[place + 3] }
    } else {
      let value = Int(source[place]) | Int(source[place + 1]) << 8
      for channel in 0..<3 {
        let five = value >> (10 - 5 * channel) & 31
        target[position + channel] = UInt8((five * 255 + 15) / 31)
      }
      if channels == 4 { target[position + 3] = value & 0x8000 == 0 ? 0 : 255 }
    }
  }
}
