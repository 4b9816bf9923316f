// SPDX-License-Identifier: Apache-2.0

import Colorize
import Glibc

/// The channels of a document's merged picture, one behind the other, each of 8 bits a sample.
struct PhotoshopPlanes {
  private let samples: [UInt8]
  private let hasAlpha: Bool
  private let count: Int

  /// Reads the channels that are shown, and the transparency behind them.
  init(_ reader: inout FileBytes, header: PhotoshopHeader, hasAlpha: Bool) throws(ImageError) {
    let kept = header.colors + (hasAlpha && header.channels > header.colors ? 1 : 0)
    self.hasAlpha = kept > header.colors
    count = header.width * header.height
    let method = try reader.bigEndian(2, "the merged picture")
    let sizes: [Int]
    switch method {
    case 0:
      guard header.rowSize * header.height * kept <= reader.remaining else {
        throw .truncated(file: reader.file, format: .photoshop, reason: "the merged picture ends early")
      }
      sizes = []
    case 1:
      // The sizes of all rows of all channels come first.
      let size = header.isLarge ? 4 : 2
      var table: [Int] = []
      guard header.channels * header.height * size <= reader.remaining else {
        throw .truncated(file: reader.file, format: .photoshop, reason: "the merged picture ends early")
      }
      table.reserveCapacity(kept * header.height)
      for index in 0..<header.channels * header.height {
        let number = try reader.bigEndian(size, "the merged picture")
        if index < kept * header.height { table.append(number) }
      }
      sizes = table
    default: throw reader.unsupported("its merged picture is packed by the method \(method)")
    }
    var samples: [UInt8] = []
    samples.reserveCapacity(count * kept)
    for row in 0..<kept * header.height {
      let place = try reader.take(method == 0 ? header.rowSize : sizes[row], "the merged picture")
      let bytes = reader.bytes[place]
      let plain = method == 0 ? bytes : try Self.unpacked(bytes, size: header.rowSize, reader)[...]
      Self.append(plain, header: header, to: &samples)
    }
    self.samples = samples
  }

  /// Undoes PackBits: a byte n below 128 comes before n + 1 bytes, one above before a byte that stands 257 - n times.
  private static func unpacked(
    _ packed: ArraySlice<UInt8>, size: Int, _ reader: FileBytes
  ) throws(ImageError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    var place = packed.startIndex
    while place < packed.endIndex, bytes.count < size {
      let head = Int(packed[place])
      place += 1
      if head < 128 {
        let end = min(place + head + 1, packed.endIndex)
        bytes += packed[place..<end]
        place = end
      } else if head > 128, place < packed.endIndex {
        bytes += repeatElement(packed[place], count: 257 - head)
        place += 1
      }
    }
    guard bytes.count == size else { throw reader.damaged("a row of the merged picture has the wrong size") }
    return bytes
  }

  private static func append(_ row: ArraySlice<UInt8>, header: PhotoshopHeader, to samples: inout [UInt8]) {
    let start = row.startIndex
    switch header.depth {
    case 1:
      // 1 is black.
      for x in 0..<header.width { samples.append(row[start + x / 8] >> (7 - UInt8(x % 8)) & 1 == 0 ? 255 : 0) }
    case 8:
      samples += row
    case 16:
      for x in 0..<header.width {
        let value = UInt32(row[start + 2 * x]) << 8 | UInt32(row[start + 2 * x + 1])
        samples.append(UInt8((value + 128) / 257))
      }
    default:
      for x in 0..<header.width {
        let bits = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(row[start + 4 * x + $1]) }
        let value = Float(bitPattern: bits)
        // Not a number counts as 0. The numbers are linear light; the curve is that of sRGB.
        let unit = value > 0 ? min(value, 1) : 0
        samples.append(UInt8((encoded(unit) * 255).rounded()))
      }
    }
  }

  /// The value of light, by the curve of IEC 61966-2-1.
  private static func encoded(_ light: Float) -> Float {
    light <= 0.003_130_8 ? light * 12.92 : 1.055 * powf(light, 1 / 2.4) - 0.055
  }

  /// The picture, in the colours of the document's profile.
  ///
  /// - Parameters:
  ///   - palette: 256 reds, greens and blues, one after the other.
  ///   - reader: for its errors.
  func image(palette: [UInt8], header: PhotoshopHeader, reader: FileBytes) throws(ImageError) -> Image {
    if header.mode == .indexed, palette.count < 768 { throw reader.damaged("the table of colours is too short") }
    let isGrey = header.colors == 1 && header.mode != .indexed
    let channels = hasAlpha ? 4 : isGrey ? 1 : 3
    if channels == 1 {
      return try Image(width: header.width, height: header.height, channels: 1, pixels: samples)
    }
    let pixels = [UInt8](unsafeUninitializedCapacity: count * channels) { buffer, written in
      for pixel in 0..<count {
        let alpha = hasAlpha ? Int(samples[header.colors * count + pixel]) : 255
        for channel in 0..<3 {
          let value =
            switch header.mode {
            case .rgb: Int(samples[channel * count + pixel])
            case .indexed: Int(palette[256 * channel + Int(samples[pixel])])
            // Stored inverted, so that 255 is no ink.
            case .cmyk:
              (Int(samples[channel * count + pixel]) * Int(samples[3 * count + pixel]) + 127) / 255
            default: Int(samples[pixel])
            }
          buffer[written + channel] = Self.withoutWhite(value, alpha: alpha)
        }
        if hasAlpha { buffer[written + 3] = UInt8(alpha) }
        written += channels
      }
    }
    return try Image(width: header.width, height: header.height, channels: channels, pixels: pixels)
  }

  // The merged colours are composed over white, of which this is the reverse.
  private static func withoutWhite(_ value: Int, alpha: Int) -> UInt8 {
    guard alpha > 0, alpha < 255 else { return UInt8(value) }
    return UInt8(min(max(((value - 255 + alpha) * 255 + alpha / 2) / alpha, 0), 255))
  }
}
