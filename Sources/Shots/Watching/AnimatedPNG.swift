// SPDX-License-Identifier: Apache-2.0

import CZlib
import Colorize
import DiffusionCore
import Glibc

/// Writes an animation as a PNG file that browsers play, and other programs show the first picture of (APNG, part of the
/// third edition of PNG).
///
/// Each picture holds what has changed since the one before, and is let go when it is written.
struct AnimatedPNG {
  let width: Int
  let height: Int
  let pictureCount: Int
  /// Pictures in a second, 1...1000.
  let rate: Double

  private typealias Box = (x: Int, y: Int, width: Int, height: Int)

  private let descriptor: Int32
  private var previous: Image?
  private var sequence: UInt32 = 0

  /// Begins a file.
  ///
  /// - Parameter texts: keys and values for the file.
  init(
    width: Int, height: Int, pictureCount: Int, rate: Double, texts: [(key: String, value: String)], descriptor: Int32
  ) throws {
    self.width = width
    self.height = height
    self.pictureCount = pictureCount
    self.rate = rate
    self.descriptor = descriptor
    // libpng makes the head: a blank picture of the size has the same.
    let blank = try PNGPieces(Image(width: width, height: height, color: [255, 255, 255]).pngData(text: texts))
    try write(PNGPieces.signature)
    for chunk in blank.chunks where chunk.type != "IDAT" && chunk.type != "IEND" {
      try write(chunk.type, chunk.content)
      guard chunk.type == "IHDR" else { continue }
      // 0: it plays for ever.
      try write("acTL", Self.bytes(UInt32(pictureCount)) + Self.bytes(0))
    }
  }

  /// Adds a picture.
  ///
  /// - Parameters:
  ///   - picture: RGB, of the animation's size.
  ///   - duration: for how many pictures' time it stands.
  mutating func append(_ picture: Image, duration: Int) throws {
    let box: Box = previous.map { Self.difference($0, picture) } ?? (0, 0, width, height)
    let part = try Self.cut(picture, box)
    let pieces = PNGPieces(try part.pngData())
    // Hundredths, so that rates such as 23.98 are there as well.
    let numerator = min(65_535, max(1, duration) * 100)
    var control = Self.bytes(nextNumber())
    for value in [box.width, box.height, box.x, box.y] { control += Self.bytes(UInt32(value)) }
    control += Self.bytes(UInt16(numerator)) + Self.bytes(UInt16(min(65_535, max(1, (rate * 100).rounded()))))
    // It stays, and the next is put over it.
    try write("fcTL", control + [0, 0])
    for chunk in pieces.chunks where chunk.type == "IDAT" {
      if previous == nil {
        try write("IDAT", chunk.content)
      } else {
        try write("fdAT", Self.bytes(nextNumber()) + chunk.content)
      }
    }
    previous = picture
  }

  func finish() throws { try write("IEND", []) }

  private mutating func nextNumber() -> UInt32 {
    defer { sequence += 1 }
    return sequence
  }

  /// The least box outside of which two pictures are the same; one pixel where they are the same everywhere.
  private static func difference(_ one: Image, _ other: Image) -> Box {
    var (left, right, top, bottom) = (one.width, -1, one.height, -1)
    let stride = one.width * 3
    one.pixels.withUnsafeBufferPointer { first in
      other.pixels.withUnsafeBufferPointer { second in
        for y in 0..<one.height {
          let start = y * stride
          guard memcmp(first.baseAddress! + start, second.baseAddress! + start, stride) != 0 else { continue }
          (top, bottom) = (min(top, y), y)
          for x in 0..<one.width
          where (0..<3).contains(where: { first[start + x * 3 + $0] != second[start + x * 3 + $0] }) {
            (left, right) = (min(left, x), max(right, x))
          }
        }
      }
    }
    return right < 0 ? (0, 0, 1, 1) : (left, top, right - left + 1, bottom - top + 1)
  }

  private static func cut(_ image: Image, _ box: Box) throws -> Image {
    guard box.width < image.width || box.height < image.height else { return image }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(box.width * box.height * 3)
    for y in box.y..<box.y + box.height {
      let start = (y * image.width + box.x) * 3
      pixels += image.pixels[start..<start + box.width * 3]
    }
    return try Image(width: box.width, height: box.height, channels: 3, pixels: pixels)
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }

  private func write(_ type: String, _ content: [UInt8]) throws {
    let body = Array(type.utf8) + content
    let sum = body.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32(0, $0.baseAddress, UInt32($0.count))) }
    try write(Self.bytes(UInt32(content.count)) + body + Self.bytes(sum))
  }

  private func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw WritingFailure(code: count < 0 ? errno : EIO) }
      rest = rest.dropFirst(count)
    }
  }
}

/// What the system said when a piece of a file could not be written.
struct WritingFailure: Error {
  let code: Int32
}

/// The chunks of a PNG that libpng has made.
struct PNGPieces {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  let chunks: [(type: String, content: [UInt8])]

  init(_ data: [UInt8]) {
    var chunks: [(String, [UInt8])] = []
    var place = Self.signature.count
    while place + 12 <= data.count {
      let length = data[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= data.count - place - 12 else { break }
      let type = String(decoding: data[place + 4..<place + 8], as: UTF8.self)
      chunks.append((type, Array(data[place + 8..<place + 8 + length])))
      place += 12 + length
    }
    self.chunks = chunks
  }
}
