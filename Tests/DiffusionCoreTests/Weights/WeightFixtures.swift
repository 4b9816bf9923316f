// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import TestSupport
import Testing

/// Files in memory: kept alive by an owner whose end can be observed.
final class OwnedBytes: @unchecked Sendable {
  let buffer: UnsafeMutableRawBufferPointer
  private let atEnd: (() -> Void)?

  /// A copy that begins `offset` bytes after a page-aligned address.
  init(_ bytes: [UInt8], offset: Int = 0, atEnd: (() -> Void)? = nil) {
    buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + offset, alignment: 64)
    for (index, byte) in bytes.enumerated() { buffer[offset + index] = byte }
    self.offset = offset
    self.atEnd = atEnd
  }

  private let offset: Int

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[offset...]) }

  deinit {
    buffer.deallocate()
    atEnd?()
  }
}

func open(_ bytes: [UInt8], offset: Int = 0, name: String = "m.safetensors") throws(WeightError) -> SafetensorsFile {
  let owned = OwnedBytes(bytes, offset: offset)
  return try SafetensorsFile(bytes: owned.bytes, name: name, owner: owned)
}

/// A file of the given header text, padded or not, and data.
func image(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
  image(Array(header.utf8), data)
}

func image(_ header: [UInt8], _ data: [UInt8] = []) -> [UInt8] {
  withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data
}

/// One header entry.
func entry(_ key: String, _ dtype: String = "F32", _ shape: String = "[1]", _ offsets: String = "[0,4]") -> String {
  "\"\(key)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}

func littleEndian(_ values: [Float]) -> [UInt8] {
  values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
}

func littleEndian(_ values: [UInt16]) -> [UInt8] {
  values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

/// A file of `F32` tensors with the given keys and shapes, filled with 0, 1, 2 ...
func checkpoint(_ shapes: KeyValuePairs<String, [Int]>, name: String = "m.safetensors") throws -> SafetensorsFile {
  var members: [String] = []
  var data: [UInt8] = []
  for (key, shape) in shapes {
    let values = (0..<shape.reduce(1, *)).map(Float.init)
    let begin = data.count
    data += littleEndian(values)
    members.append(entry(key, "F32", "\(shape)", "[\(begin),\(data.count)]"))
  }
  return try open(image("{\(members.joined(separator: ","))}", data), name: name)
}

/// The error that opening the bytes throws, as text; a recorded issue if there is none.
func refusal(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) -> String {
  do throws(WeightError) {
    _ = try open(bytes)
    Issue.record("the file was accepted", sourceLocation: sourceLocation)
    return ""
  } catch { return error.description }
}

/// A new folder that the test removes.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  let folder = try TemporaryFolder()
  try body(folder.path)
  withExtendedLifetime(folder) {}
}
