// SPDX-License-Identifier: Apache-2.0

/// What a picture offers to the self-attentions of another one: the keys and values of every transformer block, kept on
/// the picture's own way through the U-Net.
///
/// They are what `attn1` makes of the normed tokens `norm1(x)`, so that a block computes them for itself and keeps them
/// at no cost.
package final class AttentionBank: Sendable {
  /// Keys and values of one self-attention.
  struct Entry: Sendable {
    /// `[rows, M, C]`
    let keys: Tensor
    /// `[rows, M, C]`
    let values: Tensor
  }

  private let entries: Locked<[Entry?]>

  /// An empty one for so many transformer blocks.
  init(blocks: Int) { entries = Locked([Entry?](repeating: nil, count: blocks)) }

  /// Keeps what the block of that number computed.
  func keep(_ entry: Entry, block: Int) { entries.mutate { $0[block] = entry } }

  /// What the block of that number offers in one row.
  func entry(block: Int, row: Int) -> Entry {
    guard let entry = entries.value[block] else { preconditionFailure("block \(block) was not written") }
    return Entry(
      keys: entry.keys.sliced(axis: 0, row..<row + 1), values: entry.values.sliced(axis: 0, row..<row + 1))
  }

  /// Whether the block of that number is the last that is written.
  func isLast(_ block: Int) -> Bool { block == entries.value.count - 1 }
}

/// Rows of a pass that see another picture in their self-attentions.
package struct InjectedRows: Sendable {
  /// A picture, and its row there.
  struct Source: Sendable {
    let bank: AttentionBank
    let row: Int
  }

  /// How many, after those of the entry before.
  let count: Int
  /// The pictures that each area of the own one sees; none for rows that see only themselves.
  let sources: [[Source]]
  /// How much of what they find without the other picture is mixed in, 0...1.
  let fidelity: Float
}

/// What self-attention does besides attending to its own tokens.
package enum Injection: Sendable {
  /// Nothing.
  case none
  /// Its keys and values are kept for another picture.
  case writing(AttentionBank)
  /// It also attends to what was kept; the entries cover the rows of the pass in order. With several areas, the tokens of
  /// each at every level.
  case reading([InjectedRows], areas: [TokenRegions])
}

extension Attention {
  /// Self-attention whose keys and values are kept.
  func callAsFunction(_ x: Tensor, keeping bank: AttentionBank, block: Int, residual: Tensor) throws -> Tensor {
    let entry = AttentionBank.Entry(keys: try key(x), values: try value(x))
    bank.keep(entry, block: block)
    // Nobody looks at what comes after the last one.
    if bank.isLast(block) { return residual }
    return try output(Tensor.attention(query(x), entry.keys, entry.values, heads: heads), residual: residual)
  }

  /// Self-attention to the own tokens, followed by those that were kept of other pictures:
  /// `fidelity * attn(x) + (1 - fidelity) * attn(x, [x ; kept])` in each row. The projection out is linear, so that
  /// both are mixed before it.
  ///
  /// - Parameter areas: which tokens see the pictures of which area; nil where there is one.
  func callAsFunction(
    _ x: Tensor, injecting rows: [InjectedRows], areas: TokenRegions?, block: Int, residual: Tensor
  ) throws -> Tensor {
    let (q, k, v) = (try query(x), try key(x), try value(x))
    var start = 0
    let parts = try rows.map { rows in
      let range = start..<start + rows.count
      start = range.upperBound
      let (q, k, v) = (q.sliced(axis: 0, range), k.sliced(axis: 0, range), v.sliced(axis: 0, range))
      guard !rows.sources.isEmpty, rows.fidelity < 1 else { return try Tensor.attention(q, k, v, heads: heads) }
      /// What queries find in the own tokens and in those of some pictures.
      func find(_ q: Tensor, _ sources: [InjectedRows.Source]) throws -> Tensor {
        let kept = sources.map { $0.bank.entry(block: block, row: $0.row) }
        func joined(_ own: Tensor, _ others: [Tensor]) throws -> Tensor {
          try Tensor.concatenate(
            [own] + others.map { $0.broadcast(to: $0.shape.replacing(axis: 0, with: rows.count)) }, axis: 1)
        }
        return try Tensor.attention(q, joined(k, kept.map(\.keys)), joined(v, kept.map(\.values)), heads: heads)
      }
      let injected: Tensor
      if rows.sources.count == 1 {
        injected = try find(q, rows.sources[0])
      } else {
        guard let areas else { preconditionFailure("several areas without their tokens") }
        let parts = try zip(rows.sources, areas.parts).compactMap { sources, taps in
          try taps.map { try find(q.resampled(axis: 1, taps: $0), sources) }
        }
        let all = parts.count == 1 ? parts[0] : try Tensor.concatenate(parts, axis: 1)
        injected = try all.resampled(axis: 1, taps: areas.restoring)
      }
      guard rows.fidelity > 0 else { return injected }
      return try Tensor.attention(q, k, v, heads: heads) * rows.fidelity + injected * (1 - rows.fidelity)
    }
    precondition(start == x.shape[0], "\(start) rows for \(x.shape)")
    return try output(parts.count == 1 ? parts[0] : Tensor.concatenate(parts, axis: 0), residual: residual)
  }
}
