// SPDX-License-Identifier: Apache-2.0

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
    var isFilled = false
    self.init(of: image, width: width, height: height) { row, levels in
      if isFilled, paper.columns * paper.rows == 1 { return }
      paper.fill(row: row, width: image.width, into: &levels)
      isFilled = true
    }
  }

  /// Ink above the colours around it, with any of them for paper.
  init(of image: Image, paper: LocalPaper, width: Int, height: Int) {
    self.init(of: image, width: width, height: height, glow: 24) { row, levels in
      paper.fill(row: row, into: &levels)
    }
  }

  /// - Parameter glow: light that is added to ink and paper alike, so that a channel which the paper does not have at all
  ///   says nothing.
  /// - Parameter fill: puts the paper's levels along a row into `image.width * image.channels` floats.
  private init(
    of image: Image, width: Int, height: Int, glow: Float = 0, fill: (_ row: Int, _ levels: inout [Float]) -> Void
  ) {
    self.width = width
    self.height = height
    let channels = image.channels
    let planes = channels == 3 ? 2 : 1
    var levels = [Float](repeating: 0, count: image.width * channels)
    // Kept in 1/8192, which halves the memory of floats: a large scan has tens of millions of pixels.
    var ink = [Int16](repeating: 0, count: image.width * image.height * planes)
    /// What is black is ink, however wide it is, where ink is measured against what is around it.
    func solid(_ lightest: Float) -> Float { glow > 0 ? min(max((48 - lightest) / 32, 0), 1) : -.infinity }
    func fixed(_ value: Float) -> Int16 { Int16(min(max(value * 8192, -32_000), 32_000)) }
    image.pixels.withUnsafeBufferPointer { pixels in
      ink.withUnsafeMutableBufferPointer { ink in
        for y in 0..<image.height {
          fill(y, &levels)
          levels.withUnsafeBufferPointer { levels in
            for x in 0..<image.width {
              let index = y * image.width + x
              if channels == 1 {
                let value = Float(pixels[index])
                ink[index] = fixed(max(1 - (value + glow) / (levels[x] + glow), solid(value)))
              } else {
                let (r, g, b) = (Float(pixels[index * 3]), Float(pixels[index * 3 + 1]), Float(pixels[index * 3 + 2]))
                let (pr, pg, pb) = (levels[x * 3], levels[x * 3 + 1], levels[x * 3 + 2])
                let least = min((r + glow) / (pr + glow), (g + glow) / (pg + glow), (b + glow) / (pb + glow))
                let luma = (0.299 * r + 0.587 * g + 0.114 * b + glow) / (0.299 * pr + 0.587 * pg + 0.114 * pb + glow)
                let black = solid(max(r, g, b))
                ink[index * 2] = fixed(max(1 - least, black))
                ink[index * 2 + 1] = fixed(max(1 - luma, black))
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
