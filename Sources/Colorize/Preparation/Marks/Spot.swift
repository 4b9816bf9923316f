// SPDX-License-Identifier: Apache-2.0

/// A connected spot in a view of a sheet.
struct Spot {
  /// Its pixels.
  let pixels: [Int]
  /// The ends of its bounding box, within it.
  let (left, right, top, bottom): (Int, Int, Int, Int)
  /// Its centre of mass, in pixels.
  let (x, y): (Float, Float)
  /// The mean darkness.
  let darkness: Float
  /// How much the darkness varies away from its border.
  let variation: Float

  var width: Float { Float(right - left + 1) }
  var height: Float { Float(bottom - top + 1) }
  /// The share of its bounding box that it fills.
  var fill: Float { Float(pixels.count) / (width * height) }

  init(_ pixels: [Int], in view: SheetView, mask: [Bool]) {
    self.pixels = pixels
    let columns = view.width
    var box = (Int.max, 0, Int.max, 0)
    var (sumX, sumY, sum): (Float, Float, Float) = (0, 0, 0)
    var inner: [Float] = []
    for index in pixels {
      let (x, y) = (index % columns, index / columns)
      box = (min(box.0, x), max(box.1, x), min(box.2, y), max(box.3, y))
      sumX += Float(x)
      sumY += Float(y)
      sum += view.darkness[index]
      let isInner = [-2, 2, -2 * columns, 2 * columns].allSatisfy {
        mask.indices.contains(index + $0) && mask[index + $0]
      }
      if isInner { inner.append(view.darkness[index]) }
    }
    (left, right, top, bottom) = box
    let count = Float(max(pixels.count, 1))
    (x, y, darkness) = (sumX / count, sumY / count, sum / count)
    if inner.count > 4 {
      let mean = inner.reduce(0, +) / Float(inner.count)
      variation = (inner.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(inner.count)).squareRoot()
    } else {
      variation = 0
    }
  }

  /// Whether it is a filled circle.
  var isDisc: Bool {
    let aspect = width / height
    let share = Float(pixels.count) / (0.7854 * width * height)
    return (0.8...1.25).contains(aspect) && (0.88...1.13).contains(share) && variation < 0.2
  }

  /// Whether it is a filled rectangle about as high as wide, with or without round corners.
  var isSquare: Bool { (0.55...1.8).contains(width / height) && fill > 0.84 && variation < 0.2 }
}
