// SPDX-License-Identifier: Apache-2.0

/// What is on a sheet and was not drawn, found in the drawing's own pixels: marks of the sheet's making, and its rules.
///
/// It is left out before ink is measured, and of the drawing itself as well, so that nothing of it bounds a region.
struct SheetCleaning: Hashable, Sendable {
  /// What becomes paper.
  private var runs = PaperRuns()
  private var rules: PaperRules?
  /// What was found, in order.
  private(set) var steps: [SketchReport.Step] = []

  var isEmpty: Bool { steps.isEmpty }

  /// - Parameter drawing: grey or RGB, lines dark.
  init(of drawing: Image) {
    rules = PaperRules(of: drawing)
    if rules != nil { steps.append(.leftOutRules) }
    let plain = applied(to: drawing)
    if let view = SheetView(of: plain) {
      let isScan = drawing.hasGrain
      let marks = [
        PunchedHoles(in: view, isScan: isScan).mask, RegistrationMarks(in: view).mask,
        isScan ? Staples(in: view).mask : nil,
      ].compactMap(\.self)
      for mask in marks { runs.append(view.runs(of: mask, in: drawing)) }
      if !marks.isEmpty { steps.append(.leftOutMarks) }
    }
    if let specks = Specks(of: plain) {
      runs.append(specks.runs)
      if specks.hasGrain { steps.append(.removedSpecks) }
      if specks.hasScreentone { steps.append(.removedScreentone) }
    }
  }

  /// The drawing without what was found.
  func applied(to drawing: Image) -> Image {
    guard !isEmpty else { return drawing }
    var pixels = drawing.pixels
    rules?.apply(
      to: &pixels, original: drawing.pixels, width: drawing.width, height: drawing.height,
      channels: drawing.channels)
    runs.apply(to: &pixels, width: drawing.width, channels: drawing.channels)
    return Image(
      checkedWidth: drawing.width, height: drawing.height, channels: drawing.channels,
      pixels: pixels)
  }
}

extension Image {
  /// Whether paper has grain, as a scanner or a camera sees it: fewer than eight in ten light pixels have the same tone.
  fileprivate var hasGrain: Bool {
    let light = sampledTones[128...]
    return (light.max() ?? 0) * 10 < light.reduce(0, +) * 8
  }

  /// How many of some 65,536 pixels have each tone: of green, which is the most of luma.
  var sampledTones: [Int] {
    var counts = [Int](repeating: 0, count: 256)
    for y in stride(from: 0, to: height, by: max(1, height / 256)) {
      for x in stride(from: 0, to: width, by: max(1, width / 256)) {
        counts[Int(pixels[(y * width + x) * channels + channels / 2])] += 1
      }
    }
    return counts
  }
}
