// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// Configurations and settings that something has happened to are refused or good, and never end the program.
struct MutatedConfigurationTests {
  private static let numbers = [
    "0", "-1", "1e308", "-1e308", "1e999", "0.5", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "18446744073709551615", "4294967296", "1e-320", "null", "true", "\"x\"", "[]", "{}", "[1,2,4,4,8,8,8,8,8,8,8,8]",
  ]

  /// Keys in an order that does not change from run to run, so that neither do the texts.
  private func encoded(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return [UInt8](try encoder.encode(value))
  }

  /// A text with one to four things done to it: numbers and words replaced, bytes changed, pieces cut out or repeated.
  private func mutated(_ text: [UInt8], _ generator: inout SplitMix64) -> [UInt8] {
    var text = text
    for _ in 0..<Int.random(in: 1...4, using: &generator) where text.count > 8 {
      let place = Int.random(in: 0..<text.count, using: &generator)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0...2:
        // The value that follows the next colon.
        guard let colon = text[place...].firstIndex(of: UInt8(ascii: ":")),
          let end = text[colon...].firstIndex(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") })
        else { continue }
        text.replaceSubrange(
          colon + 1..<end, with: Array((Self.numbers.randomElement(using: &generator) ?? "0").utf8))
      case 3: text[place] = UInt8.random(in: 0...255, using: &generator)
      case 4: text.removeSubrange(place..<min(text.count, place + Int.random(in: 1...40, using: &generator)))
      default: text.insert(contentsOf: text[place..<min(text.count, place + 20)], at: place)
      }
    }
    return text
  }

  /// Of two values one would be taken without a word.
  @Test func aFieldThatStandsTwiceIsNamed() throws {
    func key(_ text: String) -> String? { JSONFault.repeatedKey(of: Data(text.utf8)) }
    #expect(key(#"{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}], "d": "a", "e": "a"}"#) == nil)
    #expect(key(#"{"a": 1, "b": 2, "a" : 3}"#) == "a")
    #expect(key(#"{"b": [1, {"x\"y": 1, "x\"y": {}}]}"#) == #"x\"y"#)
    #expect(key("") == nil && key("\"a") == nil && key("}]}") == nil && key("\"\\") == nil)
    let text = String(decoding: try encoded(try Model.embedded().configuration), as: UTF8.self)
    _ = try Model.decodeConfiguration(Data(text.utf8), path: "config.json")
    let doubled = "{\"prediction\":\"eps\"," + text.dropFirst()
    #expect {
      _ = try Model.decodeConfiguration(Data(doubled.utf8), path: "config.json")
    } throws: {
      "\($0)".contains("the field “prediction” stands there twice")
    }
  }

  @Test func modelConfigurations() throws {
    var generator = SplitMix64(state: 14)
    var accepted = 0
    for base in [ModelConfiguration.v1_5, try Model.embedded().configuration] {
      let text = try encoded(base)
      for _ in 0..<1500 {
        guard let found = try? JSONDecoder().decode(ModelConfiguration.self, from: Data(mutated(text, &generator))),
          (try? found.validate()) != nil
        else { continue }
        accepted += 1
        #expect(found.latentFactor > 0 && found.sizeMultiple >= found.latentFactor)
        #expect((try? NoiseSchedule(found.schedule))?.count ?? 1 > 0)
      }
    }
    // Much that happens to a text leaves a good one; else nothing was tried behind the door.
    #expect(accepted > 50)
  }

  @Test func settings() throws {
    var generator = SplitMix64(state: 41)
    var settings = ColorizeSettings()
    settings.injection = AttentionInjection()
    settings.maskShaping = MaskShaping(threshold: 0.5, grow: 3, feather: 2)
    settings.referenceStrength = .levels([.low: 0.5], others: 1)
    let text = try encoded(settings)
    var accepted = 0
    for _ in 0..<1500 {
      guard let found = try? JSONDecoder().decode(ColorizeSettings.self, from: Data(mutated(text, &generator))) else {
        continue
      }
      accepted += 1
      #expect(throws: Never.self) { try found.validate() }
    }
    #expect(accepted > 50)
  }
}
