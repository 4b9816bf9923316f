// SPDX-License-Identifier: Apache-2.0

/// The text of `stack.xml`, after the OpenRaster baseline draft 0.0.5 and its extension for locked layers.
struct StackXML {
  private(set) var text: String
  private var depth = 1

  /// - Parameter resolution: pixels per inch, which the format keeps as a whole number.
  init(width: Int, height: Int, resolution: Double) {
    let whole = max(1, Int(resolution.rounded()))
    text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <image version="0.0.5" w="\(width)" h="\(height)" xres="\(whole)" yres="\(whole)">
       <stack>

      """
  }

  /// Adds a layer below those that were added before it.
  mutating func add(_ layer: Layer, source: String, box: LayerBox) {
    line("<layer\(Self.attributes(layer)) src=\"\(source)\" x=\"\(box.x)\" y=\"\(box.y)\"/>")
  }

  /// Begins a group; what is added until ``endGroup()`` is in it.
  mutating func beginGroup(_ layer: Layer) {
    line("<stack\(Self.attributes(layer)) isolation=\"isolate\">")
    depth += 1
  }

  mutating func endGroup() {
    depth -= 1
    line("</stack>")
  }

  mutating func finish() {
    text += " </stack>\n</image>\n"
  }

  private mutating func line(_ content: String) {
    text += String(repeating: " ", count: depth + 1) + content + "\n"
  }

  private static func attributes(_ layer: Layer) -> String {
    var text = " name=\"\(escaped(layer.name))\" opacity=\"\(decimal(layer.opacityByte))\""
    text +=
      " visibility=\"\(layer.isVisible ? "visible" : "hidden")\" composite-op=\"\(layer.blendMode.openRasterName)\""
    if layer.isLocked { text += " edit-locked=\"true\"" }
    return text
  }

  /// `byte / 255` to six places, enough to find the byte again.
  private static func decimal(_ byte: UInt8) -> String {
    guard byte < 255 else { return "1.0" }
    let digits = String((Int(byte) * 1_000_000 + 127) / 255)
    return "0." + String(repeating: "0", count: 6 - digits.count) + digits
  }

  /// The text as the value of an attribute. What XML 1.0 does not allow at all becomes U+FFFD.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      // Readers take a bare one for a space.
      case "\t", "\n", "\r": escaped += "&#\(scalar.value);"
      case "\0"..<" ", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
