// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

/// The files under Fixtures/palettes.
enum PaletteFixtures {
  static let names = [
    "sheet.gpl", "old.gpl", "aseprite.gpl", "first.aco", "second.aco", "both.aco", "groups.ase", "group.kpl",
    "lospec.hex", "paintnet.txt", "table.act", "jasc.pal", "discs.png", "strip.png",
  ]

  static func path(_ name: String) -> String { (Bundle.module.resourcePath ?? "") + "/Fixtures/palettes/" + name }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }
}

/// The error that `body` throws, or nil.
func paletteError(_ body: () throws(PaletteError) -> Void) -> PaletteError? {
  do throws(PaletteError) {
    try body()
    return nil
  } catch {
    return error
  }
}

extension Palette {
  /// Colours as text, with names behind them: `#RRGGBB name`.
  var listed: [String] { entries.map { entry in entry.color.description + (entry.name.map { " " + $0 } ?? "") } }
}
