// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  /// Multi-head scaled dot-product attention: `softmax(q k^T / sqrt(D)) v` for each head (Vaswani et al. 2017).
  ///
  /// - Parameters:
  ///   - q: queries `[B, N, heads * D]`.
  ///   - k: keys `[B, M, heads * D]`.
  ///   - v: values `[B, M, heads * D]`.
  /// - Returns: `[B, N, heads * D]`.
  public static func attention(_ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int) throws -> Tensor {
    let channels = q.shape[2]
    precondition(heads > 0 && channels % heads == 0, "\(channels) channels in \(heads) heads")
    precondition(
      k.shape == v.shape && k.shape[0] == q.shape[0] && k.shape[2] == channels, "\(q.shape), \(k.shape), \(v.shape)")
    precondition(k.shape[1] > 0, "attention over no tokens")
    let width = channels / heads
    func perHead(_ x: Tensor) throws -> Tensor {
      try x.reshaped([x.shape[0], x.shape[1], heads, width]).transposed(0, 2, 1, 3)
    }
    let (queries, keys, values) = (try perHead(q), try perHead(k), try perHead(v))
    return try q.result(q.shape) { out in
      let target = try perHead(Tensor(out, on: q.backend))
      try q.backend.attention(
        queries.operand, keys.operand, values.operand, scale: 1 / Float(width).squareRoot(), to: target.operand)
    }
  }
}
