// SPDX-License-Identifier: Apache-2.0

import Colorize

/// The merged picture of Photoshop documents (`.psd`, `.psb`), after Adobe's file format specification of November 2019.
struct PhotoshopCodec: ImageCodec {
  var format: ImageFormat { .photoshop }
  var pathExtensions: [String] { ["psd", "psb"] }
  var signatures: [[UInt8]] { [Array("8BPS".utf8)] }

  func decode(_ data: [UInt8], file: String?) throws(ImageError) -> DecodedImage {
    var reader = FileBytes(data, file: file, format: .photoshop)
    let header = try PhotoshopHeader(&reader)
    let table = try section(&reader, "the table of colours")
    let resources = PhotoshopResources(data, in: try section(&reader, "the resources"))
    guard resources.hasMergedPicture else {
      throw reader.unsupported("it holds its layers without the merged picture (save it with maximal compatibility)")
    }
    let hasAlpha = try mergedHasAlpha(&reader, isLarge: header.isLarge)
    let planes = try PhotoshopPlanes(&reader, header: header, hasAlpha: hasAlpha)
    var decoded = DecodedImage(try planes.image(palette: Array(data[table]), header: header, reader: reader))
    decoded.profile = resources.profile
    decoded.resolution = resources.resolution
    return decoded
  }

  private func section(_ reader: inout FileBytes, _ what: String) throws(ImageError) -> Range<Int> {
    let size = try reader.bigEndian(4, what)
    return try reader.take(size, what)
  }

  /// Passes over the layers. A negative number of them says that the first channel behind the colours is the merged
  /// picture's transparency.
  private func mergedHasAlpha(_ reader: inout FileBytes, isLarge: Bool) throws(ImageError) -> Bool {
    func length() throws(ImageError) -> Int {
      isLarge ? try reader.bigEndian64("the layers' section") : try reader.bigEndian(4, "the layers' section")
    }
    let size = try length()
    let end = reader.offset + size
    guard size <= reader.remaining else {
      throw .truncated(file: reader.file, format: .photoshop, reason: "the layers' section ends early")
    }
    var hasAlpha = false
    let lengthSize = isLarge ? 8 : 4
    if size >= lengthSize + 2, try length() >= 2 {
      hasAlpha = try reader.bigEndian(2, "the number of layers") >= 0x8000
    }
    _ = try reader.take(end - reader.offset, "the layers' section")
    return hasAlpha
  }
}

/// What the file says of the picture at its start.
struct PhotoshopHeader {
  enum Mode: Int {
    case bitmap = 0
    case grey = 1
    case indexed = 2
    case rgb = 3
    case cmyk = 4
    case multichannel = 7
    case duotone = 8
    case lab = 9
  }

  /// A `.psb`, whose sizes have 64 bits.
  let isLarge: Bool
  let channels: Int
  let width: Int
  let height: Int
  let depth: Int
  let mode: Mode

  init(_ reader: inout FileBytes) throws(ImageError) {
    _ = try reader.take(4, "the header")
    let version = try reader.bigEndian(2, "the header")
    guard version == 1 || version == 2 else { throw reader.damaged("the version \(version) is unknown") }
    isLarge = version == 2
    _ = try reader.take(6, "the header")
    channels = try reader.bigEndian(2, "the header")
    height = try reader.bigEndian(4, "the header")
    width = try reader.bigEndian(4, "the header")
    depth = try reader.bigEndian(2, "the header")
    let number = try reader.bigEndian(2, "the header")
    guard (1...56).contains(channels), width > 0, height > 0 else { throw reader.damaged("the header makes no sense") }
    try CodecBuffers.check(width: width, height: height, file: reader.file)
    guard let mode = Mode(rawValue: number) else { throw reader.damaged("the colour mode \(number) is unknown") }
    self.mode = mode
    guard mode == .bitmap ? depth == 1 : depth == 8 || depth == 16 || depth == 32 else {
      throw reader.unsupported("it has \(depth) bits a sample")
    }
    guard mode != .multichannel else { throw reader.unsupported("it has the colour mode Multichannel") }
    guard mode != .lab else { throw reader.unsupported("it has the colour mode Lab") }
    guard channels >= colors else { throw reader.damaged("it has fewer channels than its colour mode") }
  }

  /// Channels that are shown.
  var colors: Int {
    switch mode {
    case .rgb, .lab: 3
    case .cmyk: 4
    default: 1
    }
  }

  /// Bytes of a row of a channel.
  var rowSize: Int { (width * depth + 7) / 8 }
}

/// The blocks between the header and the layers of which something is used.
struct PhotoshopResources {
  private(set) var profile: [UInt8]?
  private(set) var resolution: ImageResolution?
  /// False if the program that wrote the file says that it left the merged picture out.
  private(set) var hasMergedPicture = true

  /// What is damaged counts as absent.
  init(_ data: [UInt8], in range: Range<Int>) {
    func number(_ place: Int, _ size: Int) -> Int { (place..<place + size).reduce(0) { $0 << 8 | Int(data[$1]) } }
    var place = range.lowerBound
    while place + 12 <= range.upperBound, data[place..<place + 4].elementsEqual("8BIM".utf8) {
      let identifier = number(place + 4, 2)
      // A name with its length before it, filled up to an even size.
      let name = (Int(data[place + 6]) + 2) & ~1
      let start = place + 6 + name + 4
      guard start <= range.upperBound else { return }
      let size = number(start - 4, 4)
      guard size <= range.upperBound - start else { return }
      switch identifier {
      case 1005 where size >= 16:
        // Pixels per inch in 16.16 bits, whatever unit the program shows.
        resolution = ImageResolution(
          horizontal: Double(number(start, 4)) / 65_536, vertical: Double(number(start + 8, 4)) / 65_536)
      case 1039 where size <= 4 << 20: profile = Array(data[start..<start + size])
      case 1057 where size >= 5: hasMergedPicture = data[start + 4] != 0
      default: break
      }
      place = start + (size + 1) & ~1
    }
  }
}
