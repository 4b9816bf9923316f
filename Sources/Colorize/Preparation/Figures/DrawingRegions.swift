// SPDX-License-Identifier: Apache-2.0

/// The regions that the lines of a drawing enclose, also where lines leave narrow gaps.
struct DrawingRegions {
  private let plane: MaskPlane
  private let isLine: [Bool]
  /// How wide lines are at most, and half of how wide gaps are, in pixels.
  private let reach: Int

  /// - Parameter lines: dark on white.
  init(_ lines: Image) {
    plane = MaskPlane(width: lines.width, height: lines.height)
    isLine = lines.pixels.map { $0 < 150 }
    reach = max(2, max(plane.width, plane.height) / 200)
  }

  /// Regions that are likely figure or likely ground as a whole are so in all of their pixels. What is neither, as lines
  /// leave a way from one to the other, is divided where the likelihood is even.
  func figure(by likelihood: [Float]) -> [Bool] {
    var isFigure = likelihood.map { $0 > 0.5 }
    for region in regions() {
      let mean = region.reduce(Float(0)) { $0 + likelihood[$1] } / Float(region.count)
      // A small region is hardly ever joined of both.
      guard mean < 0.3 || mean > 0.7 || region.count * 30 < likelihood.count else { continue }
      for index in region { isFigure[index] = mean > 0.5 }
    }
    // Outlines belong to the figure; what is blacker than lines are broad is as likely as it is.
    let near = plane.grown(isFigure.indices.map { isFigure[$0] && !isLine[$0] }, by: reach)
    let far = plane.grown(isLine.map { !$0 }, by: reach)
    for index in isFigure.indices where isLine[index] {
      isFigure[index] = near[index] || (isFigure[index] && !far[index])
    }
    return isFigure
  }

  /// The pixels of each region: the open parts that gaps do not join, with what is nearest to each of the narrow places
  /// around it, and narrow parts of their own.
  private func regions() -> [[Int]] {
    let closed = plane.grown(isLine, by: reach / 2 + 1)
    var regions = plane.components(of: closed.map { !$0 })
    var label = [Int32](repeating: -1, count: isLine.count)
    for (number, region) in regions.enumerated() { for index in region { label[index] = Int32(number) } }
    var edge = label.indices.filter { label[$0] >= 0 }
    while !edge.isEmpty {
      var next: [Int] = []
      for here in edge {
        plane.forEachNeighbour(of: here) { other in
          guard label[other] < 0, !isLine[other] else { return }
          label[other] = label[here]
          regions[Int(label[here])].append(other)
          next.append(other)
        }
      }
      edge = next
    }
    return regions + plane.components(of: label.indices.map { label[$0] < 0 && !isLine[$0] })
  }
}
