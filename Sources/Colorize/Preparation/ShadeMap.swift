// SPDX-License-Identifier: Apache-2.0

/// The light on a sheet, and the sheet's outline: what of a picture is paper, however dark shadows make it.
///
/// Paper is what can be reached from the paper's own tone without a hard step, in the picture without its lines (see
/// `LocalPaper`). Shadows, a vignette, and the fold of a book come on gradually; areas that are drawn, a scanner's lid and
/// the desk beneath the sheet begin at an edge. What lies outside of the sheet is told from a drawn area by the sheet's
/// outline: a sheet of paper is convex. A black frame, floor or letterbox of a drawing that never was a scan is drawn as well
/// (see ``SheetEdges``). Between the two pages of an open book the gutter is outside of the sheet.
struct ShadeMap: Hashable {
  /// The size of the planes; the longer side at most `ShadeMap.side`.
  let width: Int
  let height: Int
  /// `[height, width, channels]`: the paper's colour, also beneath what is drawn.
  let levels: [Float]
  /// `[height, width]`: whether a pixel belongs to the sheet.
  let isSheet: [Bool]
  /// The share of the sheet that is paper.
  let paperShare: Float
  /// The share of the picture that is outside of the sheet.
  let outsideShare: Float
  /// The share of the picture that is paper in shadow.
  let shadowShare: Float
  /// The same of its border.
  let borderShadowShare: Float
  /// How little the paper's light is gradual; see ``LightSurface``.
  let ripple: Float
  /// Whether there is something around the sheet, which is no part of it.
  let isOnSheet: Bool
  /// Whether there are two pages with a gutter between them, which is no part of them.
  let hasGutter: Bool

  private static let side = 384
  /// Light changes by no more than this from one pixel to the next.
  private static let step: Float = 0.12
  /// Where three pixels differ by more than this there is an edge, which light does not make.
  private static let edge: Float = 0.3
  /// What is darker than this share of the paper is no paper.
  private static let darkest: Float = 0.15
  /// A sheet fills its convex hull but for the roughness of its border.
  private static let convexity: Float = 0.97

  /// - Parameters:
  ///   - image: grey or RGB, lines dark.
  ///   - tone: the luma of the paper where it is lit.
  init?(of image: Image, tone: Float) {
    let longer = max(image.width, image.height)
    let factor = min(1, Double(Self.side) / Double(longer))
    func scaled(_ extent: Int) -> Int { max(1, Int((Double(extent) * factor).rounded())) }
    let (width, height, channels) = (scaled(image.width), scaled(image.height), image.channels)
    guard min(width, height) >= 16, let small = try? image.resized(width: width, height: height) else { return nil }
    // With darkness around it, so that a narrow strip along the border is not taken for a line.
    let radius = max(2, max(width, height) / 48)
    let closed = LocalPaper(of: small.padded(by: radius), radius: radius)
    var colors = [Float](repeating: 0, count: width * height * channels)
    var row = [Float](repeating: 0, count: (width + 2 * radius) * channels)
    for y in 0..<height {
      closed.fill(row: y + radius, into: &row)
      colors.replaceSubrange(
        y * width * channels..<(y + 1) * width * channels,
        with: row[radius * channels..<(radius + width) * channels])
    }
    let plane = MaskPlane(width: width, height: height)
    let luma = Self.luma(of: colors, channels: channels)
    // Along an edge that is a little askew, one pixel goes over into the next as gradually as light does.
    let isEdge = plane.edges(of: luma, above: Self.edge)
    let seeds = luma.indices.map { !isEdge[$0] && abs(luma[$0] - tone) <= 0.06 * tone }
    let paper = plane.flooded(from: seeds) { here, next in
      let (a, b) = (luma[here], luma[next])
      return !isEdge[next] && b >= Self.darkest * tone && abs(a - b) <= Self.step * max(a, b)
    }
    // What can be reached from the border around the paper, with room for what is drawn at the border.
    let others = plane.components(of: paper.map { !$0 })
    var isSheet = [Bool](repeating: true, count: width * height)
    for part in others where part.contains(where: plane.isBorder) { for index in part { isSheet[index] = false } }
    let outside = isSheet.count { !$0 }
    let inside = isSheet.count - outside
    let edges = SheetEdges(
      luma: Self.luma(of: small.pixels.map(Float.init), channels: channels), tone: tone, plane: plane)
    let isOnSheet =
      outside * 200 >= isSheet.count && inside * 3 >= isSheet.count
      && Float(inside) >= Self.convexity * plane.hullArea(of: isSheet) && !edges.isDrawn(isSheet, in: image)
    if isOnSheet {
      // The edge itself, its shadow and its blur.
      isSheet = plane.grown(isSheet.map { !$0 }, by: 3).map { !$0 }
    } else {
      isSheet = [Bool](repeating: true, count: isSheet.count)
    }
    self.isOnSheet = isOnSheet
    let gutter = edges.gutter(isOnSheet: isOnSheet)
    hasGutter = gutter != nil
    if let gutter { for index in isSheet.indices where gutter[index] { isSheet[index] = false } }
    (self.width, self.height, self.isSheet) = (width, height, isSheet)
    let sheet = max(isSheet.count { $0 }, 1)
    paperShare = Float(zip(paper, isSheet).count { $0 && $1 }) / Float(sheet)
    outsideShare = 1 - Float(sheet) / Float(isSheet.count)
    let shadow = paper.indices.map { paper[$0] && luma[$0] < 0.92 * tone }
    shadowShare = Float(shadow.count { $0 }) / Float(shadow.count)
    let border = shadow.indices.filter(plane.isBorder)
    borderShadowShare = Float(border.count { shadow[$0] }) / Float(max(border.count, 1))
    ripple = LightSurface.residual(of: luma, where: zip(paper, isSheet).map { $0 && $1 }, plane: plane, tone: tone)
    levels = plane.filled(colors, channels: channels, where: zip(paper, isSheet).map { $0 && $1 })
  }
}

extension ShadeMap {
  /// The luma of colours, row by row.
  static func luma(of colors: [Float], channels: Int) -> [Float] {
    guard channels == 3 else { return colors }
    return stride(from: 0, to: colors.count, by: 3).map { index -> Float in
      let red: Float = 0.299 * colors[index]
      let green: Float = 0.587 * colors[index + 1]
      let blue: Float = 0.114 * colors[index + 2]
      return red + green + blue
    }
  }
}

extension Image {
  /// With black around it.
  fileprivate func padded(by margin: Int) -> Image {
    let (wide, high) = (width + 2 * margin, height + 2 * margin)
    var padded = [UInt8](repeating: 0, count: wide * high * channels)
    for y in 0..<height {
      let start = ((y + margin) * wide + margin) * channels
      padded.replaceSubrange(
        start..<start + width * channels, with: pixels[y * width * channels..<(y + 1) * width * channels])
    }
    return Image(checkedWidth: wide, height: high, channels: channels, pixels: padded)
  }
}
