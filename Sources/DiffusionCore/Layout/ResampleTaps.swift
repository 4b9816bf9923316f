// SPDX-License-Identifier: Apache-2.0

/// A linear map along one axis: for every output position, which inputs it reads and with which weights.
///
/// Nearest, bilinear, bicubic and area resampling, antialiased or not, with corners aligned or not, differ in this
/// table only, so that a backend has one primitive for all of them.
public struct ResampleTaps: Sendable, Hashable {
  /// The extent of the axis that is read.
  public let inputExtent: Int
  /// The extent of the axis that is made.
  public let outputExtent: Int
  /// How many inputs an output reads.
  public let width: Int
  /// `[outputExtent, width]`, each in `0..<inputExtent`.
  public let indices: [Int32]
  /// `[outputExtent, width]`.
  public let weights: [Float]

  /// A table of taps.
  ///
  /// - Parameters:
  ///   - indices: `[outputExtent, width]`, each in `0..<inputExtent`.
  ///   - weights: `[outputExtent, width]`.
  public init(inputExtent: Int, outputExtent: Int, width: Int, indices: [Int32], weights: [Float]) {
    precondition(
      indices.count == outputExtent * width && weights.count == indices.count,
      "\(indices.count) indices and \(weights.count) weights for \(outputExtent) x \(width) taps")
    precondition(indices.allSatisfy { $0 >= 0 && $0 < inputExtent }, "a tap outside 0..<\(inputExtent)")
    self.inputExtent = inputExtent
    self.outputExtent = outputExtent
    self.width = width
    self.indices = indices
    self.weights = weights
  }

  /// Bicubic taps (Keys 1981) as PyTorch's `interpolate(mode: "bicubic")` makes them.
  ///
  /// - Parameters:
  ///   - antialias: stretches the kernel when shrinking and uses `a = -0.5`; else `a = -0.75`. Taps outside the image
  ///     are dropped and the rest normalised with antialiasing, and clamped to the edge without.
  ///   - alignCorners: maps the centres of the corner pixels onto each other, instead of the outer edges.
  ///   - scale: inputs per output; nil takes it from the extents.
  public static func bicubic(
    from input: Int, to output: Int, antialias: Bool = false, alignCorners: Bool = false, scale: Double? = nil
  ) -> ResampleTaps {
    let natural: Double =
      alignCorners
      ? (output > 1 ? Double(input - 1) / Double(output - 1) : 0) : Double(input) / Double(output)
    let scale = scale ?? natural
    return antialias
      ? antialiased(from: input, to: output, scale: scale, alignCorners: alignCorners)
      : interpolating(from: input, to: output, scale: scale, alignCorners: alignCorners)
  }

  private static func cubic(_ x: Double, a: Double) -> Double {
    let t = Swift.abs(x)
    if t < 1 { return ((a + 2) * t - (a + 3)) * t * t + 1 }
    if t < 2 { return a * (((t - 5) * t + 8) * t - 4) }
    return 0
  }

  private static func interpolating(from input: Int, to output: Int, scale: Double, alignCorners: Bool) -> ResampleTaps
  {
    var indices: [Int32] = []
    var weights: [Float] = []
    for o in 0..<output {
      let position = alignCorners ? scale * Double(o) : scale * (Double(o) + 0.5) - 0.5
      let base = position.rounded(.down)
      for tap in -1...2 {
        let index = Swift.min(Swift.max(Int(base) + tap, 0), input - 1)
        indices.append(Int32(index))
        weights.append(Float(cubic(position - base - Double(tap), a: -0.75)))
      }
    }
    return ResampleTaps(inputExtent: input, outputExtent: output, width: 4, indices: indices, weights: weights)
  }

  private static func antialiased(from input: Int, to output: Int, scale: Double, alignCorners: Bool) -> ResampleTaps {
    let stretch = Swift.max(scale, 1)
    let support = 2 * stretch
    let width = Int(support.rounded(.up)) * 2 + 1
    var indices: [Int32] = []
    var weights: [Float] = []
    for o in 0..<output {
      // PyTorch's antialiased kernel keeps the half-pixel centre even when corners are aligned; only the scale changes.
      let centre = scale * (Double(o) + 0.5)
      let first = Swift.max(Int(centre - support + 0.5), 0)
      let last = Swift.min(Int(centre + support + 0.5), input)
      let raw = (0..<width).map { j in
        first + j < last ? cubic((Double(first + j) - centre + 0.5) / stretch, a: -0.5) : 0
      }
      let total = raw.reduce(0, +)
      for (j, weight) in raw.enumerated() {
        indices.append(Int32(Swift.min(first + j, input - 1)))
        weights.append(Float(total == 0 ? 0 : weight / total))
      }
    }
    return ResampleTaps(inputExtent: input, outputExtent: output, width: width, indices: indices, weights: weights)
  }
}
