// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing
import TestSupport

/// Inputs made to break a parser: nothing may trap or hang, whatever the bytes.
@Suite struct SafetensorsRobustnessTests {
  private static let valid: [UInt8] = image(
    "{\"__metadata__\":{\"n\\u00e9\":\"\\ud83d\\ude00\"},\(entry("a.weight", "F32", "[2,1]", "[0,8]")),"
      + "\(entry("b", "F16", "[3]", "[8,14]")),\(entry("e", "BF16", "[0,7]", "[14,14]")),"
      + "\(entry("step", "I64", "[]", "[14,22]"))}  ",
    (0..<22).map { UInt8($0) })

  @Test func everyPrefixIsRefused() throws {
    #expect(try open(Self.valid).keys == ["a.weight", "b", "e", "step"])
    for length in 0..<Self.valid.count {
      #expect(throws: WeightError.self, "of \(length) bytes") { try open(Array(Self.valid.prefix(length))) }
    }
  }

  /// A file that was accepted in spite of the damage must still be readable throughout.
  private func exercise(_ bytes: [UInt8]) {
    guard let file = try? open(bytes) else { return }
    for key in file.keys {
      let count = try? file.withBytes(of: key) { $0.reduce(0) { $0 &+ Int($1) } }
      #expect(count != nil)
      if let floats = try? file.floats(of: key) { #expect(floats.count == file[key]?.elementCount) }
      _ = try? file.firstNonFinite(of: key)
    }
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func flippedBytes(_ seed: UInt64) {
    var generator = SplitMix64(state: seed)
    for _ in 0..<1500 {
      var bytes = Self.valid
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      exercise(bytes)
    }
  }

  /// Replaces stretches by characters that mean something to the parser, which random bytes seldom do.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func shuffledGrammar(_ seed: UInt64) {
    let pieces = [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "-", "9", "0", "99999999999999999999", " ", "e",
    ]
    .map { Array($0.utf8) }
    var generator = SplitMix64(state: seed &+ 100)
    for _ in 0..<1000 {
      var header = Array(Self.valid[8...].dropLast(22))
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let start = Int.random(in: 0..<header.count, using: &generator)
        let end = min(header.count, start + Int.random(in: 0...3, using: &generator))
        header.replaceSubrange(start..<end, with: pieces.randomElement(using: &generator) ?? [])
      }
      exercise(image(header, Array(Self.valid.suffix(22))))
    }
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":["])
  func deepNesting(_ opening: String) {
    let text = refusal(image("{\"a\":{\"x\":" + String(repeating: opening, count: 200_000)))
    #expect(text.contains("nested deeper than 32 levels"))
  }

  @Test func extraFieldsArePassedOver() throws {
    let extra = "\"x\":{\"a\":[1,-2.5e+3,true,false,null,\"s\",{}],\"b\":[]},"
    let header = "{\"w\":{\(extra)\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}"
    #expect(try open(image(header, littleEndian([3 as Float]))).floats(of: "w") == [3])
  }

  @Test func numbersWithoutEnd() {
    let digits = String(repeating: "9", count: 300_000)
    let text = refusal(image("{\(entry("a", "F32", "[\(digits)]"))}"))
    #expect(text.contains("oversized dimension") && text.utf8.count < 400)
    #expect(refusal(image("{\(entry("a", "F32", "[-\(digits)]"))}")).contains("[-999"))
    #expect(refusal(image("{\"a\":{\"x\":\(digits)}}")).contains("has no \"dtype\""))
  }

  @Test func manyDimensions() throws {
    let ones = "[" + Array(repeating: "1", count: 50_000).joined(separator: ",") + "]"
    #expect(try open(image("{\(entry("a", "F32", ones))}", [0, 0, 0, 0]))["a"]?.shape.count == 50_000)
  }

  @Test func manyTensorsAreCheckedInReasonableTime() throws {
    let members = (0..<4000).map { entry("t.\($0)", "F32", "[0]", "[0,0]") }
    #expect(try open(image("{\(members.joined(separator: ","))}")).keys.count == 4000)
  }
}
