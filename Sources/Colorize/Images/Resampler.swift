/// Bicubic resampling on the host, one axis at a time, in 32-bit floats.
///
/// The kernel is Catmull-Rom's (Keys 1981, a = -0.5). Pixel centres lie at half-integers. Where an axis shrinks, the
/// kernel is stretched by the factor, which makes it a low-pass filter (antialias). Taps beyond the edge read the
/// edge pixel, and the weights of a pixel add up to 1. The order of the sums is fixed, so the result is the same on
/// every run.
struct Resampler {
  /// The taps of one output position: consecutive source positions, already clamped, with their weights.
  struct Taps {
    var indices: [Int]
    var weights: [Float]
  }

  let sourceWidth: Int
  let sourceHeight: Int
  let columns: [Taps]
  let rows: [Taps]

  init(from source: (width: Int, height: Int), to target: (width: Int, height: Int)) {
    sourceWidth = source.width
    sourceHeight = source.height
    columns = Self.taps(from: source.width, to: target.width)
    rows = Self.taps(from: source.height, to: target.height)
  }

  /// Resamples row by row.
  ///
  /// Only one row of floats is held, because a plane of floats for the largest image would take a gigabyte.
  ///
  /// - Parameters:
  ///   - channels: Interleaved samples of a pixel.
  ///   - read: Fills a row of `sourceWidth * channels` floats with a source row.
  ///   - emit: Takes the finished rows, from the top, as `columns.count * channels` floats.
  func run(
    channels: Int,
    read: (_ row: Int, _ into: inout [Float]) -> Void,
    emit: (_ row: Int, _ values: [Float]) -> Void
  ) {
    var source = [Float](repeating: 0, count: sourceWidth * channels)
    var sum = source
    var result = [Float](repeating: 0, count: columns.count * channels)
    for (y, taps) in rows.enumerated() {
      for index in sum.indices { sum[index] = 0 }
      for (row, weight) in zip(taps.indices, taps.weights) {
        read(row, &source)
        Self.accumulate(source, times: weight, into: &sum)
      }
      shrinkRow(sum, channels: channels, into: &result)
      emit(y, result)
    }
  }

  private static func accumulate(_ source: [Float], times weight: Float, into sum: inout [Float]) {
    source.withUnsafeBufferPointer { source in
      sum.withUnsafeMutableBufferPointer { sum in
        for index in 0..<sum.count { sum[index] += source[index] * weight }
      }
    }
  }

  private func shrinkRow(_ row: [Float], channels: Int, into result: inout [Float]) {
    row.withUnsafeBufferPointer { row in
      result.withUnsafeMutableBufferPointer { result in
        for (x, taps) in columns.enumerated() {
          for channel in 0..<channels {
            var value: Float = 0
            for tap in 0..<taps.indices.count {
              value += row[taps.indices[tap] * channels + channel] * taps.weights[tap]
            }
            result[x * channels + channel] = value
          }
        }
      }
    }
  }

  /// The taps of every output position along one axis.
  static func taps(from source: Int, to target: Int) -> [Taps] {
    guard source != target else { return (0..<target).map { Taps(indices: [$0], weights: [1]) } }
    let scale = Double(source) / Double(target)
    let stretch = max(scale, 1)
    return (0..<target).map { position in
      let center = (Double(position) + 0.5) * scale - 0.5
      let first = Int((center - 2 * stretch).rounded(.up))
      let last = Int((center + 2 * stretch).rounded(.down))
      let weights = (first...last).map { cubic((Double($0) - center) / stretch) }
      let sum = weights.reduce(0, +)
      return Taps(
        indices: (first...last).map { min(max($0, 0), source - 1) },
        weights: weights.map { Float($0 / sum) })
    }
  }

  /// Keys' cubic convolution kernel with a = -0.5.
  private static func cubic(_ offset: Double) -> Double {
    let x = abs(offset)
    if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
    if x < 2 { return ((-0.5 * x + 2.5) * x - 4) * x + 2 }
    return 0
  }
}
