// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

@Suite struct JSONFaultTests {
  @Test(arguments: [
    ("{\"a\": 1,\n  \"b\" 2}", "line 2, column 7"), ("{\"a\": 01}", "leading zero in line 1"),
    ("{\"ä\": 1,\n\n \"b\": x}", "line 3, column 7"), ("{\"a\": 1", "it ends before its last bracket"),
    ("", "it ends before its last bracket"),
  ]) func placesAreNamed(text: String, words: String) throws {
    let found = try #require(JSONFault.description(of: Data(text.utf8)))
    #expect(found.contains(words), "\(found)")
  }

  @Test(arguments: [
    (#""norm_groups":1"#, #""norm_groups":"1""#, "norm_groups: a whole number is expected, and a text stands there"),
    (#""unet":{"#, #""unet":3,"u":{"#, "unet: an object is expected, and a number stands there"),
    (#""scale_factor":"#, #""scale_factor":[],"x":"#, "scale_factor: a number is expected, and a list stands there"),
    (#""norm_groups":1"#, #""norm_groups":1e999"#, "1e999 is too large"),
    (#""unet":{"#, #""u":{"#, "the configuration of another program"),
  ]) func typesAreNamedInPlainWords(part: String, other: String, words: String) throws {
    let text = String(decoding: try JSONEncoder().encode(try Model.embedded().configuration), as: UTF8.self)
    let changed = text.replacingOccurrences(of: part, with: other)
    try #require(changed != text)
    let error = #expect(throws: ColorizeError.self) {
      try Model.decodeConfiguration(Data(changed.utf8), path: "config.json")
    }
    #expect(try #require(error).description.contains(words), "\(String(describing: error))")
  }

  @Test(arguments: ["{}", "[1, {\"a\": null}]", "\"text\"", "3"]) func jsonHasNone(text: String) {
    #expect(JSONFault.description(of: Data(text.utf8)) == nil)
  }

  @Test func aConfigurationSaysWhere() throws {
    let error = #expect(throws: ColorizeError.self) {
      try Model.decodeConfiguration(Data("{\n \"unet\" {}\n}".utf8), path: "config.json")
    }
    let words = try #require(error).description
    #expect(words.contains("config.json") && words.contains("not valid JSON") && words.contains("line 2"), "\(words)")
  }
}
