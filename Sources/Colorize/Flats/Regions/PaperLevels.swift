// SPDX-License-Identifier: Apache-2.0

/// The colour of a drawing's paper, block by block.
///
/// Each block's level is a high percentile of each channel: most of a block is paper. Blocks that are covered with ink
/// show no paper, and take the level of the blocks around them.
struct PaperLevels {
  /// Whether light and dark change places: chalk on a board.
  let isInverted: Bool
  private let channels: Int
  private let block: Int
  private let columns: Int
  private let rows: Int
  /// `[rows, columns, 3]`, what a sample is multiplied by to make the paper 255.
  private var scales: [Float]

  /// Blocks along the longer side.
  private static let blocksAcross = 24
  /// The share of a block's samples that are darker than its paper.
  private static let percentile = 0.8
  /// A block whose level is darker than this share of the picture's is covered with ink.
  private static let leastShare: Float = 0.72

  init(_ image: Image, isInverted: Bool) {
    self.isInverted = isInverted
    channels = image.channels
    block = max(24, (max(image.width, image.height) + Self.blocksAcross - 1) / Self.blocksAcross)
    columns = (image.width + block - 1) / block
    rows = (image.height + block - 1) / block
    scales = []
    var levels = [Float](repeating: 0, count: rows * columns * 3)
    for row in 0..<rows {
      for column in 0..<columns {
        let level = level(of: image, row: row, column: column)
        for channel in 0..<3 { levels[(row * columns + column) * 3 + channel] = level[channel] }
      }
    }
    fillCovered(&levels)
    scales = levels.map { 255 / max($0, 1) }
  }

  /// Red, green and blue of a pixel as light on dark lines' terms, transparency over white.
  @inline(__always)
  func light(_ source: UnsafeBufferPointer<UInt8>, at pixel: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
    let flip: UInt8 = isInverted ? 255 : 0
    switch channels {
    case 1:
      let grey = source[pixel] ^ flip
      return (grey, grey, grey)
    case 3:
      return (source[pixel] ^ flip, source[pixel + 1] ^ flip, source[pixel + 2] ^ flip)
    default:
      let alpha = source[pixel + 3]
      return (
        Image.blend(source[pixel] ^ flip, over: 255, alpha: alpha),
        Image.blend(source[pixel + 1] ^ flip, over: 255, alpha: alpha),
        Image.blend(source[pixel + 2] ^ flip, over: 255, alpha: alpha)
      )
    }
  }

  private func level(of image: Image, row: Int, column: Int) -> [Float] {
    let xs = column * block..<min((column + 1) * block, image.width)
    let ys = row * block..<min((row + 1) * block, image.height)
    // Some thousand samples of a block are as good as all.
    let step = max(1, block / 64)
    var histograms = [Int](repeating: 0, count: 768)
    var total = 0
    image.pixels.withUnsafeBufferPointer { source in
      for y in stride(from: ys.lowerBound, to: ys.upperBound, by: step) {
        for x in stride(from: xs.lowerBound, to: xs.upperBound, by: step) {
          let (red, green, blue) = light(source, at: (y * image.width + x) * channels)
          histograms[Int(red)] += 1
          histograms[256 + Int(green)] += 1
          histograms[512 + Int(blue)] += 1
          total += 1
        }
      }
    }
    return (0..<3).map { channel in
      var (sum, value) = (0, 0)
      while value < 255 {
        sum += histograms[channel * 256 + value]
        if Double(sum) >= Self.percentile * Double(total) { break }
        value += 1
      }
      return Float(value)
    }
  }

  /// Gives blocks without paper the mean level of those around them that have some.
  private func fillCovered(_ levels: inout [Float]) {
    let count = rows * columns
    let light: [Float] = (0..<count).map { block in levels[block * 3..<block * 3 + 3].reduce(0, +) }
    // That of the lighter blocks, where little ink is.
    let usual = light.sorted()[count * 3 / 4]
    var known = light.map { $0 > 0 && $0 >= usual * Self.leastShare }
    guard known.contains(true) else {
      for index in levels.indices { levels[index] = 255 }
      return
    }
    while known.contains(false) {
      let before = known
      for row in 0..<rows {
        for column in 0..<columns where !before[row * columns + column] {
          var (sums, found) = ([Float](repeating: 0, count: 3), Float(0))
          for (y, x) in [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
          where y >= 0 && y < rows && x >= 0 && x < columns && before[y * columns + x] {
            for channel in 0..<3 { sums[channel] += levels[(y * columns + x) * 3 + channel] }
            found += 1
          }
          guard found > 0 else { continue }
          for channel in 0..<3 { levels[(row * columns + column) * 3 + channel] = sums[channel] / found }
          known[row * columns + column] = true
        }
      }
    }
  }

  /// Fills a row of `3 * width` factors, bilinear between the blocks' middles.
  func fillRow(_ y: Int, of row: inout [Float]) {
    let width = row.count / 3
    let (top, bottom, weight) = Self.between(y, block: block, count: rows)
    row.withUnsafeMutableBufferPointer { row in
      for x in 0..<width {
        let (left, right, part) = Self.between(x, block: block, count: columns)
        for channel in 0..<3 {
          let upper = mix(top, left, right, part, channel)
          let lower = mix(bottom, left, right, part, channel)
          row[x * 3 + channel] = upper + (lower - upper) * weight
        }
      }
    }
  }

  @inline(__always)
  private func mix(_ row: Int, _ left: Int, _ right: Int, _ part: Float, _ channel: Int) -> Float {
    let first = scales[(row * columns + left) * 3 + channel]
    return first + (scales[(row * columns + right) * 3 + channel] - first) * part
  }

  @inline(__always)
  private static func between(_ position: Int, block: Int, count: Int) -> (Int, Int, Float) {
    let place = (Float(position) + 0.5) / Float(block) - 0.5
    let first = max(0, min(count - 1, Int(place.rounded(.down))))
    return (first, min(first + 1, count - 1), max(0, min(1, place - Float(first))))
  }
}
