// SPDX-License-Identifier: Apache-2.0

/// How much ink each pixel of a drawing holds: 0 for paper, 255 for the darkest lines of the drawing.
///
/// Ink is what differs from the paper in any channel, so that lines of every colour count. The paper's colour is found
/// per block, because scans are uneven, and the scale by the strong lines, so that a pencil's grey counts as much as
/// black ink does.
struct InkMap {
  /// What the ink lies on.
  let paper: PaperLevels
  /// The polarity that was given or found.
  let polarity: SketchPolarity
  let width: Int
  let height: Int
  /// Row-major.
  private(set) var values: [UInt8]
  /// What the paper's grain and a scanner's noise reach, on the scale of `values`.
  private(set) var noise: Int
  /// What the paper's own texture reaches: 0 for paper of one colour, else ``noise``.
  private(set) var grain: UInt8 = 0

  /// - Parameter polarity: automatic decides by ``Image/detectedPolarity``.
  init(_ image: Image, polarity: SketchPolarity = .automatic) {
    let found = polarity == .automatic ? image.detectedPolarity : polarity
    paper = PaperLevels(image, isInverted: found == .lightOnDark)
    self.polarity = found
    width = image.width
    height = image.height
    values = Self.distances(of: image, from: paper)
    noise = 0
    scaleToStrongLines()
  }

  /// The share of the paper's light that is missing in the channel where most is, 0...255.
  private static func distances(of image: Image, from paper: PaperLevels) -> [UInt8] {
    let (width, height, channels) = (image.width, image.height, image.channels)
    return [UInt8](unsafeUninitializedCapacity: width * height) { target, count in
      nonisolated(unsafe) let target = target
      image.pixels.withUnsafeBufferPointer { source in
        nonisolated(unsafe) let source = source
        ParallelRows.forEach(height: height, width: width) { rows in
          var scales = [Float](repeating: 0, count: width * 3)
          for y in rows {
            paper.fillRow(y, of: &scales)
            scales.withUnsafeBufferPointer { scales in
              for x in 0..<width {
                let (red, green, blue) = paper.light(source, at: (y * width + x) * channels)
                let least = min(
                  Float(red) * scales[x * 3], Float(green) * scales[x * 3 + 1], Float(blue) * scales[x * 3 + 2])
                target[y * width + x] = UInt8(max(0, 255 - least))
              }
            }
          }
        }
      }
      count = width * height
    }
  }

  /// Scales the values so that the strong lines reach 255.
  private mutating func scaleToStrongLines() {
    var histogram = [Int](repeating: 0, count: 256)
    for value in values { histogram[Int(value)] += 1 }
    var (sum, median) = (0, 0)
    while median < 255, (sum + histogram[median]) * 2 < values.count {
      sum += histogram[median]
      median += 1
    }
    // Half of a drawing and more is paper, which deviates to both sides alike. Where ink covers most, this says nothing.
    let floor = min(max(16, 4 * median), 40)
    let inked = histogram[floor...].reduce(0, +)
    noise = floor
    grain = median == 0 ? 0 : UInt8(floor)
    guard inked > 0 else { return }
    var (above, strong) = (0, 255)
    while above + histogram[strong] <= inked / 10 {
      above += histogram[strong]
      strong -= 1
    }
    // Fainter than this is no drawing but the paper's own texture.
    strong = max(strong, 64)
    guard strong < 255 else { return }
    let table = (0...255).map { UInt8(min(255, $0 * 255 / strong)) }
    for index in values.indices { values[index] = table[Int(values[index])] }
    noise = floor * 255 / strong
    grain = table[Int(grain)]
  }
}
