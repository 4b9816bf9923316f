// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Matrix products and convolutions by their definitions.
enum ProductOracle {
  /// `a [B, M, K] x b [B, K, N]`; the magnitude is the sum of the products' magnitudes.
  static func matmul(_ a: Values, _ b: Values) -> Expectation {
    let (batch, m, k, n) = (a.shape[0], a.shape[1], a.shape[2], b.shape[2])
    var values = [Double](repeating: 0, count: batch * m * n)
    var magnitudes = values
    for sample in 0..<batch {
      for row in 0..<m {
        let start = (sample * m + row) * n
        for inner in 0..<k {
          let left = a.elements[(sample * m + row) * k + inner]
          let right = (sample * k + inner) * n
          for column in 0..<n {
            let product = left * b.elements[right + column]
            values[start + column] += product
            magnitudes[start + column] += abs(product)
          }
        }
      }
    }
    return Expectation(values: values, magnitudes: magnitudes)
  }

  /// `x [M, K] x weight^T`, `weight [N, K]`, plus a bias for each column.
  static func linear(_ x: Values, weight: Values, bias: Values?) -> Expectation {
    let (m, k, n) = (x.shape[0], x.shape[1], weight.shape[0])
    var transposed = [Double](repeating: 0, count: k * n)
    for column in 0..<n {
      for inner in 0..<k { transposed[inner * n + column] = weight.elements[column * k + inner] }
    }
    var result = matmul(
      Values(shape: [1, m, k], elements: x.elements), Values(shape: [1, k, n], elements: transposed))
    result.addPerColumn(bias)
    return result
  }

  /// Cross-correlation of `x [B, H, W, I]` with `weight [O, kh, kw, I / groups]`.
  static func convolution(
    _ x: Values, weight: Values, bias: Values?, _ geometry: ConvolutionGeometry, outShape: Shape
  ) -> Expectation {
    let (height, width, channels, inputs) = (x.shape[1], x.shape[2], x.shape[3], weight.shape[3])
    let (kernelHeight, kernelWidth) = (weight.shape[1], weight.shape[2])
    let (rows, columns, n) = (outShape[1], outShape[2], outShape[3])
    var values: [Double] = []
    var magnitudes: [Double] = []
    values.reserveCapacity(outShape.elementCount)
    magnitudes.reserveCapacity(outShape.elementCount)
    for sample in 0..<outShape[0] {
      for row in 0..<rows {
        for column in 0..<columns {
          for filter in 0..<n {
            var (sum, magnitude) = (0.0, 0.0)
            let first = filter / (n / geometry.groups) * inputs
            for ky in 0..<kernelHeight {
              let y = row * geometry.stride + ky * geometry.dilation - geometry.paddingBefore
              guard y >= 0, y < height * geometry.upsampling else { continue }
              for kx in 0..<kernelWidth {
                let across = column * geometry.stride + kx * geometry.dilation - geometry.paddingBefore
                guard across >= 0, across < width * geometry.upsampling else { continue }
                let pixel = ((sample * height + y / geometry.upsampling) * width + across / geometry.upsampling)
                let tap = (filter * kernelHeight + ky) * kernelWidth + kx
                for channel in 0..<inputs {
                  let product =
                    x.elements[pixel * channels + first + channel] * weight.elements[tap * inputs + channel]
                  sum += product
                  magnitude += abs(product)
                }
              }
            }
            values.append(sum)
            magnitudes.append(magnitude)
          }
        }
      }
    }
    var result = Expectation(values: values, magnitudes: magnitudes)
    result.addPerColumn(bias)
    return result
  }

  /// The transposed map: each input adds to the outputs that its taps reach. `weight [O, kh, kw, I / groups]`.
  static func transposedConvolution(
    _ x: Values, weight: Values, bias: Values?, _ g: TransposedConvolutionGeometry, outShape: Shape
  ) -> Expectation {
    var result = Expectation([Double](repeating: 0, count: outShape.elementCount))
    let (height, width, channels, inputs) = (x.shape[1], x.shape[2], x.shape[3], weight.shape[3])
    let (rows, columns, n) = (outShape[1], outShape[2], outShape[3])
    for pixel in 0..<x.shape[0] * height * width {
      let (sample, y, column) = (pixel / (height * width), pixel / width % height, pixel % width)
      for ky in 0..<weight.shape[1] {
        for kx in 0..<weight.shape[2] {
          let outY = y * g.stride + ky * g.dilation - g.padding
          let outX = column * g.stride + kx * g.dilation - g.padding
          guard (0..<rows).contains(outY), (0..<columns).contains(outX) else { continue }
          for filter in 0..<n {
            let first = filter / (n / g.groups) * inputs
            let target = ((sample * rows + outY) * columns + outX) * n + filter
            let tap = (filter * weight.shape[1] + ky) * weight.shape[2] + kx
            for channel in 0..<inputs {
              let product = x.elements[pixel * channels + first + channel] * weight.elements[tap * inputs + channel]
              result.values[target] += product
              result.magnitudes[target] += abs(product)
            }
          }
        }
      }
    }
    result.addPerColumn(bias)
    return result
  }
}

extension Expectation {
  /// Adds a bias to each column.
  fileprivate mutating func addPerColumn(_ bias: Values?) {
    guard let bias else { return }
    for index in values.indices {
      let b = bias.elements[index % bias.elements.count]
      values[index] += b
      magnitudes[index] += abs(b)
    }
  }

  /// What follows a product: the activation, then the residual.
  func finished(_ activation: Activation, residual: Values?) -> Expectation {
    var result = self
    for index in values.indices {
      let y = ElementwiseOracle.activated(activation, values[index], magnitude: magnitudes[index])
      let added = residual?.elements[index] ?? 0
      (result.values[index], result.magnitudes[index]) = (y.value + added, y.magnitude + abs(added))
    }
    return result
  }

  /// Relates the error of each output of an image `[B, H, W, C]` to the largest magnitude within `distance` pixels.
  ///
  /// For methods that compute tiles of outputs from common terms, such as Winograd's: a term's rounding error reaches
  /// every output of its tile, also one at the border that has few large products of its own (Barabasz et al. 2020
  /// bound the error by the norm of the tile's inputs).
  func sharingErrors(within distance: Int, shape: Shape) -> Expectation {
    var result = self
    let (rows, columns, channels) = (shape[1], shape[2], shape[3])
    for (index, place) in values.indices.map({ ($0, $0 / channels) }) {
      let (sample, y, x) = (place / (rows * columns), place / columns % rows, place % columns)
      for nearY in max(0, y - distance)...min(rows - 1, y + distance) {
        for nearX in max(0, x - distance)...min(columns - 1, x + distance) {
          let near = ((sample * rows + nearY) * columns + nearX) * channels + index % channels
          result.magnitudes[index] = max(result.magnitudes[index], magnitudes[near])
        }
      }
    }
    return result
  }

  /// GEGLU of `[M, 2N]`: the left half times the GELU of the right half.
  func gated(rows: Int, columns: Int) -> Expectation {
    var result = Expectation([])
    for row in 0..<rows {
      for column in 0..<columns {
        let (value, gate) = (row * 2 * columns + column, row * 2 * columns + columns + column)
        let g = ElementwiseOracle.activated(.gelu, values[gate], magnitude: magnitudes[gate])
        result.values.append(values[value] * g.value)
        result.magnitudes.append(magnitudes[value] * abs(g.value) + abs(values[value]) * g.magnitude)
      }
    }
    return result
  }
}
