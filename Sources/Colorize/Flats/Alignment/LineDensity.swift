// SPDX-License-Identifier: Apache-2.0

/// Line art in few pixels: how much of each is line, as if all lines were about as wide as a pixel of it.
struct LineDensity {
  private let lines: LineMask
  /// The mean width of the lines in the drawing's pixels.
  private let lineWidth: Double
  /// How much lighter paper is than a line, in CIELAB.
  private static let contrast: Float = 60

  init(_ lines: LineMask) {
    self.lines = lines
    let (width, height) = (lines.width, lines.height)
    var (area, bounds) = (0, 0)
    lines.values.withUnsafeBufferPointer { values in
      for y in 0..<height {
        for x in 0..<width where values[y * width + x] == 1 {
          area += 1
          if x == 0 || values[y * width + x - 1] == 0 { bounds += 1 }
          if x == width - 1 || values[y * width + x + 1] == 0 { bounds += 1 }
          if y == 0 || values[(y - 1) * width + x] == 0 { bounds += 1 }
          if y == height - 1 || values[(y + 1) * width + x] == 0 { bounds += 1 }
        }
      }
    }
    lineWidth = max(1, 2 * Double(area) / Double(max(bounds, 1)))
  }

  /// Width and height in units of the longer side.
  var extent: SIMD2<Double> {
    SIMD2(Double(lines.width), Double(lines.height)) / Double(max(lines.width, lines.height, 1))
  }

  /// The edges of the lines in a frame with a longer side of `side` pixels.
  func edges(side: Int, blur: Float) -> EdgePlanes {
    let frame = Self.frame(side: side, width: lines.width, height: lines.height)
    var counts = [Float](repeating: 0, count: frame.width * frame.height)
    lines.values.withUnsafeBufferPointer { values in
      for y in 0..<lines.height {
        let row = y * frame.height / lines.height * frame.width
        for x in 0..<lines.width where values[y * lines.width + x] == 1 {
          counts[row + x * frame.width / lines.width] += 1
        }
      }
    }
    // A line that crosses a pixel of the frame covers its own width of the pixel's side.
    let box = Double(lines.width) * Double(lines.height) / Double(counts.count)
    let scale = Float(1 / (box.squareRoot() * lineWidth))
    return EdgePlanes(
      counts.map { SIMD4(Self.contrast * min($0 * scale, 1), 0, 0, 0) }, width: frame.width, height: frame.height,
      blur: blur)
  }

  /// The frame of a picture's aspect with that longer side.
  static func frame(side: Int, width: Int, height: Int) -> (width: Int, height: Int) {
    let factor = Double(side) / Double(max(width, height))
    return (
      max(1, Int((Double(width) * factor).rounded())), max(1, Int((Double(height) * factor).rounded()))
    )
  }
}
