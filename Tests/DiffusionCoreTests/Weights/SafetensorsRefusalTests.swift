// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Testing

/// Every way in which a file can be wrong, and what the user reads about it.
@Suite struct SafetensorsRefusalTests {
  @Test func pathsThatAreNoFiles() throws {
    try withTemporaryFolder { folder in
      let text = { (path: String) throws -> String in
        do throws(WeightError) {
          _ = try SafetensorsFile(path: path)
          return "accepted"
        } catch { return error.description }
      }
      #expect(try text(folder + "/none") == "\(folder)/none: there is no such file. Check the path.")
      #expect(try text(folder).contains("this is a directory. Give the path of a .safetensors file"))
      #expect(try text("/dev/null").contains("it is not a regular file"))
      #expect(try text("").contains("there is no such file"))

      #expect(FileManager.default.createFile(atPath: folder + "/empty", contents: Data()))
      #expect(try text(folder + "/empty").contains("the file is empty. Fetch or export it again."))
      #expect(try text(folder + "/empty/below").contains("there is no such file"))

      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      #expect(try text(folder + "/pipe").contains("it is not a regular file"))

      #expect(FileManager.default.createFile(atPath: folder + "/secret", contents: Data([0])))
      #expect(chmod(folder + "/secret", 0) == 0)
      // The superuser reads everything; then the file is merely too short.
      let secret = try text(folder + "/secret")
      #expect(secret.contains("cannot be read: no permission") || secret.contains("has 1 bytes, fewer than the 8"))
    }
  }

