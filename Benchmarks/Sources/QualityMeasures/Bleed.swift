// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Colours that run over a line, or from figure to ground.
public enum Bleed {
  /// A pixel lies near the boundary if another label comes within this many pixels.
  static let margin = 3
  /// Its neighbours are the regions within this many pixels: lines lie between.
  static let reach = 9
  /// Neighbours whose colours are closer than that in CIEDE2000 cannot be told apart.
  static let leastContrast = 10.0

  /// The share of the pixels near a boundary whose colour is closer to the neighbour's than to their own region's.
  ///
  /// Pixels on lines are no part of it, nor those that look like the neighbour in the truth itself.
  ///
  /// - Parameter medians: the truth's, each at its region's number.
  /// - Returns: nil where no pixel is near a boundary.
  public static func share(of picture: LabPicture, truth: LabPicture, regions: TruthRegions, medians: [Lab]) -> Double?
  {
    let (width, height) = (regions.width, regions.height)
    let offsets = stride(from: -reach, through: reach, by: margin).map { $0 }
    var (total, over) = (0, 0)
    for y in 0..<height {
      for x in 0..<width {
        let pixel = y * width + x
        let own = regions.labels[pixel]
        guard own > 0, isNearBoundary(x, y, own, regions) else { continue }
        var neighbours: Set<UInt8> = []
        for dy in offsets where (0..<height).contains(y + dy) {
          for dx in offsets where (0..<width).contains(x + dx) {
            let label = regions.labels[(y + dy) * width + x + dx]
            if label > 0, label != own { neighbours.insert(label) }
          }
        }
        let mine = medians[Int(own)]
        let others = neighbours.map { medians[Int($0)] }.filter { $0.difference(to: mine) >= leastContrast }
        guard !others.isEmpty else { continue }
        let known = truth.colors[pixel].difference(to: mine)
        guard others.allSatisfy({ truth.colors[pixel].difference(to: $0) > known }) else { continue }
        total += 1
        let color = picture.colors[pixel]
        let distance = color.difference(to: mine)
        if others.contains(where: { color.difference(to: $0) < distance }) { over += 1 }
      }
    }
    return total > 0 ? Double(over) / Double(total) : nil
  }

  private static func isNearBoundary(_ x: Int, _ y: Int, _ own: UInt8, _ regions: TruthRegions) -> Bool {
    for dy in [-margin, 0, margin] where (0..<regions.height).contains(y + dy) {
      for dx in [-margin, 0, margin] where (0..<regions.width).contains(x + dx) {
        if regions.labels[(y + dy) * regions.width + x + dx] != own { return true }
      }
    }
    return false
  }
}

/// Colours of the ground in the figure, and of the figure in the ground.
public enum Spill {
  /// The share of a side's pixels that look like the other side: their colour is right for one of its regions, and for
  /// none of their own side's.
  ///
  /// - Parameter medians: the truth's, each at its region's number.
  /// - Returns: nil where a side has no region.
  public static func share(
    into side: TruthRegions.Side, of picture: LabPicture, regions: TruthRegions, medians: [Lab]
  ) -> Double? {
    let own = regions.numbers(of: side).map { medians[$0] }
    let others = regions.numbers(of: side == .figure ? .ground : .figure).map { medians[$0] }
    guard !own.isEmpty, !others.isEmpty else { return nil }
    var known: [Lab: Bool] = [:]
    var (total, over) = (0, 0)
    // Every second pixel of every second row tells as much.
    for y in stride(from: 0, to: regions.height, by: 2) {
      for x in stride(from: 0, to: regions.width, by: 2) {
        let pixel = y * regions.width + x
        let label = Int(regions.labels[pixel])
        guard label > 0, regions.side(of: label) == side else { continue }
        total += 1
        let color = picture.colors[pixel]
        let isOver = known[color] ?? (!has(own, color) && has(others, color))
        known[color] = isOver
        if isOver { over += 1 }
      }
    }
    return total > 0 ? Double(over) / Double(total) : nil
  }

  private static func has(_ palette: [Lab], _ color: Lab) -> Bool {
    palette.contains { $0.difference(to: color) <= RegionColors.tolerance }
  }
}
