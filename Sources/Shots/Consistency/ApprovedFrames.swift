// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Pictures of frames that are as they shall be: their colours hold for what is the same in the other frames.
struct ApprovedFrames: Sendable {
  /// The picture of a frame, by the path of its result.
  let pictures: [String: String]

  /// - Parameter paths: pictures whose numbers or names are those of frames.
  /// - Throws: ``ShotError/conflict(reason:)`` for one that belongs to no frame, or to the same as another.
  init(_ paths: [String], frames: [ShotFrame]) throws(ShotError) {
    var pictures: [String: String] = [:]
    for path in paths {
      let name = FrameFile.name(of: path)
      let number = FrameFile.lastNumber(in: name)
      let found =
        frames.first { $0.output == path } ?? frames.first { $0.number != nil && $0.number == number }
        ?? frames.first { $0.name == name }
      guard let found else { throw .conflict(reason: "\(path): it is approved, and no frame has its number") }
      guard pictures.updateValue(path, forKey: found.output) == nil else {
        throw .conflict(reason: "\(path): frame \(found.label) has another approved picture already")
      }
    }
    self.pictures = pictures
  }

  /// The colour that most of each region has in a picture, between the lines; nil where lines hide all of it.
  ///
  /// - Parameters:
  ///   - ink: the drawing's lines, of the map's size, with how much they cover as alpha. Where a region is ink itself, it
  ///     is looked at all the same.
  static func colors(of picture: Image, in map: RegionMap, ink: Image) throws(ImageError) -> [RGB?] {
    let fitted =
      picture.width == map.width && picture.height == map.height
      ? picture : try picture.resized(width: map.width, height: map.height)
    let rgb = fitted.composited()
    var counts = [[UInt32: Int]](repeating: [:], count: map.regions.count)
    for (pixel, label) in map.labels.enumerated() {
      guard ink.pixels[pixel * 4 + 3] == 0 || map.regions[Int(label)].isInk else { continue }
      let place = pixel * 3
      let packed =
        UInt32(rgb.pixels[place]) << 16 | UInt32(rgb.pixels[place + 1]) << 8 | UInt32(rgb.pixels[place + 2])
      counts[Int(label)][packed, default: 0] += 1
    }
    return counts.map { counts in
      guard let best = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else { return nil }
      return RGB(UInt8(best >> 16 & 255), UInt8(best >> 8 & 255), UInt8(best & 255))
    }
  }
}
