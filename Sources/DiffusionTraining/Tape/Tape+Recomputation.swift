// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension TapeEntry {
  /// Whether a value that the derivative needs is not there.
  var needsRecomputation: Bool {
    needs.contains(true)
      && zip(operands + [out], keeps.operands + [keeps.result]).contains { place, isKept in
        isKept && place != nil && place?.buffer == nil
      }
  }
}

extension Tape {
  /// Computes the last part of a recording again, as far as its derivatives need it.
  func recompute(part: Int, of entries: inout [TapeEntry]) throws {
    let first = (entries.lastIndex { $0.part != part } ?? -1) + 1
    // What a derivative needs, and what is needed to make that.
    var needed: Set<ObjectIdentifier> = []
    var isRepeated = [Bool](repeating: false, count: entries.count)
    func need(_ place: TapeEntry.Place?) {
      if let place, place.buffer == nil, let node = place.node { needed.insert(ObjectIdentifier(node)) }
    }
    for index in (first..<entries.count).reversed() {
      let entry = entries[index]
      if entry.needs.contains(true) {
        for (place, isKept) in zip(entry.operands, entry.keeps.operands) where isKept { need(place) }
        if entry.keeps.result { need(entry.out) }
      }
      if let node = entry.out.node, entry.out.buffer == nil, needed.contains(ObjectIdentifier(node)) {
        isRepeated[index] = true
        for place in entry.operands { need(place) }
      }
    }
    // Forwards again.
    var memory: [ObjectIdentifier: any Buffer] = [:]
    func filled(_ place: TapeEntry.Place?) -> TapeEntry.Place? {
      guard var place else { return nil }
      if place.buffer == nil, let node = place.node { place.buffer = memory[ObjectIdentifier(node)] }
      return place
    }
    for index in first..<entries.count {
      try Task.checkCancellation()
      let entry = entries[index]
      if isRepeated[index], let node = entry.out.node {
        let key = ObjectIdentifier(node)
        if memory[key] == nil { memory[key] = try base.makeBuffer(byteCount: node.byteCount) }
        let call = BackendCall(
          entry.operation, entry.operands.map { filled($0)?.operand }, to: filled(entry.out)?.operand)
        try call?.perform(on: base)
      }
      guard entry.needs.contains(true) else { continue }
      entries[index].operands = zip(entry.operands, entry.keeps.operands).map { $1 ? filled($0) : $0 }
      if entry.keeps.result, let out = filled(entry.out) { entries[index].out = out }
    }
    // Values that are kept for a derivative only are of use no more where the call was made for another.
    precondition(!entries[first...].contains { $0.needsRecomputation }, "a value was not computed again")
  }
}

extension BackendCall {
  /// A call into a result that is there.
  fileprivate init?(_ operation: Operation, _ operands: [Operand?], to out: Operand?) {
    guard let out else { return nil }
    self.init(operation, operands, to: out)
  }
}
