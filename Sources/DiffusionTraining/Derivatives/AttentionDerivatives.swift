// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Derivative {
  /// The bytes that the weights of the queries done at one time may take. There is never an N x M matrix of all.
  private static let weightByteCount = 32 << 20

  func attention(_ scale: Float, _ gradient: Tensor) throws -> [Tensor?] {
    let (q, k, v) = (value(0), value(1), value(2))
    if let fast = fast(.attention) {
      // Heads of a token side by side, as the projections before have them.
      let results = try zip(needs, [q, k, v]).map { isNeeded, x in
        isNeeded
          ? try Tensor(
            uninitialized: [x.shape[0], x.shape[2], x.shape[1], x.shape[3]], dtype: .f32, on: backend
          ).transposed(0, 2, 1, 3) : nil
      }
      try fast.attentionGradient(
        q.operand, k.operand, v.operand, scale: scale, gradient.operand, toQueries: results[0]?.operand,
        toKeys: results[1]?.operand, toValues: results[2]?.operand)
      return results
    }
    let (heads, queries, keys) = (q.shape[0] * q.shape[1], q.shape[2], k.shape[2])
    func flat(_ x: Tensor) throws -> Tensor { try x.reshaped([heads, x.shape[2], x.shape[3]]) }
    let (q3, k3, v3, d3) = (try flat(q), try flat(k), try flat(v), try flat(gradient))

    let fitting = max(1, Self.weightByteCount / (4 * keys))
    let headStep = max(1, fitting / max(queries, 1))
    let queryStep = min(queries, fitting)
    var parts: [[Tensor]] = [[], [], []]
    for head in stride(from: 0, to: heads, by: headStep) {
      let range = head..<min(heads, head + headStep)
      func some(_ x: Tensor) -> Tensor { x.sliced(axis: 0, range) }
      var ofQueries: [Tensor] = []
      var (ofKeys, ofValues): (Tensor?, Tensor?)
      for query in stride(from: 0, to: queries, by: queryStep) {
        let rows = query..<min(queries, query + queryStep)
        let (q, d) = (some(q3).sliced(axis: 1, rows), some(d3).sliced(axis: 1, rows))
        let weights = try q.matmul(some(k3).transposed(0, 2, 1)).softmax(scale: scale)
        if needs[2] { try add(weights.transposed(0, 2, 1).matmul(d), to: &ofValues) }
        guard needs[0] || needs[1] else { continue }
        let ofWeights = try d.matmul(some(v3).transposed(0, 2, 1))
        let weighted = try ofWeights * weights
        let logits = try (weighted - weights * weighted.sum()) * scale
        if needs[0] { ofQueries.append(try logits.matmul(some(k3))) }
        if needs[1] { try add(logits.transposed(0, 2, 1).matmul(q), to: &ofKeys) }
      }
      if needs[0] { parts[0].append(try Tensor.concatenate(ofQueries, axis: 1)) }
      if let ofKeys { parts[1].append(ofKeys) }
      if let ofValues { parts[2].append(ofValues) }
    }
    return try zip(parts, shapes).map { parts, shape in
      guard let shape, !parts.isEmpty else { return nil }
      return try Tensor.concatenate(parts, axis: 0).reshaped(shape)
    }
  }

  private func add(_ x: Tensor, to sum: inout Tensor?) throws { sum = try sum.map { try $0 + x } ?? x }
}
