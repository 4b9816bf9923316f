// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whether the autoencoder works on the whole picture at once or on overlapping tiles, one after another.
///
/// Its memory grows with the area that it works on, and at large sizes outgrows that of everything else. Tiles bound it,
/// and cost some time: their overlaps are computed twice, and statistics of the whole picture are taken beforehand.
public enum VAETiling: Sendable, Hashable {
  /// Tiles for pictures that are larger than ``defaultTile`` squared by a quarter and more, else the whole.
  case automatic
  /// Always the whole.
  case off
  /// Tiles of at most so many picture pixels a side, ``tileRange``; pictures no larger than that are not cut.
  case pixels(Int)

  /// The side of a tile in picture pixels, if nothing else is said.
  public static let defaultTile = 512
  /// The sides that a tile may have. Below, little would be left between the overlaps.
  public static let tileRange = 128...4096

  /// The tiles for a latent of that size, or nil if it is to be taken whole.
  ///
  /// - Parameter factor: picture pixels for each latent pixel, along each axis.
  public func grid(latentHeight height: Int, latentWidth width: Int, factor: Int) -> TileGrid? {
    let side: Int
    switch self {
    case .off: return nil
    case .automatic:
      side = Self.defaultTile / factor
      // What padding adds to a picture of the tile's own area is not worth a second tile.
      if 4 * height * width <= 5 * side * side { return nil }
    case .pixels(let pixels):
      side = min(max(pixels, Self.tileRange.lowerBound), Self.tileRange.upperBound) / factor
      if height <= side && width <= side { return nil }
    }
    // A strip's tiles may be longer than they are wide: what counts is the area.
    let area = side * side
    return TileGrid(
      rows: TileAxis(extent: height, tile: width < side ? area / max(width, 1) : side),
      columns: TileAxis(extent: width, tile: height < side ? area / max(height, 1) : side))
  }
}

/// A picture cut into overlapping tiles, in latent pixels.
public struct TileGrid: Sendable, Hashable {
  /// The tiles along the height.
  public let rows: TileAxis
  /// The tiles along the width.
  public let columns: TileAxis

  /// The number of tiles.
  public var count: Int { rows.tiles.count * columns.tiles.count }
}

/// One axis cut into overlapping tiles of equal extent, which a smooth blend puts together.
public struct TileAxis: Sendable, Hashable {
  /// How many latent pixels neighbours share at least. The convolutions that run in tiles reach 6.3 latent pixels far,
  /// and hardly anything comes from beyond 4: on a trained autoencoder a decoded picture is within 100 dB of the one
  /// without tiles, if statistics are the same.
  static let overlap = 8
  /// The outermost pixels at an inner edge, which have seen most of the missing neighbourhood, and are not used.
  static let margin = 2

  /// The extent of the axis.
  public let extent: Int
  /// The extents of the tiles, from first to last.
  public let tiles: [Range<Int>]

  /// The fewest tiles of at most `tile` pixels that cover the axis, as small and as evenly spread as they can be.
  init(extent: Int, tile: Int) {
    self.extent = extent
    let overlap = Self.overlap
    precondition(tile > overlap, "a tile of \(tile) pixels has nothing besides its overlap")
    guard extent > tile else {
      tiles = [0..<extent]
      return
    }
    let count = (extent - overlap + tile - overlap - 1) / (tile - overlap)
    let side = (extent + (count - 1) * overlap + count - 1) / count
    tiles = (0..<count).map { index in
      let start = index * (extent - side) / (count - 1)
      return start..<start + side
    }
  }

  /// How much each tile counts at each of its positions: raised cosines over the overlaps, which add up to 1.
  ///
  /// - Parameter scale: positions for each latent pixel.
  package func weights(scale: Int) -> [[Float]] {
    func rise(_ position: Double, _ from: Int, _ to: Int) -> Double {
      let (low, high) = (Double(from + Self.margin), Double(to - Self.margin))
      guard low < high else { return position < (low + high) / 2 ? 0 : 1 }
      let t = min(max((position - low) / (high - low), 0), 1)
      return (1 - cos(t * .pi)) / 2
    }
    var total = [Double](repeating: 0, count: extent * scale)
    let raw = tiles.indices.map { index in
      let tile = tiles[index]
      return (tile.lowerBound * scale..<tile.upperBound * scale).map { pixel in
        let position = (Double(pixel) + 0.5) / Double(scale)
        var weight = 1.0
        if index > 0 { weight *= rise(position, tile.lowerBound, tiles[index - 1].upperBound) }
        if index + 1 < tiles.count { weight *= 1 - rise(position, tiles[index + 1].lowerBound, tile.upperBound) }
        total[pixel] += weight
        return weight
      }
    }
    return zip(tiles, raw).map { tile, weights in
      weights.enumerated().map { Float($1 / total[tile.lowerBound * scale + $0]) }
    }
  }
}
