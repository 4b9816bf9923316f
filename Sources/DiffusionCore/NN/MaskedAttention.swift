// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  /// Attention of which a mask says who sees whom: `softmax(q k^T / sqrt(D) + mask) v` for each head.
  ///
  /// It is made of products and a softmax, with all logits in memory: for the few tokens of a text. Every token must see
  /// one at least.
  ///
  /// - Parameters:
  ///   - q: queries `[B, N, heads * D]`.
  ///   - k: keys `[B, M, heads * D]`.
  ///   - v: values `[B, M, heads * D]`.
  ///   - mask: what is added to the logits, `[N, M]` or what broadcasts to `[B, heads, N, M]`: 0 where a query sees a key,
  ///     negative infinity where it does not.
  /// - Returns: `[B, N, heads * D]`.
  public static func attention(_ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, mask: Tensor) throws -> Tensor {
    let channels = q.shape[2]
    precondition(heads > 0 && channels % heads == 0, "\(channels) channels in \(heads) heads")
    precondition(
      k.shape == v.shape && k.shape[0] == q.shape[0] && k.shape[2] == channels, "\(q.shape), \(k.shape), \(v.shape)")
    let width = channels / heads
    func perHead(_ x: Tensor) throws -> Tensor {
      try x.reshaped([x.shape[0], x.shape[1], heads, width]).transposed(0, 2, 1, 3)
    }
    let logits = try perHead(q).matmul(perHead(k).transposed(0, 1, 3, 2)) * (1 / Float(width).squareRoot())
    return try (logits + mask).softmax().matmul(perHead(v)).transposed(0, 2, 1, 3).reshaped(q.shape)
  }

  /// The mask of a text: each of `count` tokens sees itself and those before it. `[count, count]`.
  public static func causalMask(_ count: Int, on backend: any Backend) throws -> Tensor {
    let values = (0..<count).flatMap { row in (0..<count).map { $0 <= row ? 0 : -Float.infinity } }
    return try Tensor(values, shape: [count, count], on: backend)
  }
}
