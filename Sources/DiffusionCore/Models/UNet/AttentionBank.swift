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
  /// How many, after those of the entry before.
  let count: Int
  /// The picture, and its row there; nil for rows that see only themselves.
  let source: (bank: AttentionBank, row: Int)?
  /// How much of what they find without the other picture is mixed in, 0...1.
  let fidelity: Float
}

/// What self-attention does besides attending to its own tokens.
package enum Injection: Sendable {
  /// Nothing.
  case none
  /// Its keys and values are kept for another picture.
  case writing(AttentionBank)
  /// It also attends to what was kept; the entries cover the rows of the pass in order.
  case reading([InjectedRows])
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

  /// Self-attention to the own tokens, followed by those that were kept of another picture:
  /// `fidelity * attn(x) + (1 - fidelity) * attn(x, [x ; kept])` in each row. The projection out is linear, so that
  /// both are mixed before it.
  func callAsFunction(_ x: Tensor, injecting rows: [InjectedRows], block: Int, residual: Tensor) throws -> Tensor {
    let (q, k, v) = (try query(x), try key(x), try value(x))
    var start = 0
    let parts = try rows.map { rows in
      let range = start..<start + rows.count
      start = range.upperBound
      let (q, k, v) = (q.sliced(axis: 0, range), k.sliced(axis: 0, range), v.sliced(axis: 0, range))
      guard let source = rows.source, rows.fidelity < 1 else { return try Tensor.attention(q, k, v, heads: heads) }
      let kept = source.bank.entry(block: block, row: source.row)
      func joined(_ own: Tensor, _ other: Tensor) throws -> Tensor {
        let repeated = other.broadcast(to: other.shape.replacing(axis: 0, with: rows.count))
        return try Tensor.concatenate([own, repeated], axis: 1)
      }
      let injected = try Tensor.attention(q, joined(k, kept.keys), joined(v, kept.values), heads: heads)
      guard rows.fidelity > 0 else { return injected }
      return try Tensor.attention(q, k, v, heads: heads) * rows.fidelity + injected * (1 - rows.fidelity)
    }
    precondition(start == x.shape[0], "\(start) rows for \(x.shape)")
    return try output(parts.count == 1 ? parts[0] : Tensor.concatenate(parts, axis: 0), residual: residual)
  }
}
