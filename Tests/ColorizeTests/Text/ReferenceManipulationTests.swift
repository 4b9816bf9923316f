// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import TestSupport
import Testing

/// Steps as people write them, and as settings keep them.
@Suite("reference manipulation") struct ReferenceManipulationTests {
  typealias Step = ReferenceManipulation.Step

  @Test("The tool's form") func parsing() throws {
    #expect(
      try Step(
        parsing: "target=blue hair; anchor=blonde hair; control=hair; scale=3.5; enhance; thresholds=0.1,0.2,0.3,0.4")
        == Step(
          target: "blue hair", anchor: "blonde hair", control: "hair", scale: 3.5, enhances: true,
          thresholds: [0.1, 0.2, 0.3, 0.4]))
    // What is not said: the control is the anchor, else the target.
    #expect(try Step(parsing: " Target = blue hair ") == Step(target: "blue hair", control: "blue hair"))
    #expect(try Step(parsing: "target=a; anchor=b;") == Step(target: "a", anchor: "b", control: "b"))
    #expect(try Step(parsing: "target=a; anchor=none; control=everything") == Step(target: "a"))
    #expect(try Step(parsing: "target=a=b").target == "a=b")
    #expect(try Step(parsing: "target=a; enhance=no").enhances == false)
    let steps = try ReferenceManipulation(parsing: "target=a\n\n target=b; scale=0 \n").steps
    #expect(steps.map(\.target) == ["a", "b"] && steps[1].scale == 0)
  }

  @Test(
    "What is no step is told",
    arguments: [
      ("", "target="), ("anchor=b", "target="), ("target=", "target="), ("target=  ", "target="),
      ("target=a; scale=x", "a number"), ("target=a; scale=nan", "a number"), ("target=a; scale=16", "0 to 15"),
      ("target=a; scale=-1", "0 to 15"), ("target=a; thresholds=0.1,0.2", "four numbers"),
      ("target=a; thresholds=0.5,0.4,0.6,0.7", "none below the one before"), ("target=a; thresholds=", "four numbers"),
      ("target=a; thresholds=0.5,0.6,0.7,1.7", "four numbers"), ("target=a; ts0=0.9", "none below"),
      ("target=a; target=b", "once"), ("target=a; enhance=maybe", "yes or no"),
      ("target=a; colour=b", "target=, anchor="),
      ("[target] a; [ts9] 0.5", "target=, anchor="), ("[target", "target=, anchor="), (";;;", "target="),
    ]) func faults(text: String, words: String)
  {
    let error = #expect(throws: ColorizeError.self) { try Step(parsing: text) }
    #expect(error?.description.contains(words) == true, "\(text): \(error?.description ?? "")")
    guard case .invalidOption(.manipulation, _, _) = error else {
      Issue.record("\(text): another error")
      return
    }
  }

  /// As the published program reads its prompt box, but for [enhanced], which it takes for true whatever it says, and the
  /// control none, which it takes for a word.
  @Test("The published program's form", arguments: GoldenSet.all) func published(set: GoldenSet) throws {
    for parsed in try TextRecordings(set).cases.parse {
      let steps = try ReferenceManipulation(parsing: parsed.text).steps
      // Its input fields are a last step that the text does not hold.
      let count = parsed.targets.count - (parsed.fields == nil ? 0 : 1)
      #expect(steps.map(\.target) == Array(parsed.targets.prefix(count)))
      #expect(steps.map { $0.anchor ?? "none" } == Array(parsed.anchors.prefix(count)))
      #expect(steps.map(\.scale) == Array(parsed.target_scales.prefix(count)))
      #expect(steps.map(\.thresholds) == Array(parsed.thresholds_list.prefix(count)))
      for (step, control) in zip(steps, parsed.controls) {
        #expect(step.control == (control == "none" ? step.anchor ?? step.target : control))
      }
    }
    let text = "[target] a; [enhanced] False\n[target] a; [enhanced] True"
    #expect(try ReferenceManipulation(parsing: text).steps.map(\.enhances) == [false, true])
  }

  @Test("Settings keep it") func coding() throws {
    var settings = ColorizeSettings()
    func again() throws -> ColorizeSettings {
      try JSONDecoder().decode(ColorizeSettings.self, from: JSONEncoder().encode(settings))
    }
    // Settings without one are written as before.
    #expect(!String(decoding: try JSONEncoder().encode(settings), as: UTF8.self).contains("manipulation"))
    #expect(try again().manipulation == nil)
    settings.manipulation = ReferenceManipulation(
      [Step(target: "a", anchor: "", control: nil, scale: 2, enhances: true), Step(target: "b", control: "c")],
      runsLastTextBlock: true)
    #expect(try again() == settings)
    func decode(_ json: String) throws -> ColorizeSettings {
      try JSONDecoder().decode(ColorizeSettings.self, from: Data(json.utf8))
    }
    #expect(
      try decode("{\"manipulation\":{\"steps\":[{\"target\":\"a\"}]}}").manipulation
        == ReferenceManipulation([Step(target: "a")]))
    let fault = #expect(throws: DecodingError.self) {
      try decode("{\"manipulation\":{\"steps\":[{\"target\":\"a\",\"thresholds\":[1]}]}}")
    }
    #expect("\(fault.map { "\($0)" } ?? "")".contains("four numbers"))
    #expect(throws: DecodingError.self) { try decode("{\"manipulation\":{\"steps\":[{\"target\":\" \"}]}}") }
    settings.manipulation = ReferenceManipulation([Step](repeating: Step(target: "a"), count: 33))
    #expect(throws: ColorizeError.self) { try settings.validate() }
    settings.manipulation = ReferenceManipulation([Step(target: String(repeating: "a", count: 1 << 17))])
    #expect(throws: ColorizeError.self) { try settings.validate() }
  }
}
