// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Pooling by its definition.
enum PoolingOracle {
  /// Windows of `x [B, H, W, C]`. The padding counts for a mean, if at all, as far as it reaches: what a window that is
  /// rounded up to has behind it does not.
  static func pool(_ pooling: Pooling, _ x: Values, _ g: PoolingGeometry, outShape: Shape) -> Expectation {
    var result = Expectation([])
    let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
    for sample in 0..<outShape[0] {
      for row in 0..<outShape[1] {
        for column in 0..<outShape[2] {
          let (top, left) = (row * g.stride - g.padding, column * g.stride - g.padding)
          for channel in 0..<channels {
            var elements: [Double] = []
            var padded = 0
            for y in top..<top + g.kernelHeight {
              for across in left..<left + g.kernelWidth {
                if (0..<height).contains(y) && (0..<width).contains(across) {
                  elements.append(x.elements[((sample * height + y) * width + across) * channels + channel])
                }
                if y < height + g.padding && across < width + g.padding { padded += 1 }
              }
            }
            switch pooling {
            case .max:
              result.values.append(elements.contains(where: \.isNaN) ? .nan : elements.max() ?? .nan)
              result.magnitudes.append(0)
            case .average(let countsPadding):
              let count = Double(countsPadding ? padded : elements.count)
              result.values.append(elements.reduce(0, +) / count)
              result.magnitudes.append(elements.reduce(0) { $0 + abs($1) } / count)
            }
          }
        }
      }
    }
    return result
  }
}
