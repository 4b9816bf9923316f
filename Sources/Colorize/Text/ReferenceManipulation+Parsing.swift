// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ReferenceManipulation {
  /// Steps as a text says them, a line each.
  ///
  /// - Parameter text: lines as ``Step/init(parsing:)`` reads them.
  /// - Throws: ``ColorizeError/invalidOption(_:value:expected:)``.
  public init(parsing text: String) throws(ColorizeError) {
    self.init()
    for line in text.split(whereSeparator: \.isNewline) where line.contains(where: { !$0.isWhitespace }) {
      steps.append(try Step(parsing: String(line)))
    }
  }
}

extension ReferenceManipulation.Step {
  /// A step as a text says it: `target=blue hair; anchor=blonde hair; control=hair; scale=8; enhance`, with semicolons
  /// between its parts, in any order.
  ///
  /// - `target`: what shall be there; needed.
  /// - `anchor`: what is there and shall go; `none` or nothing for none.
  /// - `control`: which parts are meant; by default the anchor's, else the target's; `everything` for all parts alike.
  /// - `scale`: 0 to 15, by default 8.
  /// - `enhance`, or `enhance=yes`: parts that are like the anchor change by that much more.
  /// - `thresholds`: four numbers with commas between them.
  ///
  /// The form of the published program is read as well: `[target] blue hair; [anchor] none; [control] hair; [scale] 8.0;
  /// [enhanced] False; [ts0] 0.5; [ts1] 0.55; [ts2] 0.65; [ts3] 0.95`. (That program takes every text behind `[enhanced]`
  /// for yes, and the word none for a control.)
  ///
  /// - Throws: ``ColorizeError/invalidOption(_:value:expected:)``.
  public init(parsing text: String) throws(ColorizeError) {
    func fail(_ value: String, _ expected: String) -> ColorizeError {
      .invalidOption(.manipulation, value: "“\(value)”", expected: expected)
    }
    var fields: [String: String] = [:]
    var thresholds = TokenManipulation.defaultThresholds
    for part in text.split(separator: ";") {
      let part = Self.trimmed(part)
      if part.isEmpty { continue }
      var (name, value) = Self.field(part)
      func number() throws(ColorizeError) -> Float {
        guard let number = Float(value), number.isFinite else { throw fail(part, "a number behind \(name)") }
        return number
      }
      switch name {
      case "target", "anchor", "control", "scale": break
      case "enhance", "enhanced", "enhances": name = "enhance"
      case "thresholds":
        var numbers: [Float] = []
        for piece in value.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
          guard let number = Float(piece), number.isFinite else { throw fail(part, "four numbers behind thresholds") }
          numbers.append(number)
        }
        guard numbers.count == 4 else { throw fail(part, "four numbers behind thresholds") }
        thresholds = numbers
      case "ts0", "ts1", "ts2", "ts3": thresholds[Int(name.suffix(1)) ?? 0] = try number()
      default:
        throw fail(part, "target=, anchor=, control=, scale=, enhance or thresholds=, with semicolons between them")
      }
      if name == "scale" { _ = try number() }
      guard fields.updateValue(value, forKey: name) == nil else { throw fail(part, "\(name) once in a step") }
    }
    func given(_ name: String) -> String? {
      fields[name].flatMap { $0.isEmpty || $0.lowercased() == "none" ? nil : $0 }
    }
    guard let target = fields["target"], !target.isEmpty else {
      throw fail(text, "target=, a text that says what shall be there")
    }
    let anchor = given("anchor")
    let control = given("control") ?? anchor ?? target
    self.init(
      target: target, anchor: anchor, control: control.lowercased() == "everything" ? nil : control,
      scale: fields["scale"].flatMap { Float($0) } ?? ReferenceManipulation.defaultScale, thresholds: thresholds)
    switch fields["enhance"]?.lowercased() {
    case nil, "no", "false", "off", "0": enhances = false
    case "", "yes", "true", "on", "1": enhances = true
    case let value?: throw fail(value, "yes or no behind enhance")
    }
    try ReferenceManipulation([self]).validate()
  }

  /// The name of a part and what it says: `name=value`, `[name] value`, or a name alone.
  private static func field(_ part: String) -> (name: String, value: String) {
    if part.first == "[", let end = part.firstIndex(of: "]") {
      return (trimmed(part[..<end].dropFirst()).lowercased(), trimmed(part[end...].dropFirst()))
    }
    guard let equals = part.firstIndex(of: "=") else { return (part.lowercased(), "") }
    return (trimmed(part[..<equals]).lowercased(), trimmed(part[equals...].dropFirst()))
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    guard let first = text.firstIndex(where: { !$0.isWhitespace }),
      let last = text.lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(text[first...last])
  }
}
