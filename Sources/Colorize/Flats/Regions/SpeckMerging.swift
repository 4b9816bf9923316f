// SPDX-License-Identifier: Apache-2.0

/// Takes away areas that are too small to be painted.
struct SpeckMerging {
  let width: Int
  let height: Int
  /// The least area of what is open towards a neighbour.
  let minimumArea: Int
  /// The least area of what lines enclose.
  let enclosedArea: Int

  /// Joins each small area with the neighbour that it has the longest open bound with, and gives enclosed specks to
  /// the lines. Numbers that are no longer used stay free.
  func run(_ labels: inout [UInt32], count: inout Int) throws {
    guard minimumArea > 1, count > 0 else { return }
    var areas = [Int](repeating: 0, count: count)
    for label in labels where label != BasinFlood.none { areas[Int(label)] += 1 }
    guard areas.contains(where: { $0 < minimumArea }) else { return }
    var parents = Array(0..<count)
    let contacts = openContacts(labels, areas)
    try Task.checkCancellation()
    // From the smallest on, so that specks side by side can grow into something that is worth keeping.
    let small = areas.indices.filter { areas[$0] < minimumArea }.sorted { (areas[$0], $0) < (areas[$1], $1) }
    let original = areas
    for speck in small {
      let own = Self.root(speck, &parents)
      guard own == speck, areas[speck] < minimumArea else { continue }
      var best = (length: 0, area: 0, label: -1)
      for contact in contacts[speck, default: []] {
        let other = Self.root(contact.label, &parents)
        guard other != speck else { continue }
        if (contact.length, areas[other]) > (best.length, best.area) { best = (contact.length, areas[other], other) }
      }
      guard best.label >= 0 else { continue }
      parents[speck] = best.label
      areas[best.label] += areas[speck]
    }
    let isDropped = areas.indices.map { parents[$0] == $0 && original[$0] < minimumArea && areas[$0] < enclosedArea }
    for pixel in labels.indices where labels[pixel] != BasinFlood.none {
      let label = Self.root(Int(labels[pixel]), &parents)
      labels[pixel] = isDropped[label] ? BasinFlood.none : UInt32(label)
    }
  }

  private static func root(_ label: Int, _ parents: inout [Int]) -> Int {
    var label = label
    while parents[label] != label {
      parents[label] = parents[parents[label]]
      label = parents[label]
    }
    return label
  }

  /// The open bounds of the small areas, in the order of the neighbours' numbers.
  private func openContacts(_ labels: [UInt32], _ areas: [Int]) -> [Int: [(label: Int, length: Int)]] {
    var keys: [UInt64] = []
    func touch(_ first: UInt32, _ second: UInt32) {
      guard first != second, first != BasinFlood.none, second != BasinFlood.none else { return }
      if areas[Int(first)] < minimumArea { keys.append(UInt64(first) << 32 | UInt64(second)) }
      if areas[Int(second)] < minimumArea { keys.append(UInt64(second) << 32 | UInt64(first)) }
    }
    for y in 0..<height {
      for x in 0..<width {
        let pixel = y * width + x
        if x < width - 1 { touch(labels[pixel], labels[pixel + 1]) }
        if y < height - 1 { touch(labels[pixel], labels[pixel + width]) }
      }
    }
    keys.sort()
    var contacts: [Int: [(label: Int, length: Int)]] = [:]
    var index = 0
    while index < keys.count {
      var end = index
      while end < keys.count, keys[end] == keys[index] { end += 1 }
      contacts[Int(keys[index] >> 32), default: []].append((Int(keys[index] & 0xFFFF_FFFF), end - index))
      index = end
    }
    return contacts
  }
}
