// SPDX-License-Identifier: Apache-2.0

import CZlib
import Colorize
import Testing

/// A reader of OpenRaster files, apart from the writer.
struct OpenRasterReader {
  /// Names and contents, in the file's order.
  var files: [(name: String, bytes: [UInt8], isStored: Bool)] = []
  var width = 0
  var height = 0
  var resolution = 0
  var layers: [ReadLayer] = []

  init(_ bytes: [UInt8]) throws {
    try readZip(bytes)
    let xml = String(decoding: try file("stack.xml"), as: UTF8.self)
    let root = try XMLElement.parse(xml)
    #expect(root.name == "image")
    width = try #require(Int(root["w"]))
    height = try #require(Int(root["h"]))
    resolution = try #require(Int(root["xres"]))
    #expect(root["yres"] == root["xres"])
    try #require(root.children.count == 1 && root.children[0].name == "stack")
    layers = try root.children[0].children.reversed().map { try layer($0) }
  }

  func file(_ name: String) throws -> [UInt8] {
    try #require(files.first { $0.name == name }, "\(name) is missing").bytes
  }

  /// From the end, as zip readers do; each entry's own header must say the same.
  private mutating func readZip(_ bytes: [UInt8]) throws {
    var end = ByteReader(bytes)
    end.position = bytes.count - 22
    try #require(try end.little(UInt32.self) == 0x0605_4B50)
    #expect(try end.little(UInt32.self) == 0)
    let count = Int(try end.little(UInt16.self))
    #expect(try Int(end.little(UInt16.self)) == count)
    let size = Int(try end.little(UInt32.self))
    let start = Int(try end.little(UInt32.self))
    #expect(start + size == bytes.count - 22)
    var directory = ByteReader(bytes)
    directory.position = start
    var expectedOffset = 0
    for _ in 0..<count {
      #expect(try directory.little(UInt32.self) == 0x0201_4B50)
      _ = try directory.take(2)
      let common = try directory.take(22)
      let nameSize = Int(try directory.little(UInt16.self))
      _ = try directory.take(12)
      let offset = Int(try directory.little(UInt32.self))
      let name = try directory.text(nameSize)
      #expect(offset == expectedOffset)

      var entry = ByteReader(bytes)
      entry.position = offset
      #expect(try entry.little(UInt32.self) == 0x0403_4B50)
      #expect(try entry.take(22) == common)
      #expect(try Int(entry.little(UInt16.self)) == nameSize)
      #expect(try entry.little(UInt16.self) == 0)
      #expect(try entry.text(nameSize) == name)
      var header = ByteReader(common)
      _ = try header.take(4)
      let method = try header.little(UInt16.self)
      _ = try header.take(4)
      let checksum = try header.little(UInt32.self)
      let packed = try entry.take(Int(try header.little(UInt32.self)))
      let unpackedSize = Int(try header.little(UInt32.self))
      let content = method == 0 ? packed : try Self.inflated(packed, size: unpackedSize)
      #expect(content.count == unpackedSize)
      #expect(UInt32(crc32(0, content, UInt32(content.count))) == checksum)
      files.append((name, content, method == 0))
      expectedOffset = entry.position
    }
    #expect(expectedOffset == start && directory.position == start + size)
  }

  private static func inflated(_ bytes: [UInt8], size: Int) throws -> [UInt8] {
    var stream = z_stream()
    try #require(czlib_raw_inflate_init(&stream) == Z_OK)
    defer { inflateEnd(&stream) }
    var (input, output) = (bytes, [UInt8](repeating: 0, count: size + 1))
    let status = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        (stream.next_in, stream.avail_in) = (input.baseAddress, UInt32(input.count))
        (stream.next_out, stream.avail_out) = (output.baseAddress, UInt32(output.count))
        return inflate(&stream, Z_FINISH)
      }
    }
    #expect(status == Z_STREAM_END && stream.avail_in == 0)
    return Array(output.prefix(Int(stream.total_out)))
  }

  private func layer(_ element: XMLElement) throws -> ReadLayer {
    var layer = ReadLayer()
    layer.name = element["name"]
    layer.opacity = UInt8((255 * (try #require(Double(element["opacity"])))).rounded())
    layer.mode = element["composite-op"]
    layer.isVisible = element["visibility"] == "visible"
    #expect(layer.isVisible || element["visibility"] == "hidden")
    layer.isLocked = element["edit-locked"] == "true"
    guard element.name == "layer" else {
      #expect(element.name == "stack" && element["isolation"] == "isolate")
      layer.children = try element.children.reversed().map { try self.layer($0) }
      return layer
    }
    layer.x = try #require(Int(element["x"]))
    layer.y = try #require(Int(element["y"]))
    let image = try Image(data: try file(element["src"]))
    #expect(image.channels == 4)
    (layer.width, layer.height, layer.pixels) = (image.width, image.height, image.pixels)
    return layer
  }
}

/// As much of XML as an OpenRaster file needs: elements and attributes.
struct XMLElement {
  var name: String
  var attributes: [String: String] = [:]
  var children: [XMLElement] = []

  subscript(_ attribute: String) -> String { attributes[attribute] ?? "(missing)" }

  static func parse(_ text: String) throws -> XMLElement {
    var open: [XMLElement] = [XMLElement(name: "")]
    var rest = text[...]
    while let start = rest.firstIndex(of: "<"), let end = rest.firstIndex(of: ">") {
      let between = rest[..<start].drop { $0.isWhitespace }
      try #require(between.isEmpty, "text between elements")
      var tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("?") { continue }
      if tag.hasPrefix("/") {
        let closed = open.removeLast()
        try #require(closed.name == tag.dropFirst())
        open[open.count - 1].children.append(closed)
        continue
      }
      let isEmpty = tag.hasSuffix("/")
      if isEmpty { tag.removeLast() }
      let element = try self.element(tag)
      if isEmpty { open[open.count - 1].children.append(element) } else { open.append(element) }
    }
    try #require(open.count == 1 && open[0].children.count == 1)
    return open[0].children[0]
  }

  private static func element(_ tag: Substring) throws -> XMLElement {
    var element = XMLElement(name: String(tag.prefix { $0 != " " }))
    var rest = tag.dropFirst(element.name.count)
    while let equals = rest.firstIndex(of: "=") {
      let key = rest[..<equals].drop { $0 == " " }
      var value = rest[rest.index(after: equals)...]
      try #require(value.popFirst() == "\"")
      let end = try #require(value.firstIndex(of: "\""))
      #expect(element.attributes[String(key)] == nil)
      element.attributes[String(key)] = unescaped(value[..<end])
      rest = value[value.index(after: end)...]
    }
    return element
  }

  private static func unescaped(_ text: Substring) -> String {
    let pairs = [
      ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#9;", "\t"), ("&#10;", "\n"), ("&#13;", "\r"), ("&amp;", "&"),
    ]
    var result = ""
    var rest = text
    while let next = rest.unicodeScalars.first {
      if let pair = pairs.first(where: { rest.hasPrefix($0.0) }) {
        result += pair.1
        rest = rest.dropFirst(pair.0.count)
      } else {
        result.unicodeScalars.append(next)
        rest = Substring(rest.unicodeScalars.dropFirst())
      }
    }
    return result
  }
}
