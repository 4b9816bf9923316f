// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a frame's painting says of its regions' colours, kept beside the manifest, so that colours can be agreed on when
/// all frames are done, on whatever machine.
struct FrameVotes: Sendable, Codable {
  /// 1.
  var version = 1
  /// The frame's key: votes of other content do not count.
  let key: Digest
  /// The colours that are voted on.
  let colors: [RGB]
  let names: [String?]
  /// For each region the places of its colours in ``colors`` and, after each, its share in ten-thousandths.
  let votes: [[Int]]
  /// What each region was filled with when the frame was done alone.
  let paints: [Flats.Paint]
  /// The regions that got their colours by hints; nil where there were none.
  let hinted: [Int]?
  /// How the frame was made.
  let summary: ColorizeResult.Summary

  init?(_ result: ColorizeResult, key: Digest, request: ColorizeRequest) throws {
    let picture = result.pictures[0]
    guard result.summary.settings.fill == .flats, result.summary.settings.lines != .network, let flats = picture.flats
    else { return nil }
    self.key = key
    paints = flats.paints
    var marked = flats
    hinted = try request.hints.map { try marked.take(hints: $0, palette: request.palette) }
    summary = result.summary
    if let vote = flats.vote {
      colors = vote.palette.entries.map(\.color)
      names = vote.palette.entries.map(\.name)
      votes = vote.shares.map { shares in
        shares.enumerated().flatMap { place, share in
          share >= 0.005 ? [place, Int((share * 10_000).rounded())] : []
        }
      }
    } else {
      let uses = flats.colors
      colors = uses.map(\.color)
      names = uses.map(\.name)
      var places: [RGB: Int] = [:]
      for (place, use) in uses.enumerated() { places[use.color] = place }
      votes = flats.paints.map { [places[$0.color] ?? 0, Int((min(max($0.share, 0), 1) * 10_000).rounded())] }
    }
  }

  /// Where a frame's votes are kept.
  static func path(for frame: ShotFrame, manifest: Manifest) -> String {
    // Labels need not be unique among the shots of one manifest; results are.
    "\(folder(of: manifest))/\(Digest(manifest.relative(frame.output)).description.prefix(24)).json"
  }

  static func folder(of manifest: Manifest) -> String {
    let path = manifest.path
    return (path.hasSuffix(".jsonl") ? String(path.dropLast(6)) : path) + ".votes"
  }

  func data() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self))
  }

  /// The votes of a frame; nil where there are none of this content.
  init?(of frame: ShotFrame, key: Digest, manifest: Manifest) {
    guard let bytes = try? Image.bytes(ofFile: Self.path(for: frame, manifest: manifest)),
      let votes = try? JSONDecoder().decode(FrameVotes.self, from: Data(bytes)), votes.version == 1, votes.key == key,
      votes.isConsistent
    else { return nil }
    self = votes
  }

  private var isConsistent: Bool {
    names.count == colors.count && votes.count == paints.count
      && (hinted ?? []).allSatisfy { paints.indices.contains($0) }
      && votes.allSatisfy { row in
        row.count.isMultiple(of: 2)
          && stride(from: 0, to: row.count, by: 2).allSatisfy { colors.indices.contains(row[$0]) }
      }
  }

  /// The regions of the frame's drawing, as they were when it was coloured; nil if they are others now.
  func regionMap(of sketch: Image) throws -> (map: RegionMap, drawing: Image)? {
    let settings = summary.settings
    guard let (lineArt, drawing) = try summary.lineArt(of: sketch) else { return nil }
    let map = try RegionMap(
      lineArt: lineArt, options: settings.flats.regionOptions(polarity: summary.polarity, guides: settings.guides))
    return map.regions.count == votes.count ? (map, drawing) : nil
  }
}
