// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Pictures that anyone can make without a network: what a model has to beat.
public enum Baseline {
  /// The figure in the mean colour of the reference's figure, the ground in that of its ground.
  ///
  /// - Parameters:
  ///   - mask: the figure in the picture that is made.
  ///   - referenceMask: the figure in the reference, of its size.
  public static func meanColors(mask: Mask, reference: Image, referenceMask: Mask) throws -> Image {
    let figure = mean(of: reference, where: referenceMask.values.map { $0 >= 0.5 })
    let ground = mean(of: reference, where: referenceMask.values.map { $0 < 0.5 })
    return try Image(
      width: mask.width, height: mask.height, channels: 3,
      pixels: mask.values.flatMap { value in
        let color = value >= 0.5 ? figure : ground
        return [color.red, color.green, color.blue]
      })
  }

  /// Each region of the truth in the colour that the reference has at the same place: of the figure, within the box
  /// around it; of the ground, within the picture. Where the other side lies there, the nearest pixel of the own side.
  /// It is told where the truth's regions are, which no colourist is by the drawing alone.
  public static func nearestPlace(regions: TruthRegions, reference: Image, referenceMask: Mask) throws -> Image {
    let picture = reference.composited()
    let (width, height) = (reference.width, reference.height)
    guard referenceMask.width == width, referenceMask.height == height else {
      throw MeasureError.mismatch("The reference's mask is not of its size")
    }
    let isFigure = referenceMask.values.map { $0 >= 0.5 }
    let box = Box(isFigure, width)
    let ownBox = Box(regions.labels.map { $0 > 0 && Int($0) <= regions.figureCount }, regions.width)
    var colors = [RGB](repeating: .white, count: regions.count + 1)
    for number in 1..<max(1, regions.count + 1) where regions.areas[number] > 0 {
      let center = center(of: number, regions)
      let side = regions.side(of: number)
      var (x, y) = (
        center.x * Double(width) / Double(regions.width), center.y * Double(height) / Double(regions.height)
      )
      if side == .figure, let box, let ownBox {
        x = box.left + (center.x - ownBox.left) / ownBox.width * box.width
        y = box.top + (center.y - ownBox.top) / ownBox.height * box.height
      }
      let wanted = side == .figure
      let place = nearest(to: (x, y), width, height) { isFigure[$0] == wanted }
      colors[number] = medianColor(picture, about: place) { isFigure[$0] == wanted }
    }
    return try Image(
      width: regions.width, height: regions.height, channels: 3,
      pixels: regions.labels.flatMap { [colors[Int($0)].red, colors[Int($0)].green, colors[Int($0)].blue] })
  }

  /// The smallest box around what is set; nil around nothing.
  private struct Box {
    var (left, top, width, height) = (0.0, 0.0, 0.0, 0.0)

    init?(_ set: [Bool], _ rowWidth: Int) {
      let pixels = set.indices.filter { set[$0] }
      guard let first = pixels.first, let last = pixels.last else { return nil }
      let columns = pixels.map { $0 % rowWidth }
      let (left, right) = (columns.min() ?? 0, columns.max() ?? 0)
      (self.left, top) = (Double(left), Double(first / rowWidth))
      (width, height) = (Double(right - left + 1), Double(last / rowWidth - first / rowWidth + 1))
    }
  }

  private static func center(of number: Int, _ regions: TruthRegions) -> (x: Double, y: Double) {
    var (x, y) = (0, 0)
    for (pixel, label) in regions.labels.enumerated() where Int(label) == number {
      x += pixel % regions.width
      y += pixel / regions.width
    }
    let area = Double(regions.areas[number])
    return (Double(x) / area, Double(y) / area)
  }

  private static func mean(of image: Image, where isChosen: [Bool]) -> RGB {
    let pixels = image.composited().pixels
    var (sum, count) = ((0, 0, 0), 0)
    for pixel in 0..<min(image.width * image.height, isChosen.count) where isChosen[pixel] {
      sum.0 += Int(pixels[pixel * 3])
      sum.1 += Int(pixels[pixel * 3 + 1])
      sum.2 += Int(pixels[pixel * 3 + 2])
      count += 1
    }
    guard count > 0 else { return .white }
    return RGB(UInt8(sum.0 / count), UInt8(sum.1 / count), UInt8(sum.2 / count))
  }

  /// The pixel that is nearest to a place among those that may be taken, on a grid of every second.
  private static func nearest(
    to place: (x: Double, y: Double), _ width: Int, _ height: Int, _ isAllowed: (Int) -> Bool
  ) -> (x: Int, y: Int) {
    var best = (x: width / 2, y: height / 2)
    var least = Double.infinity
    for y in stride(from: 0, to: height, by: 2) {
      for x in stride(from: 0, to: width, by: 2) where isAllowed(y * width + x) {
        let (dx, dy) = (Double(x) - place.x, Double(y) - place.y)
        if dx * dx + dy * dy < least {
          least = dx * dx + dy * dy
          best = (x, y)
        }
      }
    }
    return best
  }

  /// The median of each sample over 9 x 9 pixels: a line there does not count.
  private static func medianColor(
    _ picture: Image, about place: (x: Int, y: Int), where isAllowed: (Int) -> Bool
  ) -> RGB {
    var samples: [[Double]] = [[], [], []]
    for y in max(0, place.y - 4)...min(picture.height - 1, place.y + 4) {
      for x in max(0, place.x - 4)...min(picture.width - 1, place.x + 4) where isAllowed(y * picture.width + x) {
        for channel in 0..<3 { samples[channel].append(Double(picture.pixels[(y * picture.width + x) * 3 + channel])) }
      }
    }
    let middle = samples.map { UInt8(min(255, max(0, median($0) ?? 255))) }
    return RGB(middle[0], middle[1], middle[2])
  }
}
