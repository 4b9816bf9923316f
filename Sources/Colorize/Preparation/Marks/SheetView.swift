// SPDX-License-Identifier: Apache-2.0

/// A drawing in little, and the paper beneath it: where marks on a sheet are looked for.
struct SheetView {
  /// How many pixels of the drawing fall into one of the view, along either axis.
  let factor: Int
  let width: Int
  let height: Int
  let channels: Int
  /// `[height, width, channels]`: the paper, as if nothing narrower than a twentieth of the sheet was on it.
  let paper: [UInt8]
  /// `[height, width]`: the share of the paper's light that is missing, in the channel that loses most.
  let darkness: [Float]

  private static let side = 1024
  /// Smaller drawings are no scans.
  private static let leastSide = 200

  var longer: Int { max(width, height) }
  var plane: MaskPlane { MaskPlane(width: width, height: height) }

  /// - Parameter drawing: grey or RGB, lines dark.
  init?(of drawing: Image) {
    guard min(drawing.width, drawing.height) >= Self.leastSide else { return nil }
    factor = max(1, (max(drawing.width, drawing.height) + Self.side - 1) / Self.side)
    channels = drawing.channels
    let (width, height) = ((drawing.width + factor - 1) / factor, (drawing.height + factor - 1) / factor)
    (self.width, self.height) = (width, height)
    let small = Self.shrunk(drawing, factor: factor, width: width, height: height)
    let closed = LocalPaper(of: small, radius: max(8, max(width, height) / 40))
    paper = closed.samples
    var darkness = [Float](repeating: 0, count: width * height)
    for index in darkness.indices {
      var least: Float = 1
      for channel in index * channels..<(index + 1) * channels {
        least = min(least, (Float(small.pixels[channel]) + 8) / (Float(closed.samples[channel]) + 8))
      }
      darkness[index] = 1 - least
    }
    self.darkness = darkness
  }

  /// The means of squares.
  private static func shrunk(_ drawing: Image, factor: Int, width: Int, height: Int) -> Image {
    guard factor > 1 else { return drawing }
    let channels = drawing.channels
    let count = drawing.width * channels
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * channels) { target, total in
      var sums = [Int32](repeating: 0, count: count)
      drawing.pixels.withUnsafeBufferPointer { pixels in
        sums.withUnsafeMutableBufferPointer { sums in
          for row in 0..<height {
            let rows = row * factor..<min((row + 1) * factor, drawing.height)
            for index in 0..<count { sums[index] = 0 }
            for y in rows {
              let start = y * count
              for index in 0..<count { sums[index] &+= Int32(pixels[start + index]) }
            }
            for column in 0..<width {
              let columns = column * factor..<min((column + 1) * factor, drawing.width)
              for channel in 0..<channels {
                var sum: Int32 = 0
                for x in columns { sum &+= sums[x * channels + channel] }
                target[(row * width + column) * channels + channel] = UInt8(
                  min(max(Int(sum) / (rows.count * columns.count), 0), 255))
              }
            }
          }
        }
      }
      total = width * height * channels
    }
    return Image(checkedWidth: width, height: height, channels: channels, pixels: pixels)
  }

  /// `[height, width]`: what is darker than a share of the paper, no further from an edge than so many pixels.
  func isDark(above least: Float, within margin: Int) -> [Bool] {
    darkness.indices.map { index in
      let (x, y) = (index % width, index / width)
      return (x < margin || y < margin || x >= width - margin || y >= height - margin) && darkness[index] > least
    }
  }

  /// Runs of the drawing's pixels that cover a mask of the view, in the paper's colours.
  func runs(of mask: [Bool], in drawing: Image) -> PaperRuns {
    var runs = PaperRuns()
    for row in 0..<height {
      var x = 0
      while x < width {
        guard mask[row * width + x] else {
          x += 1
          continue
        }
        let start = x
        while x < width, mask[row * width + x] { x += 1 }
        // The paper may be shaded along a run.
        for first in stride(from: start, to: x, by: 8) {
          let last = min(first + 8, x)
          let middle = (row * width + (first + last - 1) / 2) * channels
          let color = (0..<3).map { paper[middle + min($0, channels - 1)] }
          for y in row * factor..<min((row + 1) * factor, drawing.height) {
            runs.append(
              row: y, from: first * factor, to: min(last * factor, drawing.width), (color[0], color[1], color[2]))
          }
        }
      }
    }
    return runs
  }
}
