// SPDX-License-Identifier: Apache-2.0

import Colorize

/// What a layer is made of. Pixels are asked for a row at a time, as straight RGBA.
enum LayerContent: Sendable {
  case image(Image, x: Int, y: Int)
  case tint(RGB, Image, x: Int, y: Int)
  case fill(RGB, Coverage)
  case group([Layer])

  /// The pixels that there are; empty for a group.
  var box: LayerBox {
    switch self {
    case .image(let image, let x, let y), .tint(_, let image, let x, let y):
      LayerBox(x: x, y: y, width: image.width, height: image.height)
    case .fill(_, let coverage): coverage.box
    case .group: .empty
    }
  }

  /// The smallest box around the pixels that are not fully transparent.
  var visibleBox: LayerBox {
    switch self {
    case .image(let image, let x, let y):
      image.channels == 4 ? AlphaBounds(image, offset: 3).box(atX: x, y: y) : box
    case .tint(_, let mask, let x, let y): AlphaBounds(mask, offset: 0).box(atX: x, y: y)
    case .fill(_, let coverage): coverage.box
    case .group: .empty
    }
  }

  /// Writes a part of a row, straight RGBA.
  ///
  /// Where one colour fills a layer, its transparent pixels have that colour too: it compresses best, and no dark
  /// fringe appears where somebody softens the edge.
  ///
  /// - Parameters:
  ///   - y: A row of the canvas that ``box`` has.
  ///   - columns: Columns of the canvas that ``box`` has.
  ///   - target: Room for four bytes a column.
  func writeRow(_ y: Int, columns: Range<Int>, to target: UnsafeMutablePointer<UInt8>) {
    switch self {
    case .image(let image, let left, let top):
      image.pixels.withUnsafeBufferPointer { pixels in
        guard let base = pixels.baseAddress else { return }
        let source = base + ((y - top) * image.width + columns.lowerBound - left) * image.channels
        Self.expand(source, channels: image.channels, count: columns.count, to: target)
      }
    case .tint(let color, let mask, let left, let top):
      mask.pixels.withUnsafeBufferPointer { pixels in
        guard let base = pixels.baseAddress else { return }
        let source = base + (y - top) * mask.width + columns.lowerBound - left
        for index in 0..<columns.count { Self.set(target + 4 * index, color, alpha: source[index]) }
      }
    case .fill(let color, let coverage):
      for index in 0..<columns.count { Self.set(target + 4 * index, color, alpha: 0) }
      for run in coverage.runs(inRow: y) {
        let covered = run.columns.clamped(to: columns)
        for column in covered { target[4 * (column - columns.lowerBound) + 3] = 255 }
      }
    case .group: break
    }
  }

  private static func expand(
    _ source: UnsafePointer<UInt8>, channels: Int, count: Int, to target: UnsafeMutablePointer<UInt8>
  ) {
    switch channels {
    case 4: target.update(from: source, count: 4 * count)
    case 3:
      for index in 0..<count {
        target[4 * index] = source[3 * index]
        target[4 * index + 1] = source[3 * index + 1]
        target[4 * index + 2] = source[3 * index + 2]
        target[4 * index + 3] = 255
      }
    default:
      for index in 0..<count {
        let grey = source[index]
        set(target + 4 * index, RGB(grey, grey, grey), alpha: 255)
      }
    }
  }

  @inline(__always)
  private static func set(_ pixel: UnsafeMutablePointer<UInt8>, _ color: RGB, alpha: UInt8) {
    pixel[0] = color.red
    pixel[1] = color.green
    pixel[2] = color.blue
    pixel[3] = alpha
  }
}

/// The rows and columns of an image in which something is not fully transparent.
struct AlphaBounds {
  private var columns = 0..<0
  private var rows = 0..<0

  /// - Parameter offset: which sample of a pixel is its alpha.
  init(_ image: Image, offset: Int) {
    let (width, step) = (image.width, image.channels)
    image.pixels.withUnsafeBufferPointer { pixels in
      func isVisible(_ x: Int, _ y: Int) -> Bool { pixels[(y * width + x) * step + offset] != 0 }
      guard let top = (0..<image.height).first(where: { y in (0..<width).contains { isVisible($0, y) } }),
        let last = (top..<image.height).last(where: { y in (0..<width).contains { isVisible($0, y) } })
      else { return }
      var (left, right) = (width, 0)
      for y in top...last {
        // Only what lies outside of what is known already is looked at.
        if let first = (0..<left).first(where: { isVisible($0, y) }) { left = first }
        if let final = (right..<width).last(where: { isVisible($0, y) }) { right = final + 1 }
      }
      columns = left..<right
      rows = top..<last + 1
    }
  }

  /// The box on a canvas where the image begins at `x` and `y`.
  func box(atX x: Int, y: Int) -> LayerBox {
    columns.isEmpty
      ? .empty : LayerBox(x: x + columns.lowerBound, y: y + rows.lowerBound, width: columns.count, height: rows.count)
  }
}
