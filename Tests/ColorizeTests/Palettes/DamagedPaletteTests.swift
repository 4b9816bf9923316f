// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing
import TestSupport

/// Files that are cut off, damaged or hostile: a palette or an error, never a crash, in bounded time.
@Suite struct DamagedPaletteTests {
  private static let binary = ["first.aco", "second.aco", "groups.ase", "group.kpl", "discs.png"]

  @Test(arguments: PaletteFixtures.names)
  func everyPrefixGivesAPaletteOrAnError(name: String) throws {
    let data = try PaletteFixtures.bytes(name)
    for length in 0..<data.count {
      do throws(PaletteError) {
        let palette = try Palette(data: Array(data.prefix(length)), file: "x")
        #expect(!palette.entries.isEmpty)
        // What states its size is not taken for whole.
        #expect(!Self.binary.contains(name) || length >= data.count - 2, "\(name), \(length) of \(data.count) bytes")
      } catch {
        #expect(length == 0 || error.description.hasPrefix("x: "))
      }
    }
  }

  @Test(arguments: PaletteFixtures.names)
  func damageNeverCrashes(name: String) throws {
    let data = try PaletteFixtures.bytes(name)
    var random = SplitMix64(state: UInt64(data.count))
    let telling: [UInt8] = [0, 1, 9, 10, 32, 48, 60, 0x7F, 0x80, 0xFF]
    // Pictures take longer, and have tests of their own for damage.
    for round in 0..<(name.hasSuffix(".png") ? 60 : 600) {
      var damaged = data
      for _ in 0...(round % 4) {
        let place = Int.random(in: 0..<damaged.count, using: &random)
        switch round % 3 {
        case 0: damaged[place] = UInt8.random(in: 0...255, using: &random)
        case 1: damaged[place] = telling.randomElement(using: &random) ?? 0
        default:
          damaged.replaceSubrange(place..<min(place + 4, damaged.count), with: random.bytes(Int(round % 7)))
          if damaged.isEmpty { damaged = [0] }
        }
      }
      if let palette = try? Palette(data: damaged) {
        #expect(palette.entries.count <= Palette.maximumEntryCount)
      }
    }
  }

  @Test func noiseNeverCrashes() {
    var random = SplitMix64(state: 3)
    let signatures: [[UInt8]] = [
      [], Array("GIMP Palette\n".utf8), Array("ASEF\0\u{1}\0\0".utf8), [0x50, 0x4B, 3, 4], [0, 1, 0], [0, 2, 0],
      Array("JASC-PAL\n".utf8), Array("#aabbcc\n".utf8),
    ]
    for round in 0..<2000 {
      _ = try? Palette(data: signatures[round % signatures.count] + random.bytes(round % 300))
    }
  }

  @Test func errorsSayWhereAndWhatToDo() throws {
    func message(_ data: [UInt8]) -> String? {
      paletteError { () throws(PaletteError) in _ = try Palette(data: data, file: "p") }?.description
    }
    #expect(
      message(Array("GIMP Palette\n1 2 3\n1 256 3\n".utf8))
        == "p: the GIMP data is damaged at byte 21: green is above 255. Export the palette again.")
    #expect(
      message(Array("GIMP Palette\n1 2\n".utf8))
        == "p: the GIMP data is damaged at byte 16: a line of a colour has no number for its blue. Export the palette "
        + "again.")
    #expect(
      message(Array("GIMP Palette\n#\n".utf8))
        == "p: this GIMP palette has no colours. Add some to it, or give another.")
    let aco = try PaletteFixtures.bytes("first.aco")
    #expect(
      message(Array(aco.dropLast(3)))
        == "p: the ACO data is cut off at byte 81: colour 8 of 8 is missing. Copy or export the palette again.")
    var inks = aco
    inks[5] = 3
    #expect(message(inks)?.contains("at byte 4: colour 1 of 8 is of the colour model 3") == true)
    var ase = try PaletteFixtures.bytes("groups.ase")
    // The first colour's red.
    ase.replaceSubrange(38..<42, with: [0x7F, 0x80, 0, 0])
    #expect(message(ase)?.contains("damaged at byte 38: a number of block 1 of 7 is no number") == true)
    #expect(message([])?.hasPrefix("p: there is nothing in it") == true)
    // As a picture, where its format is registered.
    #expect(message(Array("8BPS....".utf8))?.contains("Photoshop") == true)
    #expect(message([0, 0, 0, 0, 0xE0, 0xA5, 0, 0])?.contains("a drawing of Aseprite") == true)
    #expect(message(Array("lorem ipsum".utf8))?.contains("this is no palette that can be read") == true)
    #expect(
      paletteError { () throws(PaletteError) in _ = try Palette.read("/nowhere/p.gpl") }
        == .notFound(file: "/nowhere/p.gpl"))
    guard case .unreadable? = paletteError({ () throws(PaletteError) in _ = try Palette.read("/tmp") }) else {
      Issue.record("a folder is no palette")
      return
    }
  }

  @Test func thereIsALimitToColors() {
    let line = Array("1 2 3\n".utf8)
    let header = Array("GIMP Palette\n".utf8)
    let most = header + [[UInt8]](repeating: line, count: Palette.maximumEntryCount).flatMap { $0 }
    #expect(throws: Never.self) { try Palette(data: most) }
    guard case .tooLarge? = paletteError({ () throws(PaletteError) in _ = try Palette(data: most + line) }) else {
      Issue.record("one colour too many")
      return
    }
  }

  @Test func bombsAreRefusedBeforeTheyGoOff() throws {
    let kpl = try PaletteFixtures.bytes("group.kpl")
    // The size that the directory states for colorset.xml, at 24 bytes into its entry, and its name at 46.
    let name = Array("colorset.xml".utf8)
    let place = try #require((0..<kpl.count - name.count).last { Array(kpl[$0..<$0 + name.count]) == name }) - 46
    for (size, text) in [([0xFF, 0xFF, 0xFF, 0x7F], "at most 16777216"), ([0, 0, 0xFF, 0], "too short for its size")] {
      var bomb = kpl
      bomb.replaceSubrange(place + 24..<place + 28, with: size.map { UInt8($0) })
      let error = paletteError { () throws(PaletteError) in _ = try Palette(data: bomb) }
      #expect(error?.description.contains(text) == true, "\(error?.description ?? "no error")")
    }
  }
}
