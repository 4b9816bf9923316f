// SPDX-License-Identifier: Apache-2.0

/// Which pixels of a picture lie in flat areas, and how many of them there are of each colour, coarsely.
struct FlatPixels {
  /// How flat a pixel's surroundings are.
  enum Flatness {
    /// Transparent, or beside an edge on every side.
    static let none: UInt8 = 0
    /// In a square of 2 x 2 pixels that is flat.
    static let square: UInt8 = 1
    /// In the middle of 3 x 3 pixels that are flat.
    static let middle: UInt8 = 2
    /// In the middle of 3 x 3 pixels that are equal.
    static let equal: UInt8 = 3
  }

  /// Pixels of one bin of colours.
  struct Bin {
    let number: Int
    /// Pixels in flat squares, of figure and background.
    var square = (0.0, 0.0)
    /// Those of them that are in the middle of flat pixels.
    var middle = 0.0
    /// Those of them that are in the middle of equal pixels, of figure and background.
    var equal = (0.0, 0.0)
  }

  /// Samples that differ by no more count as flat: the noise of a JPEG file of fair quality stays below.
  static let tolerance: UInt8 = 8
  /// Bins along each channel; a bin is four values wide.
  static let binsPerChannel = 64

  let width: Int
  let height: Int
  /// Of each pixel, one of ``Flatness``.
  private(set) var flatness: [UInt8]
  /// The bins that have pixels in flat squares, by number.
  private(set) var bins: [Bin] = []
  /// Pixels that are not transparent, by bin, those of the outermost rows and columns only.
  private(set) var border: [Int: Int] = [:]

  /// The number of a colour's bin.
  static func bin(red: UInt8, green: UInt8, blue: UInt8) -> Int {
    Int(red >> 2) << 12 | Int(green >> 2) << 6 | Int(blue >> 2)
  }

  /// The colour in the middle of a bin.
  static func color(ofBin number: Int) -> RGB {
    RGB(
      UInt8(truncatingIfNeeded: number >> 12 & 63) << 2 | 2, UInt8(truncatingIfNeeded: number >> 6 & 63) << 2 | 2,
      UInt8(truncatingIfNeeded: number & 63) << 2 | 2)
  }

  /// - Parameter mask: the figure, from 0.5 on; of another size than the image it is scaled. Nil takes all for figure.
  init(_ image: Image, mask: Mask?) {
    width = image.width
    height = image.height
    flatness = [UInt8](repeating: 0, count: image.width * image.height)
    let binCount = Self.binsPerChannel * Self.binsPerChannel * Self.binsPerChannel
    // Counts of the three kinds of flatness, one after the other for figure and background.
    var counts = [UInt32](repeating: 0, count: binCount * 6)

    let (width, height) = (width, height)
    // A row's squares differ at most by what stands between its pixels and those of the row below.
    var rows = FlatRows(image)
    var squaresAbove = [UInt8](repeating: 0, count: width)
    var squares = squaresAbove
    for y in 0..<height {
      rows.squares(below: y, into: &squares)
      if y == 0 { squaresAbove = squares }
      let maskRow = mask.map { y * $0.height / height * $0.width } ?? 0
      let colors = rows.colors
      counts.withUnsafeMutableBufferPointer { counts in
        flatness.withUnsafeMutableBufferPointer { flatness in
          for x in 0..<width {
            let pixel = x * 4
            guard colors[pixel + 3] >= 128 else { continue }
            let left = max(x - 1, 0)
            let (a, b, c, d) = (squaresAbove[left], squaresAbove[x], squares[left], squares[x])
            let bin = Self.bin(red: colors[pixel], green: colors[pixel + 1], blue: colors[pixel + 2])
            if x == 0 || y == 0 || x == width - 1 || y == height - 1 { border[bin, default: 0] += 1 }
            guard min(a, b, c, d) <= Self.tolerance else { continue }
            let most = max(a, b, c, d)
            let kind = most == 0 ? Flatness.equal : most <= Self.tolerance ? Flatness.middle : Flatness.square
            flatness[y * width + x] = kind
            let isBackground = mask.map { $0.values[maskRow + x * $0.width / width] < 0.5 } ?? false
            counts[(bin * 2 + (isBackground ? 1 : 0)) * 3 + Int(kind) - 1] += 1
          }
        }
      }
      swap(&squares, &squaresAbove)
    }

    for number in 0..<binCount {
      let part = (0..<6).map { Double(counts[number * 6 + $0]) }
      let square = (part[0] + part[1] + part[2], part[3] + part[4] + part[5])
      guard square.0 + square.1 > 0 else { continue }
      bins.append(
        Bin(
          number: number, square: square, middle: part[1] + part[2] + part[4] + part[5], equal: (part[2], part[5])))
    }
  }
}

