// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Which references of a request colour which area of its sketch.
///
/// Area 0 is what no reference claims: it takes its colours from all references without a region, or from the first
/// reference if each has one. Every region is an area of its own; where regions overlap, the later one has the place.
struct ReferenceAreas {
  /// A mask's values from it on belong to the region.
  static let threshold: Float = 0.5

  /// The numbers of each area's references.
  let members: [[Int]]
  /// The regions of the areas from 1 on, or from 0 on where the first is none's.
  private let regions: [(area: UInt8, mask: Mask)]

  init(_ references: [PlacedReference]) {
    let shared = references.indices.filter { references[$0].region == nil }
    var members = shared.isEmpty ? [] : [shared]
    var regions: [(UInt8, Mask)] = []
    for (index, placed) in references.enumerated() {
      guard let region = placed.region else { continue }
      regions.append((UInt8(members.count), region))
      members.append([index])
    }
    self.members = members
    self.regions = regions
  }

  /// How many areas there are.
  var count: Int { members.count }

  /// The area of each pixel of the padded frame; nil where there is but one.
  func labels(in frame: WorkingFrame, unit: Int) throws(ImageError) -> AreaLabels? {
    guard count > 1 else { return nil }
    let (width, height) = (frame.padded.width, frame.padded.height)
    var values = [UInt8](repeating: 0, count: width * height)
    for (area, mask) in regions {
      let fitted = try mask.resized(width: frame.scaled.width, height: frame.scaled.height)
      // What is beyond the drawing belongs to what it lies beside.
      for y in 0..<height {
        let row = min(y, fitted.height - 1) * fitted.width
        for x in 0..<width where fitted.values[row + min(x, fitted.width - 1)] >= Self.threshold {
          values[y * width + x] = area
        }
      }
    }
    return AreaLabels(width: width, height: height, unit: unit, values: values, areaCount: count)
  }

  /// The area of a place of a drawing of the given size.
  func area(x: Int, y: Int, width: Int, height: Int) -> Int {
    for (area, mask) in regions.reversed() {
      let (row, column) = (y * mask.height / height, x * mask.width / width)
      if mask.values[row * mask.width + column] >= Self.threshold { return Int(area) }
    }
    return 0
  }
}
