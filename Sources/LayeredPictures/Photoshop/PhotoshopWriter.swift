// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Writes a Photoshop document, version 1, after Adobe's file format specification of November 2019: RGB of 8 bits,
/// rows packed by PackBits.
struct PhotoshopWriter {
  /// A layer's channels in the file's order: alpha, red, green, blue.
  static let channels: [Int16] = [-1, 0, 1, 2]
  /// The most layers that Photoshop opens, ends of groups included.
  static let maximumRecordCount = 8_000

  private let picture: LayeredPicture
  private let sink: ByteSink
  private let report: ((Double) -> Void)?

  init(picture: LayeredPicture, sink: ByteSink, progress: ((Double) -> Void)?) {
    self.picture = picture
    self.sink = sink
    report = progress
  }

  func write() throws {
    let records = PhotoshopRecord.records(picture.layers)
    guard records.count <= Self.maximumRecordCount else {
      throw LayeredPictureError.tooLarge(
        reason:
          "\(records.count) layers, where a Photoshop document has at most \(Self.maximumRecordCount). Give fewer, "
          + "such as one a colour instead of one a region, or write it as .ora")
    }
    let merged = try picture.merged { [report] in report?(0.3 * $0) }
    try appendHeader(channels: merged.channels)
    try appendResources()
    try appendLayers(records, mergedHasAlpha: merged.channels == 4)
    try append(merged: merged)
    report?(1)
  }

  private func appendHeader(channels: Int) throws {
    try sink.append(ascii: "8BPS")
    try sink.append(bigEndian: UInt16(1))
    try sink.append([UInt8](repeating: 0, count: 6))
    try sink.append(bigEndian: UInt16(channels))
    try sink.append(bigEndian: UInt32(picture.height))
    try sink.append(bigEndian: UInt32(picture.width))
    // Bits a sample, the colour mode RGB, and no table of colours.
    try sink.append(bigEndian: UInt16(8))
    try sink.append(bigEndian: UInt16(3))
    try sink.append(bigEndian: UInt32(0))
  }

  private func appendResources() throws {
    let place = sink.position
    try sink.append(bigEndian: UInt32(0))
    // 1005: the resolution, twice a number of 16.16 bits in pixels per inch, and inches to show the size in.
    let fixed = UInt32((picture.writtenResolution * 65_536).rounded())
    try appendResource(1005, size: 16)
    for _ in 0..<2 {
      try sink.append(bigEndian: fixed)
      try sink.append(bigEndian: UInt16(1))
      try sink.append(bigEndian: UInt16(1))
    }
    // 1057: that the merged picture is a real one, who wrote it, who reads it, and the file's version.
    let name = Array("Irodori".utf16)
    try appendResource(1057, size: 4 + 1 + 2 * (4 + 2 * name.count) + 4)
    try sink.append(bigEndian: UInt32(1))
    try sink.append([1])
    for _ in 0..<2 {
      try sink.append(bigEndian: UInt32(name.count))
      for unit in name { try sink.append(bigEndian: unit) }
    }
    try sink.append(bigEndian: UInt32(1))
    // The size is odd, and the next thing stands at an even place.
    try sink.append([0])
    try sink.patch(bigEndian: UInt32(sink.position - place - 4), at: place)
  }

  private func appendResource(_ identifier: UInt16, size: Int) throws {
    try sink.append(ascii: "8BIM")
    try sink.append(bigEndian: identifier)
    // An empty name, filled up to two bytes.
    try sink.append(bigEndian: UInt16(0))
    try sink.append(bigEndian: UInt32(size))
  }

