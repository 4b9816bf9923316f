// SPDX-License-Identifier: Apache-2.0

extension TextVocabulary {
  /// The ids of a word: its bytes, of which the pair of the lowest rank is joined wherever it stands, from left to right,
  /// until no pair is known (Sennrich et al. 2016).
  ///
  /// Places wait under the rank of their pair, and a heap knows the lowest rank: a word of a megabyte takes n log n steps at
  /// most, and not n squared.
  func ids(ofWord utf8: [UInt8]) -> [Int32] {
    guard let last = utf8.last else { return [] }
    var word = MergedWord(utf8.dropLast().map { bytes[Int($0)] } + [lastBytes[Int(last)]])
    for place in word.symbols.indices { word.offer(place, in: self) }
    while let rank = word.ranks.removeFirst() { word.join(rank, in: self) }
    return word.symbols.filter { $0 >= 0 }
  }
}

/// A word being merged.
private struct MergedWord {
  /// What is joined stays in its first place; -1 marks the places that are gone.
  private(set) var symbols: [Int32]
  private var next: [Int]
  private var previous: [Int]
  /// Places whose symbol and the next one are a pair, by its rank. Some may have changed since.
  private var waiting: [Int32: [Int]] = [:]
  var ranks = RankHeap()

  init(_ symbols: [Int32]) {
    self.symbols = symbols
    next = symbols.indices.map { $0 + 1 }
    previous = symbols.indices.map { $0 - 1 }
  }

  /// Notes the pair that begins at a place, if there is one.
  mutating func offer(_ place: Int, in vocabulary: TextVocabulary) {
    guard place >= 0, next[place] < symbols.count,
      let merge = vocabulary.merge(symbols[place], symbols[next[place]])
    else { return }
    if waiting[merge.rank, default: []].isEmpty { ranks.insert(merge.rank) }
    waiting[merge.rank, default: []].append(place)
  }

  /// Joins a pair wherever it stands. What that makes waits for its own turn, even where its rank is lower.
  mutating func join(_ rank: Int32, in vocabulary: TextVocabulary) {
    for place in (waiting.removeValue(forKey: rank) ?? []).sorted() {
      // One of them may have been joined with another meanwhile.
      guard symbols[place] >= 0, next[place] < symbols.count,
        let merge = vocabulary.merge(symbols[place], symbols[next[place]]), merge.rank == rank
      else { continue }
      let neighbour = next[place]
      symbols[place] = merge.joined
      symbols[neighbour] = -1
      next[place] = next[neighbour]
      if next[place] < symbols.count { previous[next[place]] = place }
      offer(previous[place], in: vocabulary)
      offer(place, in: vocabulary)
    }
  }
}

/// A binary heap of ranks: the lowest comes first.
private struct RankHeap {
  private var ranks: [Int32] = []

  mutating func insert(_ rank: Int32) {
    ranks.append(rank)
    var child = ranks.count - 1
    while child > 0, ranks[child] < ranks[(child - 1) / 2] {
      ranks.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() -> Int32? {
    guard let first = ranks.first else { return nil }
    let last = ranks.removeLast()
    guard !ranks.isEmpty else { return first }
    ranks[0] = last
    var parent = 0
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < ranks.count && ranks[child] < ranks[smallest] {
        smallest = child
      }
      guard smallest != parent else { return first }
      ranks.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
