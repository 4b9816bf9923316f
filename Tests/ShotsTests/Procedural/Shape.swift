// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation

/// A point of a scene, in its own units: about 1 across.
typealias Point = SIMD2<Double>

/// A shape of a scene: what lies in it.
enum Shape {
  /// An ellipse, turned by an angle.
  case ellipse(center: Point, radii: Point, angle: Double = 0)
  /// All within a distance of a line between two points; the distance goes from one to the other.
  case limb(from: Point, to: Point, width: Double, endWidth: Double)
  /// A polygon without crossings.
  case polygon([Point])

  func contains(_ p: Point) -> Bool {
    switch self {
    case .ellipse(let center, let radii, let angle):
      let d = p - center
      let x = (d.x * cos(angle) + d.y * sin(angle)) / radii.x
      let y = (d.y * cos(angle) - d.x * sin(angle)) / radii.y
      return x * x + y * y <= 1
    case .limb(let from, let to, let width, let endWidth):
      let along = to - from
      let length = (along * along).sum()
      let place = length > 0 ? min(max(((p - from) * along).sum() / length, 0), 1) : 0
      let d = p - from - place * along
      let reach = width + (endWidth - width) * place
      return (d * d).sum() <= reach * reach
    case .polygon(let points):
      var isInside = false
      var previous = points[points.count - 1]
      for point in points {
        if (point.y > p.y) != (previous.y > p.y),
          p.x < (previous.x - point.x) * (p.y - point.y) / (previous.y - point.y) + point.x
        {
          isInside.toggle()
        }
        previous = point
      }
      return isInside
    }
  }
}

/// One part of a scene: what hides what follows from the order of parts.
struct Part {
  /// What it is, from frame to frame: both sleeves are two parts.
  let name: String
  /// Its colour.
  let color: RGB
  let shape: Shape
}

/// A drawn frame: lines, colours, and which part each pixel shows.
struct DrawnFrame {
  let sketch: Image
  /// Colours under the lines.
  let painting: Image
  /// The part of each pixel, by its place in `names`.
  let labels: [Int]
  let names: [String]
  let colors: [RGB]
}

extension DrawnFrame {
  /// Draws parts, the first one at the back.
  ///
  /// - Parameter camera: from a picture's place, 0...1 in both directions, to the scene's.
  init(_ parts: [Part], size: Int, lineWidth: Double = 2, camera: (Point) -> Point) throws {
    let scale = 3
    let side = size * scale
    var fine = [Int](repeating: 0, count: side * side)
    for y in 0..<side {
      for x in 0..<side {
        let p = camera(Point((Double(x) + 0.5) / Double(side), (Double(y) + 0.5) / Double(side)))
        if let hit = parts.lastIndex(where: { $0.shape.contains(p) }) { fine[y * side + x] = hit }
      }
    }
    // A line wherever another part is nearer than half its width.
    let reach = max(1, Int((lineWidth * Double(scale) / 2).rounded()))
    var ink = [UInt8](repeating: 0, count: side * side)
    func mark(_ x: Int, _ y: Int) {
      for dy in -reach...reach {
        for dx in -reach...reach where dx * dx + dy * dy <= reach * reach {
          let (u, v) = (x + dx, y + dy)
          if u >= 0, v >= 0, u < side, v < side { ink[v * side + u] = 1 }
        }
      }
    }
    for y in 0..<side {
      for x in 0..<side {
        let own = fine[y * side + x]
        if x + 1 < side, fine[y * side + x + 1] != own { mark(x, y) }
        if y + 1 < side, fine[(y + 1) * side + x] != own { mark(x, y) }
      }
    }
    var (sketch, painting, labels) = ([UInt8](), [UInt8](), [Int]())
    for y in 0..<size {
      for x in 0..<size {
        var count = 0
        for dy in 0..<scale {
          for dx in 0..<scale { count += Int(ink[(y * scale + dy) * side + x * scale + dx]) }
        }
        let cover = Double(count) / Double(scale * scale)
        sketch.append(UInt8((255 * (1 - cover) + 20 * cover).rounded()))
        let label = fine[(y * scale + 1) * side + x * scale + 1]
        labels.append(label)
        let color = parts[label].color
        for value in [color.red, color.green, color.blue] {
          painting.append(UInt8((Double(value) * (1 - cover) + 20 * cover).rounded()))
        }
      }
    }
    self.sketch = try Image(width: size, height: size, channels: 1, pixels: sketch)
    self.painting = try Image(width: size, height: size, channels: 3, pixels: painting)
    self.labels = labels
    names = parts.map(\.name)
    colors = parts.map(\.color)
  }
}
