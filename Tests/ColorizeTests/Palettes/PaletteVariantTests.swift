// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

@Suite struct PaletteVariantTests {
  private func palette(_ names: String...) -> Palette {
    Palette(names.map { .init(.white, name: $0.isEmpty ? nil : $0) })
  }

  @Test(arguments: [
    "hair shadow", "HAIR SHADOW", "hair_shadow", "hair-shadow", "Hair/Shadow", "hair.shade", "hair (shadow)",
    "hair shaded", "hair: shadow", "hair shadow 1", "hair shadow1",
  ])
  func shadowsAreFound(name: String) {
    let found = palette("skin", "Hair", "", name)
    #expect(found.variant(of: 1, .shadow) == 3)
    #expect(found.variant(of: 1, .highlight) == nil && found.variant(of: 0, .shadow) == nil)
    #expect(found.base(of: 3)?.index == 1 && found.base(of: 3)?.variant == .shadow)
    #expect(found.base(of: 1) == nil)
  }

  @Test(arguments: ["hair highlight", "hair light", "HAIR_HL", "hair hilight"])
  func highlightsAreFound(name: String) {
    #expect(palette("hair", name).variant(of: 0, .highlight) == 1)
  }

  @Test func japaneseNamesAreRead() {
    let found = palette("髪", "髪2影", "髪1影", "髪ハイライト", "肌", "肌影", "肌 ハイ")
    #expect(found.variant(of: 0, .shadow) == 2 && found.variant(of: 0, .highlight) == 3)
    #expect(found.variant(of: 4, .shadow) == 5 && found.variant(of: 4, .highlight) == 6)
    #expect(found.base(of: 1)?.index == 0)
  }

  @Test func theFirstOfSeveralShadowsIsTaken() {
    let found = palette("hair shadow 2", "hair", "hair shadow", "hair 2", "hair 2 shadow")
    #expect(found.variant(of: 1, .shadow) == 2)
    #expect(found.variant(of: 3, .shadow) == 4)
    // A sheet that repeats its names: the nearest.
    let twice = palette("hat", "hat shadow", "skin", "hat", "hat shadow")
    #expect(twice.variant(of: 0, .shadow) == 1 && twice.variant(of: 3, .shadow) == 4)
  }

  @Test func otherNamesAreNotTaken() {
    let found = palette("hair", "hairshadow", "hair band shadow", "shadow", "light", "", "hair shadow x", "hair 3")
    for index in -1...8 {
      #expect(found.variant(of: index, .shadow) == nil && found.variant(of: index, .highlight) == nil, "\(index)")
      #expect(found.base(of: index) == nil)
    }
  }
}
