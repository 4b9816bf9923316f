// SPDX-License-Identifier: Apache-2.0

/// Moves the tokens of a reference towards what texts say, after “ColorizeDiffusion” (Yan et al. 2024).
///
/// A token `v` and the embedding `t` of a text, of unit length, are as similar as `s(v, t) = v . t`. Tokens are those behind
/// the image encoder's projection, not normalised.
public enum TokenManipulation {
  /// One change.
  public struct Step: Sendable, Hashable {
    /// The embedding of what shall be there.
    public var target: [Float]
    /// That of what is there and shall go; nil for none.
    public var anchor: [Float]?
    /// That of which tokens are meant: the more similar, the more they change. Nil changes all alike.
    public var control: [Float]?
    /// How far.
    public var scale: Float
    /// Whether tokens that are similar to the anchor change by that much more. Without an anchor it does nothing.
    public var enhances: Bool
    /// Four numbers of 0...1, none below the one before it: how similar a token is to the control, from the least in the
    /// picture to the most, for it to change in the next way.
    public var thresholds: [Float]

    /// A change.
    public init(
      target: [Float], anchor: [Float]? = nil, control: [Float]? = nil, scale: Float, enhances: Bool = false,
      thresholds: [Float] = TokenManipulation.defaultThresholds
    ) {
      self.target = target
      self.anchor = anchor
      self.control = control
      self.scale = scale
      self.enhances = enhances
      self.thresholds = thresholds
    }
  }

  /// Those of the published program.
  public static let defaultThresholds: [Float] = [0.5, 0.55, 0.65, 0.95]

  /// Changes the tokens of a picture, one step after another; that of the picture as a whole stays.
  ///
  /// With `D = scale - s(class, t)`, or where a step enhances and has an anchor `a`, `D = scale - s(class, a)`, a token gains
  /// `w t`, and with an anchor `(w + e)(t - a)`, where `e = s(x, a)` if the step enhances, else 0. How `w` follows from `D` is
  /// said by ``weight(_:distance:thresholds:)``. Steps do nothing unless one of them has a scale above 0. A step whose
  /// control is as similar to all tokens changes none of them.
  ///
  /// - Parameters:
  ///   - tokens: `[M, C]`, row-major, without the class token.
  ///   - classToken: `[C]`.
  ///   - steps: embeddings of C numbers.
  /// - Returns: `[M, C]`.
  public static func local(_ tokens: [Float], classToken: [Float], steps: [Step]) -> [Float] {
    let width = classToken.count
    precondition(width > 0 && tokens.count % width == 0, "\(tokens.count) numbers in tokens of \(width)")
    guard steps.contains(where: { $0.scale > 0 }) else { return tokens }
    var x = tokens
    for step in steps {
      let enhances = step.enhances && step.anchor != nil
      let distance = step.scale - dot(classToken[...], enhances ? step.anchor ?? step.target : step.target)
      let shares: [Float]? = step.control.map { Self.shares(of: Self.similarities(x, to: $0)) }
      if let shares, shares.isEmpty { continue }
      let direction = step.anchor.map { zip(step.target, $0).map { $0 - $1 } } ?? step.target
      for token in 0..<x.count / width {
        let place = token * width..<(token + 1) * width
        var weight = shares.map { Self.weight($0[token], distance: distance, thresholds: step.thresholds) } ?? distance
        if enhances, let anchor = step.anchor { weight += dot(x[place], anchor) }
        for (index, change) in zip(place, direction) { x[index] += weight * change }
      }
    }
    return x
  }

  /// Changes the token of a picture as a whole, for networks that attend to it alone.
  ///
  /// With an anchor `a`: `v += S (t - a)`, or where the step enhances `v -= s(v, a) a`, then `v += S t`. Without:
  /// `v += (S - s(v, t)) t`, or where the step enhances `v += S t`. Steps do nothing unless one has a scale above 0.
  ///
  /// - Parameter token: `[C]`.
  public static func global(_ token: [Float], steps: [Step]) -> [Float] {
    guard steps.contains(where: { $0.scale > 0 }) else { return token }
    var v = token
    func add(_ factor: Float, _ vector: [Float]) { for index in v.indices { v[index] += factor * vector[index] } }
    for step in steps {
      if let anchor = step.anchor {
        guard step.enhances else {
          add(step.scale, zip(step.target, anchor).map { $0 - $1 })
          continue
        }
        add(-dot(v[...], anchor), anchor)
      }
      add(step.enhances ? step.scale : step.scale - dot(v[...], step.target), step.target)
    }
    return v
  }

  /// How much a token changes.
  ///
  /// `-2 D` up to the first threshold; from there to the second from `-D` to 0, to the third to `D / 2`, to the fourth to `D`,
  /// and `D` above: what is unrelated to the control moves away from the target.
  ///
  /// - Parameter share: the token's similarity to the control, 0 for the least similar of the picture and 1 for the most.
  public static func weight(_ share: Float, distance: Float, thresholds t: [Float]) -> Float {
    precondition(t.count == 4, "\(t.count) thresholds")
    if share <= t[0] { return -2 * distance }
    if share <= t[1] { return -distance + distance * (share - t[0]) / (t[1] - t[0]) }
    if share <= t[2] { return distance / 2 * (share - t[1]) / (t[2] - t[1]) }
    if share <= t[3] { return distance / 2 + distance / 2 * (share - t[2]) / (t[3] - t[2]) }
    return distance
  }

  /// How similar each token is to a text.
  ///
  /// - Parameter tokens: `[M, C]`, row-major.
  /// - Returns: `[M]`.
  public static func similarities(_ tokens: [Float], to text: [Float]) -> [Float] {
    stride(from: 0, to: tokens.count, by: max(text.count, 1)).map { dot(tokens[$0..<$0 + text.count], text) }
  }

  /// The numbers from 0, the least, to 1, the most; none if all are the same.
  package static func shares(of values: [Float]) -> [Float] {
    guard let least = values.min(), let most = values.max(), most > least else { return [] }
    return values.map { ($0 - least) / (most - least) }
  }

  private static func dot(_ x: ArraySlice<Float>, _ y: [Float]) -> Float {
    Float(zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
  }
}
