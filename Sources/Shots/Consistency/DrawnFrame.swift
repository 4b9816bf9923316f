// SPDX-License-Identifier: Apache-2.0

import Colorize

/// A frame's drawing, with what is known of its regions.
struct DrawnFrame {
  let frame: ShotFrame
  /// Nil for an approved picture that the shot has not made.
  let votes: FrameVotes?
  let shapes: RegionShapes
  /// The colours of the approved picture, where there is one; nil for regions that lines hide.
  let approved: [RGB?]?
  /// The colours that stand fast: those of the approved picture, or those that hints say.
  var fixed: [RGB?]? {
    if let approved { return approved }
    guard let votes, let hinted = votes.hinted, !hinted.isEmpty else { return nil }
    var colors = [RGB?](repeating: nil, count: votes.paints.count)
    for region in hinted { colors[region] = votes.paints[region].color }
    return colors
  }

  private let drawing: Image
  private let polarity: SketchPolarity

  /// Nil for a frame that is not approved, and whose votes are lost or belong to another drawing.
  init?(_ frame: ShotFrame, _ approved: ApprovedFrames, _ manifest: Manifest) throws {
    self.frame = frame
    let picture = approved.pictures[frame.output]
    let map: RegionMap
    if let record = manifest.record(output: frame.output),
      let votes = FrameVotes(of: frame, key: record.key, manifest: manifest),
      let found = try votes.regionMap(of: Image.load(frame.sketch))
    {
      self.votes = votes
      (map, drawing, polarity) = (found.map, found.drawing, votes.summary.polarity)
    } else {
      // An approved picture says what its regions are, whoever made it.
      guard picture != nil else { return nil }
      let sketch = try Image.load(frame.sketch)
      let settings = frame.settings
      votes = nil
      polarity = settings.polarity
      map = try RegionMap(
        lineArt: sketch, options: settings.flats.regionOptions(polarity: polarity, guides: settings.guides))
      drawing = try settings.withoutGuides(sketch)
    }
    shapes = RegionShapes(map)
    let ink = drawing.ink(polarity: polarity)
    self.approved = try picture.map { try ApprovedFrames.colors(of: Image.load($0), in: map, ink: ink) }
  }

  /// The drawing's edges, to align it with others.
  func edges() throws -> DrawingEdges { try DrawingEdges(drawing, polarity: polarity) }
}

/// The approved frames around a frame: of all of a shot, those that are looked at are held, and no others.
struct KeyFrames {
  private let isKey: [Bool]
  private var held: [Int: (output: String, key: KeyFrame)] = [:]

  init(_ isKey: [Bool]) { self.isKey = isKey }

  /// What the nearest approved frames before and after a frame say of it.
  ///
  /// - Parameters:
  ///   - place: the frame's. Places do not go down from call to call.
  ///   - read: reads an approved frame.
  mutating func words(
    on frame: DrawnFrame, at place: Int, read: (Int) throws -> DrawnFrame?
  ) throws -> [(output: String, word: KeyFrame.Word)] {
    guard frame.approved == nil else { return [] }
    let before = isKey[..<place].lastIndex(of: true)
    let after = isKey[(place + 1)...].firstIndex(of: true)
    let places = [before, after].compactMap(\.self)
    guard !places.isEmpty else { return [] }
    held = held.filter { places.contains($0.key) }
    let edges = try frame.edges()
    var words: [(output: String, word: KeyFrame.Word)] = []
    for place in places {
      if held[place] == nil, let drawn = try read(place), let colors = drawn.approved {
        held[place] = (drawn.frame.output, KeyFrame(shapes: drawn.shapes, edges: try drawn.edges(), colors: colors))
      }
      guard let (output, key) = held[place] else { continue }
      words.append((output, try key.word(on: frame.shapes, edges: edges)))
    }
    return words
  }
}
