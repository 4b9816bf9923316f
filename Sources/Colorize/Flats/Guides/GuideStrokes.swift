// SPDX-License-Identifier: Apache-2.0

/// The guide strokes of a drawing, parted from its lines.
///
/// A stroke of a bright colour takes no light from its strongest channel (red from a red one), so that this channel
/// shows the drawing as if the stroke were not there, also where it crosses a line.
struct GuideStrokes {
  /// Row-major: 0 where no stroke is, else the number of its kind, from 1.
  let kinds: [UInt8]
  /// The drawing without them, in its own channels.
  let drawing: Image

  /// Least chroma (the largest sample less the smallest) of a stroke's core.
  private static let leastChroma = 64
  /// Least chroma of its soft edge, and how far from the core that may be.
  private static let fringeChroma = 10
  private static let fringe = 2
  /// Least largest sample: darker colours are coloured ink.
  private static let leastValue = 128

  init(_ image: Image, options: GuideOptions) {
    let (width, height) = (image.width, image.height)
    guard image.channels >= 3 else {
      kinds = [UInt8](repeating: 0, count: width * height)
      drawing = image
      return
    }
    let matcher = HueMatcher(options)
    let channels = image.channels
    var cores = [UInt8](repeating: 0, count: width * height)
    // How bright each kind of stroke is where it is full: its strongest channel stands for white.
    var brightness = [[Int]](repeating: [Int](repeating: 0, count: 256), count: options.kinds.count)
    image.pixels.withUnsafeBufferPointer { source in
      for pixel in 0..<width * height {
        let start = pixel * channels
        let color = RGB(source[start], source[start + 1], source[start + 2])
        guard channels < 4 || source[start + 3] >= 128 else { continue }
        let value = max(color.red, color.green, color.blue)
        guard value >= Self.leastValue, matcher.chroma(color) >= Self.leastChroma, let kind = matcher.kind(of: color)
        else { continue }
        cores[pixel] = UInt8(kind + 1)
        brightness[kind][Int(value)] += 1
      }
    }
    let whites = brightness.map(Self.median)
    var pixels = image.pixels
    var kinds = cores
    for y in 0..<height {
      for x in 0..<width {
        let pixel = y * width + x
        let start = pixel * channels
        let color = RGB(pixels[start], pixels[start + 1], pixels[start + 2])
        var kind = Int(cores[pixel])
        if kind == 0 {
          guard matcher.chroma(color) >= Self.fringeChroma, let own = matcher.kind(of: color),
            Self.isNear(own + 1, cores, x, y, width, height)
          else { continue }
          kind = own + 1
        }
        let value = Int(max(color.red, color.green, color.blue))
        // Towards the edge a bright stroke turns into paper, which is as bright or brighter.
        let white = max(whites[kind - 1], 1)
        let grey = UInt8(min(255, value >= white ? 255 : value * 255 / white))
        for channel in 0..<3 { pixels[start + channel] = grey }
        // Below the half it is a line that a stroke crosses.
        kinds[pixel] = grey >= 128 && cores[pixel] != 0 ? UInt8(kind) : 0
      }
    }
    self.kinds = kinds
    drawing = Image(checkedWidth: width, height: height, channels: channels, pixels: pixels)
  }

  private static func median(_ histogram: [Int]) -> Int {
    let total = histogram.reduce(0, +)
    var sum = 0
    for (value, count) in histogram.enumerated() {
      sum += count
      if sum * 2 >= total, total > 0 { return value }
    }
    return 255
  }

  private static func isNear(_ kind: Int, _ cores: [UInt8], _ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Bool {
    for row in max(0, y - fringe)...min(height - 1, y + fringe) {
      for column in max(0, x - fringe)...min(width - 1, x + fringe) where Int(cores[row * width + column]) == kind {
        return true
      }
    }
    return false
  }
}

/// Which kind of stroke a colour's hue belongs to.
private struct HueMatcher {
  private let kinds: [(hue: Double, tolerance: Double)]

  init(_ options: GuideOptions) {
    kinds = options.kinds.map { (($0.hue.truncatingRemainder(dividingBy: 360) + 360), $0.tolerance) }
  }

  func chroma(_ color: RGB) -> Int {
    Int(max(color.red, color.green, color.blue)) - Int(min(color.red, color.green, color.blue))
  }

  func kind(of color: RGB) -> Int? {
    let (red, green, blue) = (Double(color.red), Double(color.green), Double(color.blue))
    let (most, least) = (max(red, green, blue), min(red, green, blue))
    guard most > least else { return nil }
    let sector =
      most == red
      ? (green - blue) / (most - least)
      : most == green ? 2 + (blue - red) / (most - least) : 4 + (red - green) / (most - least)
    let hue = sector * 60
    return kinds.firstIndex { kind in
      let turn = abs(hue - kind.hue).truncatingRemainder(dividingBy: 360)
      return min(turn, 360 - turn) <= kind.tolerance
    }
  }
}

extension Image {
  /// The drawing without its guide strokes: what lies under them, a line that one crosses or the paper.
  ///
  /// - Throws: ``FlatsError/invalidOption(reason:)``.
  public func removingGuides(_ options: GuideOptions = .default) throws(FlatsError) -> Image {
    try options.validate()
    return GuideStrokes(self, options: options).drawing
  }
}