  @Test func headerLengths() {
    #expect(refusal([]).contains("the file is empty"))
    #expect(refusal([1, 2, 3]).contains("the file has 3 bytes, fewer than the 8 of a safetensors header"))
    #expect(refusal([UInt8](repeating: 0, count: 16)).contains("the header's length is zero"))
    #expect(
      refusal([9, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D]).contains("given as 9 bytes, and only 2 follow: 7 are missing"))
    let huge = [UInt8](repeating: 0xFF, count: 8)
    #expect(refusal(huge).contains("given as 18446744073709551615 bytes, and at most 100000000 are allowed"))
    #expect(refusal([1, 0xE1, 0xF5, 5, 0, 0, 0, 0]).contains("given as 100000001 bytes, and at most"))
    #expect(refusal([0, 0xE1, 0xF5, 5, 0, 0, 0, 0]).contains("given as 100000000 bytes, and only 0 follow"))
  }

  @Test func invalidUTF8() {
    #expect(refusal(image([0x7B, 0x22, 0xC3, 0x28, 0x22])).contains("the header is not UTF-8 at byte 2"))
    #expect(refusal(image([0x7B, 0xED, 0xA0, 0x80])).contains("the header is not UTF-8 at byte 1"))
    #expect(refusal(image([0xFF])).contains("not UTF-8 at byte 0"))
  }

  @Test(arguments: [
    (" {}", 0, "the header does not begin with \"{\""),
    ("[]", 0, "the header does not begin with \"{\""),
    ("{", 1, "expected \"\"\" to begin a string, found the end of the header"),
    ("{}x", 2, "something follows the header's object"),
    ("{}{}", 2, "something follows"),
    ("{,}", 1, "expected \"\"\" to begin a string"),
    ("{\"a\"}", 4, "expected \":\" after a key"),
    ("{\"a\":1}", 5, "expected \"{\" to begin an object"),
    ("{\"a\":{},}", 7, ""),
    ("{\"a", 3, "a string without an end"),
    ("{\"a\\", 4, "a string without an end"),
    ("{\"a\n\":1}", 3, "a control character in a string"),
    ("{\"\\x\":1}", 2, "an unknown escape"),
    ("{\"\\u12G4\":1}", 6, "four hexadecimal digits"),
    ("{\"\\u12", 6, "four hexadecimal digits"),
    ("{\"\\ud800\":1}", 2, "a lone surrogate"),
    ("{\"\\udc00\":1}", 2, "a lone surrogate"),
    ("{\"\\ud800\\u0041\":1}", 2, "a lone surrogate"),
    ("{\"\\ud800\\n\":1}", 2, "a lone surrogate"),
    ("{\"__metadata__\":{\"a\":1}}", 21, "expected \"\"\" to begin a string"),
    ("{\"__metadata__\":null}", 16, "expected \"{\" to begin an object"),
    ("{\"a\":{\"shape\":[1,]}}", 17, "expected an integer"),
    ("{\"a\":{\"shape\":[1 2]}}", 17, "expected \"]\" or a comma after an integer"),
    ("{\"a\":{\"shape\":[01]}}", 15, "a leading zero"),
    ("{\"a\":{\"shape\":[1.0]}}", 15, "a fraction or an exponent"),
    ("{\"a\":{\"shape\":[1e3]}}", 15, "a fraction or an exponent"),
    ("{\"a\":{\"shape\":[+1]}}", 15, "expected an integer"),
    ("{\"a\":{\"shape\":[- 1]}}", 16, "expected an integer"),
    ("{\"a\":{\"shape\":[\"1\"]}}", 15, "expected an integer"),
    ("{\"a\":{\"shape\":3}}", 14, "expected \"[\" to begin a list"),
    ("{\"a\":{\"dtype\":3}}", 14, "expected \"\"\" to begin a string"),
    ("{\"a\":{\"x\":tru}}", 10, "expected true"),
    ("{\"a\":{\"x\":-}}", 10, "expected a value"),
    ("{\"a\":{\"x\":00}}", 10, "expected a value"),
    ("{\"a\":{\"x\":1.}}", 10, "a number that ends in its point"),
    ("{\"a\":{\"x\":1e}}", 10, "without digits in its exponent"),
    ("{\"a\":{\"x\":[1}}", 12, "expected \"]\""),
  ])
  func malformedJSON(_ header: String, _ offset: Int, _ reason: String) {
    let text = refusal(image(header))
    if reason.isEmpty {
      // The entry itself is incomplete, which is noticed before the comma behind it.
      #expect(text.contains("the entry of \"a\" has no \"dtype\""))
    } else {
      #expect(text.contains("the header is not valid at byte \(offset): ") && text.contains(reason), "\(text)")
    }
  }

  @Test func duplicateKeys() {
    let twice = "{\(entry("a")),\(entry("a", "F32", "[1]", "[4,8]"))}"
    let second = "{\(entry("a")),".utf8.count
    #expect(
      refusal(image(twice, [UInt8](repeating: 0, count: 8)))
        .contains("m.safetensors: the header names \"a\" a second time at byte \(second)"))
    let escaped = "{\(entry("a")),\(entry("\\u0061", "F32", "[1]", "[4,8]"))}"
    #expect(refusal(image(escaped, [UInt8](repeating: 0, count: 8))).contains("names \"a\" a second time"))
    #expect(refusal(image("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F16\"}}")).contains("names \"a.dtype\" a second time"))
    #expect(
      refusal(image("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}")).contains("names \"__metadata__.k\" a second time"))
    #expect(
      refusal(image("{\"__metadata__\":{},\"__metadata__\":{}}")).contains("names \"__metadata__\" a second time"))
  }

  @Test(arguments: [
    (entry("a", "F33"), "\"a\" has the unknown element type \"F33\". Convert it to F32, F16 or BF16."),
    (entry("a", "f32"), "\"a\" has the unknown element type \"f32\""),
    (entry("a", "F32", "[2,-1]"), "\"a\" has the shape [2, -1], with a negative or an oversized dimension"),
    (entry("a", "F32", "[9223372036854775808]"), "\"a\" has the shape [9223372036854775808]"),
    (entry("a", "F32", "[99999999999999999999999999]"), "\"a\" has the shape [99999999999999999999999999]"),
    (entry("a", "F32", "[9223372036854775807]"), "whose size is no whole number of bytes that fits in memory"),
    (entry("a", "F32", "[4294967296,4294967296]"), "has the shape [4294967296, 4294967296] of F32, whose size"),
    (entry("a", "F32", "[4294967296,4294967296,0]"), "[4294967296, 4294967296, 0] of F32, whose size"),
    (entry("a", "F4", "[3]", "[0,1]"), "has the shape [3] of F4, whose size is no whole number of bytes"),
    (entry("a", "F32", "[1]", "[4,0]"), "\"a\" has the data offsets [4, 0], and they must be two integers"),
    (entry("a", "F32", "[1]", "[0]"), "\"a\" has the data offsets [0], and"),
    (entry("a", "F32", "[1]", "[0,4,8]"), "\"a\" has the data offsets [0, 4, 8], and"),
    (entry("a", "F32", "[1]", "[-4,0]"), "\"a\" has the data offsets [-4, 0], and"),
    (entry("a", "F32", "[1]", "[0,18446744073709551616]"), "the data offsets [0, 18446744073709551616], and"),
    (entry("a", "F32", "[2]"), "\"a\" occupies 4 bytes, and its shape [2] of F32 takes 8"),
    (entry("a", "F16", "[1]"), "\"a\" occupies 4 bytes, and its shape [1] of F16 takes 2"),
    (entry("a", "F32", "[0]"), "\"a\" occupies 4 bytes, and its shape [0] of F32 takes 0"),
    (entry("a", "F32", "[]", "[0,0]"), "\"a\" occupies 0 bytes, and its shape [] of F32 takes 4"),
    (entry("a", "F32", "[1]", "[4,8]"), "the 4 bytes before \"a\", from 0 to 4, belong to no tensor"),
    ("\"a\":{\"shape\":[],\"data_offsets\":[0,4]}", "the entry of \"a\" has no \"dtype\""),
    ("\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}", "the entry of \"a\" has no \"shape\""),
    ("\"a\":{\"dtype\":\"F32\",\"shape\":[]}", "the entry of \"a\" has no \"data_offsets\""),
    ("\(entry("a")),\(entry("b"))", "\"b\" begins at byte 0, before \"a\" ends at 4"),
    (
      "\(entry("a", "F32", "[2]", "[0,8]")),\(entry("b", "F32", "[1]", "[6,10]"))",
      "\"b\" begins at byte 6, before \"a\" ends at 8"
    ),
    (
      "\(entry("b", "F32", "[1]", "[6,10]")),\(entry("a"))",
      "the 2 bytes before \"b\", from 4 to 6, belong to no tensor"
    ),
    (
      "\(entry("a")),\(entry("e", "F32", "[0]", "[2,2]"))", "\"e\" begins at byte 2, before \"a\" ends at 4"
    ),
    (
      "\(entry("a")),\(entry("b", "F32", "[3]", "[4,16]")),\(entry("c", "F32", "[1]", "[16,20]"))",
      "the file is cut short: 8 of 20 bytes of data are missing, from within \"b\" on. Fetch or export it again."
    ),
    (
      entry("a", "F32", "[1073741824]", "[0,4294967296]"),
      "4294967284 of 4294967296 bytes of data are missing, from within \"a\""
    ),
    (entry("a"), "8 bytes follow the last tensor, after 4 bytes of data. The file is garbled."),
    ("", "12 bytes follow the last tensor, after 0 bytes of data"),
  ])
  func inconsistentTensors(_ members: String, _ expected: String) {
    let text = refusal(image("{\(members)}", [UInt8](repeating: 0, count: 12)))
    #expect(text.hasPrefix("m.safetensors: ") && text.contains(expected), "\(text)")
  }

  @Test func errorTextsAreSafeToPrint() {
    let key = String(repeating: "k", count: 5000) + "\\u001b[31m"
    let long = refusal(image("{\(entry(key, "F33"))}"))
    #expect(long.utf8.count < 1000 && long.contains("k...\""))
    let escape = refusal(image("{\(entry("\\u001b[31m\\u0000", "F33"))}"))
    #expect(!escape.unicodeScalars.contains("\u{1B}") && escape.contains("\\u{1B}[31m\\0"), "\(escape)")
  }
}
