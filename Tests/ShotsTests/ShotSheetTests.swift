// SPDX-License-Identifier: Apache-2.0

import Colorize
import Shots
import Testing

/// What single frames have that others have not.
struct ShotSheetTests {
  private func frame(_ number: Int) -> ShotFrame {
    ShotFrame(
      number: number, label: "000\(number)", sketch: "cut/a000\(number).png", reference: "sheet.png",
      settings: ColorizeSettings(), output: "out/\(number).png")
  }

  private func applied(_ text: String, _ file: String, to number: Int) throws -> ShotFrame {
    var frame = frame(number)
    try ShotSheet(text: text, file: file).apply(to: &frame)
    return frame
  }

  @Test func jsonAndCSVSayTheSame() throws {
    let json = """
      [{"frame": "1-4", "seed": 18446744073709551615, "guidance": {"reference": 2.5}},
       {"frame": 3, "reference": "night, late.png", "sketchMask": "/m.png", "hints": "h.png", "fill": "painting", "size": 640}]
      """
    let csv = """
      frame,seed,guidance.reference,reference,sketchMask,hints,fill,size\r
      1-4,18446744073709551615,2.5,,,,,\r
      \r
      3,,,"night, late.png",/m.png,h.png,painting,640\r

      """
    for (text, file) in [(json, "sheets/s.json"), (csv, "sheets/s.csv"), (csv, "sheets/S.CSV")] {
      let third = try applied(text, file, to: 3)
      #expect(third.settings.seed == .max && third.settings.guidance.reference == 2.5 && third.settings.size == 640)
      #expect(third.settings.fill == .painting)
      #expect(third.reference == "sheets/night, late.png" && third.sketchMask == "/m.png")
      #expect(third.hints == "sheets/h.png")
      let first = try applied(text, file, to: 1)
      #expect(first.settings.seed == .max && first.reference == "sheet.png" && first.settings.size == nil)
      #expect(try applied(text, file, to: 5) == frame(5))
    }
  }

  /// Further references of single frames, by their numbers.
  @Test func furtherReferencesAreSet() throws {
    let json = #"""
      [{"frame": 1, "reference2": "set.png", "reference2Region": "area.png", "referenceRegion": "/r.png"},
       {"frame": 2, "reference3": "hat.png", "reference3Mask": "hat-mask.png"}, {"frame": 3, "reference2Region": "x.png"}]
      """#
    let csv = "frame,reference2,reference2Region,referenceRegion\n1,set.png,area.png,/r.png\n"
    for (text, file) in [(json, "s/s.json"), (csv, "s/s.csv")] {
      let first = try applied(text, file, to: 1)
      #expect(first.furtherReferences == [ShotReference("s/set.png", region: "s/area.png")])
      #expect(first.referenceRegion == "/r.png")
    }
    // What is there stays, but for what is named.
    var second = frame(2)
    second.furtherReferences = [ShotReference("a.png"), ShotReference("b.png", region: "b-area.png")]
    let sheet = try ShotSheet(text: json, file: "s/s.json")
    try sheet.apply(to: &second)
    #expect(
      second.furtherReferences == [
        ShotReference("a.png"), ShotReference("s/hat.png", region: "b-area.png", mask: "s/hat-mask.png"),
      ])
    var third = frame(3)
    #expect(throws: ShotError.self) { try sheet.apply(to: &third) }
  }

  @Test func framesGoByNumberLabelOrName() throws {
    for name in ["2", "0002", "a0002", "1-2"] {
      #expect(try applied("[{\"frame\": \"\(name)\", \"seed\": 7}]", "s.json", to: 2).settings.seed == 7, "\(name)")
    }
    let sheet = try ShotSheet(text: "[{\"frame\": 9}, {\"frame\": 2}]", file: "s.json")
    #expect(sheet.unusedEntries(for: [frame(2)]) == ["entry 1 (frame 9)"])
  }

  @Test(arguments: [
    ("[{\"frame\": 2, \"guidance\": {\"referense\": 2}}]", "s.json", "guidance.referense"),
    ("[{\"frame\": 2, \"stepz\": 2}]", "s.json", "stepz"), ("[{\"frame\": 2, \"steps\": 0}]", "s.json", "steps"),
    ("[{\"frame\": 2, \"steps\": \"many\"}]", "s.json", "steps"), ("[{\"frame\": 2, \"count\": 2}]", "s.json", "count"),
    ("[{\"seed\": 2}]", "s.json", "frame"), ("[{\"frame\": 2, \"reference\": 7}]", "s.json", "reference"),
    ("{}", "s.json", "list"), ("frame,steps\n2,0\n", "s.csv", "line 2"), ("frame\n2,0\n", "s.csv", "2 cells"),
    ("frame\n\"2", "s.csv", "no end"), ("", "s.csv", "empty"),
  ])
  func whatIsWrongIsNamed(text: String, file: String, word: String) {
    let error = #expect(throws: ShotError.self) { try applied(text, file, to: 2) }
    #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
  }
}
