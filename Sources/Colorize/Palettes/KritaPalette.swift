// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Krita's palettes (`.kpl`): a zip file, of which `colorset.xml` lists the colours, in groups or outside of them.
///
/// The profiles in the file are not applied. RGB is taken for sRGB, unless the name of its profile says that it is
/// linear light, as in Krita's `-g10` and scRGB profiles.
enum KritaPalette {
  private static let list = "colorset.xml"
  /// The longest list that is read: some 50,000 colours have room.
  private static let maximumListSize = 16 << 20
  private static let maximumFileCount = 4096

  static func read(_ source: PaletteSource) throws(PaletteError) -> Palette {
    let text: [UInt8]
    do throws(ZipFailure) {
      text = try ZipReader(bytes: source.bytes, maximumItemCount: maximumFileCount)
        .contents(of: list, limit: maximumListSize)
    } catch {
      throw error.isTruncation ? source.truncated(error.reason) : source.damaged(at: error.offset, error.reason)
    }
    var reader = XMLReader(text)
    var palette = Palette([])
    var name: String?
    var isInEntry = false
    do {
      while let event = try reader.next() {
        switch event {
        case .start("ColorSetEntry", let attributes):
          name = attributes["name"].flatMap(Palette.cleanName)
          isInEntry = true
        case .start(let model, let attributes) where isInEntry && model != "Position":
          // The first element in an entry is its colour; spot colours may give others after it.
          isInEntry = false
          guard let color = try color(model, attributes, &reader) else {
            throw reader.error("an entry is of the colour model \(model), which cannot be converted")
          }
          palette.entries.append(Palette.Entry(color, name: name))
          try source.check(count: palette.entries.count)
        case .start(let root, let attributes) where reader.depth == 1:
          guard root.lowercased() == "colorset" else { throw reader.error("this is no list of colours") }
          palette.name = attributes["name"].flatMap(Palette.cleanName)
        case .end("ColorSetEntry"): isInEntry = false
        default: break
        }
      }
    } catch let error as XMLReader.Failure {
      throw source.damaged(at: error.offset, "(in its \(list)) \(error.reason)")
    } catch let error as PaletteError {
      throw error
    } catch {
      throw source.damaged(at: 0, "\(error)")
    }
    return palette
  }

  private static func color(
    _ model: String, _ attributes: [String: String], _ reader: inout XMLReader
  ) throws(XMLReader.Failure) -> RGB? {
    func value(_ key: String) throws(XMLReader.Failure) -> Double {
      guard let text = attributes[key], let value = Double(text), value.isFinite else {
        throw reader.error("\(model) has no number for \(key)")
      }
      return value
    }
    switch model {
    case "RGB", "sRGB":
      let (red, green, blue) = (try value("r"), try value("g"), try value("b"))
      let space = attributes["space"]?.lowercased() ?? ""
      let isLinear = model == "RGB" && ["-g10", "linear", "scrgb"].contains { space.contains($0) }
      return isLinear ? RGB(linear: red, green, blue) : RGB(unit: red, green, blue)
    case "CMYK":
      return RGB(
        cyan: try value("c"), magenta: try value("m"), yellow: try value("y"), black: try value("k"))
    case "Lab":
      return RGB(printLab: Lab(lightness: try value("L"), a: try value("a"), b: try value("b")))
    case "Gray":
      return RGB(grey: try value("g"))
    case "XYZ":
      return RGB(x: try value("x"), y: try value("y"), z: try value("z"))
    default:
      return nil
    }
  }

  static func data(_ palette: Palette) throws(PaletteError) -> [UInt8] {
    let columns = 16
    let rows = (palette.entries.count + columns - 1) / columns
    var text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <ColorSet version="2.0" name="\(escaped(palette.name))" columns="\(columns)" rows="\(rows)" comment="">

      """
    for (index, entry) in palette.entries.enumerated() {
      // As many digits as a sample needs to come back.
      let samples = [entry.color.red, entry.color.green, entry.color.blue].map { Float($0) / 255 }
      text += """
         <ColorSetEntry name="\(escaped(entry.name))" id="" bitdepth="U8" spot="false">
          <RGB r="\(samples[0])" g="\(samples[1])" b="\(samples[2])" space="sRGB-elle-V2-srgbtrc.icc"/>
          <Position row="\(index / columns)" column="\(index % columns)"/>
         </ColorSetEntry>

        """
    }
    text += "</ColorSet>\n"
    let profiles = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Profiles/>\n"
    do {
      return try ZipWriter.data([
        ("mimetype", Array("application/x-krita-palette".utf8)), (list, Array(text.utf8)),
        ("profiles.xml", Array(profiles.utf8)),
      ])
    } catch {
      throw .unsuitable(format: .krita, reason: "it has too many colours")
    }
  }

  private static func escaped(_ name: String?) -> String {
    var text = ""
    for character in name.flatMap(Palette.cleanName) ?? "" {
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      default: text.append(character)
      }
    }
    return text
  }
}
