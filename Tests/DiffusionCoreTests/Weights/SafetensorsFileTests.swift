// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Synchronization
import Testing

/// Files that are right: what is in them comes out, bit by bit.
@Suite struct SafetensorsFileTests {
  private struct Expected: Decodable {
    var shape: [Int]
    var bits: [UInt32]
  }

  @Test func agreesWithTheReferenceImplementation() throws {
    let folder = try #require(Bundle.module.url(forResource: "Golden/safetensors", withExtension: nil))
    let file = try SafetensorsFile(path: folder.path + "/python.safetensors")
    #expect(file.metadata == ["format": "np", "note": "line\nbreak \"quoted\" 日本"])
    let json = try Data(contentsOf: folder.appendingPathComponent("python.json"))
    let expected = try JSONDecoder().decode([String: Expected].self, from: json)
    #expect(expected.count == 6)
    for (key, tensor) in expected {
      #expect(file[key]?.shape == tensor.shape, "\(key)")
      #expect(try file.floats(of: key).map(\.bitPattern) == tensor.bits, "\(key)")
    }
    #expect(file.keys.count == 9 && file["counter"]?.dtype == .i64 && file["flags"]?.dtype == .bool)
    #expect(try file.withBytes(of: "counter") { Array($0) }.filter { $0 != 0 } == [1, 2, 3])
    #expect(file["empty"]?.shape == [0, 4])
    #expect(file["scalar"]?.shape == [] && file["scalar"]?.elementCount == 1)
  }

  @Test func unreadableTypesAreListedAndNotRead() throws {
    let file = try open(
      image(
        "{\(entry("s", "F64", "[1]", "[0,8]")),\(entry("w", "F32", "[]", "[8,12]"))}",
        [UInt8](repeating: 0, count: 12)))
    #expect(file.keys == ["s", "w"] && file["s"]?.dtype.dtype == nil)
    let expected = "\"s\" has elements of type F64, which cannot be read as weights. Convert it to F32, F16 or BF16."
    do throws(WeightError) { _ = try file.floats(of: "s") } catch { #expect(error.description.contains(expected)) }
    #expect(throws: WeightError.self) { try file.firstNonFinite(of: "s") }
    do throws(WeightError) { _ = try file.floats(of: "v") } catch {
      #expect(error.description.hasPrefix("m.safetensors: there is no tensor \"v\"."))
    }
  }

  @Test func everyKnownTypeOpens() throws {
    for dtype in SafetensorsDType.allCases {
      let file = try open(
        image(
          "{\(entry("a", dtype.rawValue, "[8]", "[0,\(dtype.bitWidth)]"))}",
          [UInt8](repeating: 0, count: dtype.bitWidth)))
      #expect(file["a"]?.dtype == dtype)
    }
  }

  @Test(arguments: 0..<8)
  func unalignedData(_ offset: Int) throws {
    let values: [Float] = [1, -2.5, .pi]
    let data =
      [0] + littleEndian(values) + littleEndian([0x3C00, 0x7BFF] as [UInt16])
      + littleEndian([0x3F80, 0xC049] as [UInt16])
    let header =
      "{\(entry("x", "U8", "[1]", "[0,1]")),\(entry("w", "F32", "[3]", "[1,13]")),"
      + "\(entry("h", "F16", "[2]", "[13,17]")),\(entry("b", "BF16", "[2]", "[17,21]"))}"
    let file = try open(image(header, data), offset: offset)
    #expect(try file.floats(of: "w") == values)
    #expect(try file.floats(of: "h") == [1, 65504])
    #expect(try file.floats(of: "b") == [1, -3.140625])
    #expect(try file.firstNonFinite(of: "w") == nil)
    let aligned = try file.bytes(of: "w").isAligned(to: 4)
    #expect(aligned == ((8 + header.utf8.count + 1 + offset) % 4 == 0))
  }

  @Test func everyHalfConvertsExactly() throws {
    let bits = (0...UInt16.max).map { $0 }
    let file = try open(image("{\(entry("h", "F16", "[65536]", "[0,131072]"))}", littleEndian(bits)))
    let floats = try file.floats(of: "h")
    for (half, float) in zip(bits, floats) {
      let expected = Float(Float16(bitPattern: half))
      #expect(expected.isNaN ? float.isNaN : float.bitPattern == expected.bitPattern, "\(half)")
    }
    #expect(try file.firstNonFinite(of: "h") == 0x7C00)
  }

  @Test(arguments: ["F32", "F16", "BF16"])
  func firstNonFinite(_ dtype: String) throws {
    // Around the block size of the scan, and at both ends.
    let count = 9001
    let width = dtype == "F32" ? 4 : 2
    let top: UInt8 = dtype == "F16" ? 0x7C : 0x7F
    for index in [0, 1, 4095, 4096, 8191, 8192, 9000] {
      for sign: UInt8 in [0, 0x80] {
        // The largest finite values surround it and must not be taken for infinities.
        let finite =
          Array([UInt8](repeating: 0xFF, count: 4).suffix(width - 2)) + (dtype == "F16" ? [0xFF, 0xFB] : [0x7F, 0xFF])
        var data = Array(repeatElement(finite, count: count).joined())
        let infinity =
          [UInt8](repeating: 0, count: width - 2) + (dtype == "F16" ? [0, top | sign] : [0x80, top | sign])
        data.replaceSubrange(index * width..<(index + 1) * width, with: infinity)
        let file = try open(image("{\(entry("a", dtype, "[\(count)]", "[0,\(data.count)]"))}", data))
        #expect(try file.firstNonFinite(of: "a") == index)
      }
    }
  }

  @Test func tensorsInAnyOrderAndEmptyOnesBetween() throws {
    let header =
      "{\(entry("b", "F32", "[1]", "[4,8]")),\(entry("e1", "F32", "[0]", "[4,4]")),\(entry("a")),"
      + "\(entry("e2", "F16", "[3,0]", "[8,8]")),\(entry("e0", "F32", "[0]", "[0,0]"))}\n \t\r"
    let file = try open(image(header, littleEndian([1, 2] as [Float])))
    #expect(file.keys == ["a", "b", "e0", "e1", "e2"])
    #expect(try file.floats(of: "b") == [2])
    #expect(try file.floats(of: "e2").isEmpty && file.firstNonFinite(of: "e1") == nil)
    #expect(try open(image("{}")).keys.isEmpty)
  }

  @Test func bytesKeepTheirOwnerAlive() throws {
    let ended = Flag()
    func bytes() throws -> MappedBytes {
      let owned = OwnedBytes(image("{\(entry("a"))}", littleEndian([4 as Float]))) { ended.set() }
      return try SafetensorsFile(bytes: owned.bytes, name: "embedded", owner: owned).bytes(of: "a")
    }
    var kept: MappedBytes? = try bytes()
    #expect(kept?.withUnsafeBytes { $0.loadUnaligned(as: Float.self) } == 4)
    #expect(!ended.isSet)
    kept = nil
    #expect(ended.isSet)
  }

  private final class Flag: Sendable {
    private let state = Mutex(false)
    var isSet: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
  }
}
