// SPDX-License-Identifier: Apache-2.0

/// The instructions whose arguments are lines of text: protocol 0.
extension PickleMachine {
  mutating func performText(_ opcode: PickleOpcode) throws(PickleFailure) {
    let text = try line()
    switch opcode {
    case .int where text == "00" || text == "01": push(.bool(text == "01"))
    case .int, .long:
      let digits = text.hasSuffix("L") ? String(text.dropLast()) : text
      if let value = Int(digits) { return push(.int(value)) }
      guard !digits.isEmpty, digits.utf8.drop(while: { $0 == 0x2D }).allSatisfy({ (0x30...0x39).contains($0) }) else {
        throw failure("a number in the pickle makes no sense")
      }
      push(.largeDecimal(digits))
    case .float:
      guard let value = Double(text) else { throw failure("a number in the pickle makes no sense") }
      push(.float(value))
    case .string:
      guard text.utf8.count >= 2, let quote = text.utf8.first, quote == 0x22 || quote == 0x27, text.utf8.last == quote
      else { throw failure("a text in the pickle has no quotes") }
      push(.string(PickleText.unescaped(text.dropFirst().dropLast())))
    default: push(.string(PickleText.unescaped(text[...], unicodeOnly: true)))
    }
  }
}
