// SPDX-License-Identifier: Apache-2.0

extension Mask {
  /// What a mask of a figure is not likely to be.
  package enum Suspicion {
    /// Nearly nothing is figure.
    case empty
    /// Nearly everything is figure.
    case full
    /// Most of the border is figure, and the middle is much less so: the background was marked.
    case inverted
  }

  /// Whether something seems wrong with the mask of a figure; nil if nothing does.
  ///
  /// - Parameter threshold: values above it are figure.
  package func suspicion(threshold: Float) -> Suspicion? {
    var (all, border, middle) = (Count(), Count(), Count())
    let margin = max(1, min(width, height) / 50)
    for y in 0..<height {
      for x in 0..<width {
        let isFigure = values[y * width + x] > threshold
        all.add(isFigure)
        if x < margin || y < margin || x >= width - margin || y >= height - margin { border.add(isFigure) }
        if abs(2 * x - width) * 2 < width, abs(2 * y - height) * 2 < height { middle.add(isFigure) }
      }
    }
    if all.share < 0.002 { return .empty }
    if all.share > 0.998 { return .full }
    return border.share > 0.6 && border.share - middle.share > 0.3 ? .inverted : nil
  }

  private struct Count {
    private var figure = 0
    private var total = 0
    var share: Double { total == 0 ? 0 : Double(figure) / Double(total) }

    mutating func add(_ isFigure: Bool) {
      total += 1
      if isFigure { figure += 1 }
    }
  }
}
