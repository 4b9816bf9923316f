// SPDX-License-Identifier: Apache-2.0

import DiffusionTraining

/// Line art made of a coloured picture, in one of many ways, so that the network learns to take people's lines as they come.
///
/// What is darker than its neighbourhood in all of red, green and blue is a line (a high-pass filter); in some drawings
/// edges between colours are too, for pictures that have no outlines. The lines' strength, width and softness vary.
struct LineDrawing: Sendable, Hashable {
  /// The neighbourhood's radius, in pixels of a picture of 512 x 512.
  var radius: Float
  /// How strong lines become.
  var gain: Float
  /// What is weaker than this share of the typical line is paper.
  var floor: Float
  /// How much edges between colours count, 0...1.
  var edges: Float
  /// By how many pixels of 512 lines are blurred; 0 for none.
  var softness: Float

  /// A drawing in the middle of all.
  static let plain = LineDrawing(radius: 5, gain: 1.6, floor: 0.12, edges: 0.5, softness: 0)

  init(radius: Float, gain: Float, floor: Float, edges: Float, softness: Float) {
    self.radius = radius
    self.gain = gain
    self.floor = floor
    self.edges = edges
    self.softness = softness
  }

  /// One of the ways.
  init(_ random: inout TrainingRandom) {
    radius = Float(random.uniform(2.5...8))
    gain = Float(random.uniform(1...2.2))
    floor = Float(random.uniform(0.05...0.3))
    edges = Float(random.happens(0.5) ? random.uniform(0.2...0.9) : 0)
    softness = Float(random.happens(0.3) ? random.uniform(0.5...1.2) : 0)
  }

  /// The ink of a picture: 0 paper to 1 line.
  ///
  /// - Parameter picture: red, green and blue, 0...1.
  func ink(of picture: Plane) -> Plane {
    let scale = Float(max(picture.width, picture.height)) / 512
    let around = picture.blurred(sigma: max(0.8, radius * scale))
    var lines = Plane(width: picture.width, height: picture.height, channels: 1, repeating: 0)
    for pixel in 0..<lines.values.count {
      var least = Float.infinity
      for channel in 3 * pixel..<3 * pixel + 3 { least = min(least, around.values[channel] - picture.values[channel]) }
      lines.values[pixel] = max(0, least)
    }
    // The typical line; what is below 8 of 255 is no line.
    var strong = lines.values.filter { $0 > 8 / 255 }
    strong.sort()
    let typical = max(16 / 255, strong.isEmpty ? 0 : strong[strong.count / 2])
    for pixel in lines.values.indices {
      let value = (lines.values[pixel] / typical * 0.5 - floor) / (1 - floor)
      lines.values[pixel] = min(1, max(0, value) * gain)
    }
    if edges > 0 { addEdges(of: picture, to: &lines, scale: scale) }
    return softness > 0 ? lines.blurred(sigma: max(0.4, softness * scale)) : lines
  }

  /// Where colours meet, the larger step of both axes; not beside a line, whose own two sides are no lines.
  private func addEdges(of picture: Plane, to lines: inout Plane, scale: Float) {
    let near = lines.blurred(sigma: max(1, 2.5 * scale))
    let smooth = picture.blurred(sigma: 0.7)
    let (width, height) = (picture.width, picture.height)
    func step(_ one: Int, _ other: Int) -> Float {
      var sum: Float = 0
      for channel in 0..<3 {
        let difference = smooth.values[3 * one + channel] - smooth.values[3 * other + channel]
        sum += difference * difference
      }
      return sum
    }
    for y in 0..<height {
      for x in 0..<width {
        let pixel = y * width + x
        let across = step(y * width + max(x - 1, 0), y * width + min(x + 1, width - 1))
        let down = step(max(y - 1, 0) * width + x, min(y + 1, height - 1) * width + x)
        let strength = (max(across, down).squareRoot() - 0.08) * 2.5
        let alone = max(0, 1 - 6 * near.values[pixel])
        lines.values[pixel] = max(lines.values[pixel], alone * edges * min(1, max(0, strength)))
      }
    }
  }
}