/// The rows of a picture as four samples a pixel, one at a time with the one below.
private struct FlatRows {
  /// Of the row that was asked for last.
  private(set) var colors: [UInt8]
  private var next: [UInt8]
  private var horizontal: [UInt8]
  private var horizontalBelow: [UInt8]
  private var vertical: [UInt8]
  private let image: Image

  init(_ image: Image) {
    self.image = image
    let row = [UInt8](repeating: 0, count: image.width * 4)
    (colors, next) = (row, row)
    let plane = [UInt8](repeating: 0, count: image.width)
    (horizontal, horizontalBelow, vertical) = (plane, plane, plane)
    Self.load(0, of: image, into: &next)
    Self.differences(next, next.dropFirst(4), into: &horizontalBelow)
  }

  /// The largest difference of neighbours in each square of a pixel, its right neighbour, and the two below. What lies
  /// beyond the last column or row is as what is before.
  mutating func squares(below y: Int, into squares: inout [UInt8]) {
    swap(&colors, &next)
    swap(&horizontal, &horizontalBelow)
    if y + 1 < image.height {
      Self.load(y + 1, of: image, into: &next)
      Self.differences(next, next.dropFirst(4), into: &horizontalBelow)
    } else {
      next = colors
      horizontalBelow = horizontal
    }
    Self.differences(colors, next[...], into: &vertical)
    let last = image.width - 1
    for x in 0..<last {
      squares[x] = max(horizontal[x], horizontalBelow[x], vertical[x], vertical[x + 1])
    }
    squares[last] = vertical[last]
  }

  private static func load(_ y: Int, of image: Image, into row: inout [UInt8]) {
    let channels = image.channels
    let width = image.width
    image.pixels.withUnsafeBufferPointer { pixels in
      row.withUnsafeMutableBufferPointer { row in
        let source = pixels[(y * width * channels)...]
        let start = source.startIndex
        for x in 0..<width {
          let pixel = start + x * channels
          row[x * 4] = pixels[pixel]
          row[x * 4 + 1] = pixels[channels == 1 ? pixel : pixel + 1]
          row[x * 4 + 2] = pixels[channels == 1 ? pixel : pixel + 2]
          row[x * 4 + 3] = channels == 4 ? pixels[pixel + 3] : 255
        }
      }
    }
  }

  /// The largest difference of the four samples of each pixel, as far as both have pixels.
  private static func differences(_ one: [UInt8], _ other: ArraySlice<UInt8>, into result: inout [UInt8]) {
    let count = min(one.count, other.count) / 4
    one.withUnsafeBufferPointer { one in
      other.withUnsafeBufferPointer { other in
        result.withUnsafeMutableBufferPointer { result in
          for pixel in 0..<count {
            var most: UInt8 = 0
            for sample in pixel * 4..<pixel * 4 + 4 {
              let (a, b) = (one[sample], other[sample])
              most = max(most, max(a, b) - min(a, b))
            }
            result[pixel] = most
          }
        }
      }
    }
  }
}
