// SPDX-License-Identifier: Apache-2.0

/// Multi-head attention without biases on queries, keys and values (Vaswani et al. 2017).
public struct Attention: Sendable {
  /// `to_q`
  let query: Linear
  /// `to_k`
  let key: Linear
  /// `to_v`
  let value: Linear
  /// `to_out.0`
  let output: Linear
  let heads: Int

  /// Loads the four projections, all of `channels` to `channels`.
  public init(_ p: Parameters, channels: Int, heads: Int) throws {
    func projection(_ name: String) throws -> Linear {
      try Linear(p[name], inputs: channels, outputs: channels, bias: false)
    }
    query = try projection("to_q")
    key = try projection("to_k")
    value = try projection("to_v")
    output = try Linear(p["to_out"][0], inputs: channels, outputs: channels)
    self.heads = heads
  }

  /// Adds to the residual what the tokens `x` `[B, N, C]` find in the context `[B, M, C]`, or in themselves.
  public func callAsFunction(_ x: Tensor, context: Tensor? = nil, residual: Tensor) throws -> Tensor {
    let source = context ?? x
    return try output(Tensor.attention(query(x), key(source), value(source), heads: heads), residual: residual)
  }
}