  private func appendLayers(_ records: [PhotoshopRecord], mergedHasAlpha: Bool) throws {
    let section = sink.position
    try sink.append(bigEndian: UInt32(0))
    try sink.append(bigEndian: UInt32(0))
    // A negative number says that the first alpha channel of the merged picture is its transparency.
    try sink.append(bigEndian: Int16(mergedHasAlpha ? -records.count : records.count))
    var places: [[Int]] = []
    for (index, record) in records.enumerated() {
      places.append(try record.append(to: sink, identifier: UInt32(index + 1)))
    }
    for (index, record) in records.enumerated() {
      try Task.checkCancellation()
      for (channel, place) in places[index].enumerated() {
        let start = sink.position
        try appendChannel(channel, of: record)
        try sink.patch(bigEndian: UInt32(sink.position - start), at: place)
      }
      report?(0.3 + 0.6 * Double(index + 1) / Double(records.count))
    }
    while (sink.position - section) % 4 != 0 { try sink.append([0]) }
    try sink.patch(bigEndian: UInt32(sink.position - section - 8), at: section + 4)
    // No mask for all layers.
    try sink.append(bigEndian: UInt32(0))
    try sink.patch(bigEndian: UInt32(sink.position - section - 4), at: section)
  }

  /// - Parameter channel: an index into ``channels``.
  private func appendChannel(_ channel: Int, of record: PhotoshopRecord) throws {
    let box = record.box
    guard !box.isEmpty else {
      // Not packed, and nothing.
      try sink.append(bigEndian: UInt16(0))
      return
    }
    var plane = PackedPlane(width: box.width, height: box.height)
    var row = [UInt8](repeating: 0, count: 4 * box.width)
    // In RGBA, alpha is the last.
    let offset = channel == 0 ? 3 : channel - 1
    row.withUnsafeMutableBufferPointer { row in
      guard let base = row.baseAddress else { return }
      for y in box.y..<box.bottom {
        record.layer.content.writeRow(y, columns: box.x..<box.right, to: base)
        plane.append(base + offset, step: 4)
      }
    }
    try sink.append(bigEndian: UInt16(1))
    try sink.append(plane.rowSizes)
    try sink.append(plane.packed)
  }

  private func append(merged: Image) throws {
    try sink.append(bigEndian: UInt16(1))
    // The sizes of all rows of all channels come first.
    let sizes = sink.position
    try sink.append([UInt8](repeating: 0, count: 2 * merged.height * merged.channels))
    var rowSizes: [UInt8] = []
    for channel in 0..<merged.channels {
      try Task.checkCancellation()
      var plane = PackedPlane(width: merged.width, height: merged.height)
      let samples = merged.channels == 4 && channel < 3 ? Self.onWhite(merged, channel: channel) : nil
      (samples ?? merged.pixels).withUnsafeBufferPointer { pixels in
        guard let base = pixels.baseAddress else { return }
        for y in 0..<merged.height {
          if samples != nil {
            plane.append(base + y * merged.width, step: 1)
          } else {
            plane.append(base + y * merged.width * merged.channels + channel, step: merged.channels)
          }
        }
      }
      rowSizes += plane.rowSizes
      try sink.append(plane.packed)
      report?(0.9 + 0.1 * Double(channel + 1) / Double(merged.channels))
    }
    try sink.patch(rowSizes, at: sizes)
  }

  // Photoshop keeps the merged colours composed over white, and readers take the white out again.
  private static func onWhite(_ image: Image, channel: Int) -> [UInt8] {
    (0..<image.width * image.height).map { pixel in
      let alpha = UInt32(image.pixels[4 * pixel + 3])
      let value = alpha * UInt32(image.pixels[4 * pixel + channel]) + (255 - alpha) * 255
      return UInt8((value + 127) / 255)
    }
  }
}

/// One channel, row by row.
struct PackedPlane {
  private(set) var packed: [UInt8] = []
  /// The packed size of each row, two bytes each.
  private(set) var rowSizes: [UInt8] = []
  private var row: [UInt8]

  init(width: Int, height: Int) {
    row = [UInt8](repeating: 0, count: width)
    rowSizes.reserveCapacity(2 * height)
  }

  /// Packs a row of which every `step`th sample is taken.
  mutating func append(_ samples: UnsafePointer<UInt8>, step: Int) {
    let size = row.withUnsafeMutableBufferPointer { row in
      for x in row.indices { row[x] = samples[step * x] }
      return PackBits.append(UnsafeBufferPointer(row), to: &packed)
    }
    // A row of 16,384 samples takes 16,512 bytes at worst.
    rowSizes.append(UInt8(size >> 8))
    rowSizes.append(UInt8(size & 255))
  }
}
