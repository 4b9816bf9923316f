// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

/// A reader of Photoshop documents, after Adobe's specification and apart from the writer, which takes every length at
/// its word and lets nothing be left over.
struct PhotoshopReader {
  var channels = 0
  var width = 0
  var height = 0
  var resolution = 0.0
  var layerCount = 0
  var layers: [ReadLayer] = []
  /// RGB or RGBA, interleaved, as stored.
  var merged: [UInt8] = []

  private struct Record {
    var layer = ReadLayer()
    var divider: UInt32 = 0
    var channels: [(identifier: Int16, size: Int)] = []
  }

  init(_ bytes: [UInt8]) throws {
    var reader = ByteReader(bytes)
    #expect(try reader.text(4) == "8BPS")
    #expect(try reader.big(UInt16.self) == 1)
    #expect(try reader.take(6) == [0, 0, 0, 0, 0, 0])
    channels = Int(try reader.big(UInt16.self))
    height = Int(try reader.big(UInt32.self))
    width = Int(try reader.big(UInt32.self))
    #expect(try reader.big(UInt16.self) == 8)
    #expect(try reader.big(UInt16.self) == 3)
    #expect(try reader.big(UInt32.self) == 0)
    try readResources(try reader.take(Int(try reader.big(UInt32.self))))
    try readLayers(try reader.take(Int(try reader.big(UInt32.self))))
    try readMerged(&reader)
    #expect(reader.rest == 0, "something follows the merged picture")
  }

  private mutating func readResources(_ bytes: [UInt8]) throws {
    var reader = ByteReader(bytes)
    while reader.rest > 0 {
      #expect(try reader.text(4) == "8BIM")
      let identifier = try reader.big(UInt16.self)
      #expect(try reader.big(UInt16.self) == 0)
      let size = Int(try reader.big(UInt32.self))
      var data = ByteReader(try reader.take(size))
      if size % 2 == 1 { _ = try reader.take(1) }
      if identifier == 1005 {
        resolution = Double(try data.big(UInt32.self)) / 65_536
        #expect(try data.big(UInt32.self) == 0x0001_0001)
        #expect(try Double(data.big(UInt32.self)) / 65_536 == resolution)
        #expect(try data.big(UInt32.self) == 0x0001_0001)
        #expect(data.rest == 0)
      }
    }
  }

  private mutating func readLayers(_ bytes: [UInt8]) throws {
    var section = ByteReader(bytes)
    let size = Int(try section.big(UInt32.self))
    #expect(size % 4 == 0)
    var reader = ByteReader(try section.take(size))
    #expect(try section.big(UInt32.self) == 0)
    #expect(section.rest == 0)

    layerCount = Int(try reader.big(Int16.self))
    var records: [Record] = []
    for _ in 0..<abs(layerCount) { records.append(try Self.record(&reader)) }
    for index in records.indices { try Self.readPixels(&records[index], &reader) }
    #expect(reader.rest < 4 && reader.bytes.suffix(reader.rest).allSatisfy { $0 == 0 })

    // A stack of groups that are open, the lowest first, as the end of a group comes before it.
    var open: [[ReadLayer]] = [[]]
    for record in records {
      switch record.divider {
      case 3: open.append([])
      case 1, 2:
        var group = record.layer
        try #require(open.count > 1)
        group.children = open.removeLast()
        open[open.count - 1].append(group)
      default: open[open.count - 1].append(record.layer)
      }
    }
    #expect(open.count == 1)
    layers = open[0]
  }

  private static func record(_ reader: inout ByteReader) throws -> Record {
    var record = Record()
    let (top, left) = (Int(try reader.big(Int32.self)), Int(try reader.big(Int32.self)))
    let (bottom, right) = (Int(try reader.big(Int32.self)), Int(try reader.big(Int32.self)))
    (record.layer.x, record.layer.y) = (left, top)
    (record.layer.width, record.layer.height) = (right - left, bottom - top)
    for _ in 0..<(try reader.big(UInt16.self)) {
      record.channels.append((try reader.big(Int16.self), Int(try reader.big(UInt32.self))))
    }
    #expect(try reader.text(4) == "8BIM")
    record.layer.mode = try reader.text(4)
    record.layer.opacity = try reader.big(UInt8.self)
    #expect(try reader.big(UInt8.self) == 0)
    let flags = try reader.big(UInt8.self)
    record.layer.isVisible = flags & 2 == 0
    #expect(try reader.big(UInt8.self) == 0)

    var extra = ByteReader(try reader.take(Int(try reader.big(UInt32.self))))
    #expect(try extra.big(UInt32.self) == 0)
    #expect(try extra.big(UInt32.self) == 0)
    let nameSize = Int(try extra.big(UInt8.self))
    _ = try extra.take((nameSize + 4) / 4 * 4 - 1)
    while extra.rest > 0 {
      #expect(try extra.text(4) == "8BIM")
      let key = try extra.text(4)
      var data = ByteReader(try extra.take(Int(try extra.big(UInt32.self))))
      switch key {
      case "luni":
        let count = Int(try data.big(UInt32.self))
        record.layer.name = String(decoding: try (0..<count).map { _ in try data.big(UInt16.self) }, as: UTF16.self)
      case "lsct":
        record.divider = try data.big(UInt32.self)
        #expect(try data.text(4) == "8BIM")
        #expect(try data.text(4) == record.layer.mode)
        #expect(flags & 0x18 == 0x18)
      case "lspf": record.layer.isLocked = try data.big(UInt32.self) & 0x8000_0000 != 0
      default: break
      }
    }
    return record
  }

  private static func readPixels(_ record: inout Record, _ reader: inout ByteReader) throws {
    let (width, height) = (record.layer.width, record.layer.height)
    record.layer.pixels = [UInt8](repeating: 0, count: width * height * 4)
    #expect(record.channels.map(\.identifier) == [-1, 0, 1, 2])
    for (identifier, size) in record.channels {
      var channel = ByteReader(try reader.take(size))
      guard try channel.big(UInt16.self) == 1 else {
        #expect(channel.rest == width * height)
        continue
      }
      let sizes = try (0..<height).map { _ in Int(try channel.big(UInt16.self)) }
      let offset = identifier < 0 ? 3 : Int(identifier)
      for y in 0..<height {
        let row = try unpacked(try channel.take(sizes[y]), count: width)
        for x in 0..<width { record.layer.pixels[(y * width + x) * 4 + offset] = row[x] }
      }
      #expect(channel.rest == 0)
    }
  }

  private mutating func readMerged(_ reader: inout ByteReader) throws {
    merged = [UInt8](repeating: 0, count: width * height * channels)
    #expect(try reader.big(UInt16.self) == 1)
    let sizes = try (0..<height * channels).map { _ in Int(try reader.big(UInt16.self)) }
    for channel in 0..<channels {
      for y in 0..<height {
        let row = try Self.unpacked(try reader.take(sizes[channel * height + y]), count: width)
        for x in 0..<width { merged[(y * width + x) * channels + channel] = row[x] }
      }
    }
  }

  private static func unpacked(_ bytes: [UInt8], count: Int) throws -> [UInt8] {
    var reader = ByteReader(bytes)
    var row: [UInt8] = []
    while reader.rest > 0 {
      let control = Int(try reader.big(Int8.self))
      #expect(control != -128)
      if control >= 0 {
        row += try reader.take(control + 1)
      } else {
        row += [UInt8](repeating: try reader.big(UInt8.self), count: 1 - control)
      }
    }
    try #require(row.count == count)
    return row
  }
}
