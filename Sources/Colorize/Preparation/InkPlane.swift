/// How much ink there is at each pixel of a drawing, as its distance from the paper's colour: 0 paper, 1 no light at all.
///
/// Ink and shadows take away a share of the paper's light, so ink is `1 - v / paper`, of the channel that loses most:
/// what a pink line takes from green and blue counts in full, where luma would call it nearly white.
struct InkPlane {
  let width: Int
  let height: Int
  /// `[height, width]`: the largest of the channels; below 0 where a pixel is lighter than the paper.
  let values: [Float]
  /// The same of luma alone.
  let luma: [Float]
  /// How strong the ink is in the drawing's own pixels: half of all ink is in pixels that are at least as strong.
  let strength: Float

  /// Ink of a drawing with dark lines, at the working size.
  ///
  /// Measured in the drawing's own pixels and then shrunk, so that a thin line keeps its share.
  ///
  /// - Parameter image: grey or RGB.
  init(of image: Image, paper: PaperMap, width: Int, height: Int) {
    self.width = width
    self.height = height
    let channels = image.channels
    let planes = channels == 3 ? 2 : 1
    var levels = [Float](repeating: 0, count: image.width * channels)
    // Kept in 1/8192, which halves the memory of floats: a large scan has tens of millions of pixels.
    var ink = [Int16](repeating: 0, count: image.width * image.height * planes)
    func fixed(_ value: Float) -> Int16 { Int16(min(max(value * 8192, -32_000), 32_000)) }
    image.pixels.withUnsafeBufferPointer { pixels in
      ink.withUnsafeMutableBufferPointer { ink in
        for y in 0..<image.height {
          if y == 0 || paper.columns * paper.rows > 1 { paper.fill(row: y, width: image.width, into: &levels) }
          levels.withUnsafeBufferPointer { levels in
            for x in 0..<image.width {
              let index = y * image.width + x
              if channels == 1 {
                ink[index] = fixed(1 - Float(pixels[index]) / levels[x])
              } else {
                let (r, g, b) = (Float(pixels[index * 3]), Float(pixels[index * 3 + 1]), Float(pixels[index * 3 + 2]))
                let (pr, pg, pb) = (levels[x * 3], levels[x * 3 + 1], levels[x * 3 + 2])
                ink[index * 2] = fixed(1 - min(r / pr, g / pg, b / pb))
                ink[index * 2 + 1] = fixed(
                  1 - (0.299 * r + 0.587 * g + 0.114 * b) / (0.299 * pr + 0.587 * pg + 0.114 * pb))
              }
            }
          }
        }
      }
    }
    strength = Self.strength(of: ink, planes: planes)
    var shrunk: [Float] = []
    shrunk.reserveCapacity(width * height * planes)
    let count = image.width * planes
    Resampler(from: (image.width, image.height), to: (width, height)).run(channels: planes) { row, target in
      ink.withUnsafeBufferPointer { ink in
        target.withUnsafeMutableBufferPointer { target in
          for index in 0..<count { target[index] = Float(ink[row * count + index]) / 8192 }
        }
      }
    } emit: { _, values in
      shrunk.append(contentsOf: values)
    }
    values = planes == 1 ? shrunk : stride(from: 0, to: shrunk.count, by: 2).map { shrunk[$0] }
    luma = planes == 1 ? shrunk : stride(from: 1, to: shrunk.count, by: 2).map { shrunk[$0] }
  }

  private static func strength(of ink: [Int16], planes: Int) -> Float {
    // In steps of 1/256, from 8% on: what is fainter may be grain.
    var masses = [Double](repeating: 0, count: 257)
    ink.withUnsafeBufferPointer { ink in
      for index in stride(from: 0, to: ink.count, by: planes) where ink[index] > 655 {
        masses[min(Int(ink[index]) / 32, 256)] += Double(ink[index])
      }
    }
    let half = masses.reduce(0, +) / 2
    guard half > 0 else { return 0 }
    var sum = 0.0
    for level in masses.indices.reversed() {
      sum += masses[level]
      if sum >= half { return Float(level) / 256 }
    }
    return 0
  }
}
