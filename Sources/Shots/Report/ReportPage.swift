// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Shot {
  /// A page of HTML that shows a shot: all frames, what has changed its colour from each to the next, and where to look
  /// first. It is one file, without scripts; pictures are in it, and lead to the frames' own files.
  ///
  /// - Parameters:
  ///   - plan: made after the frames were coloured.
  ///   - path: where the page will be, for the links to the frames.
  ///   - title: of the page.
  ///   - progress: called with how many of the frames are in it.
  /// - Throws: `ImageError`, `FlatsError`, `CancellationError`.
  public func report(
    on plan: ShotPlan, path: String, title: String = "Shot",
    progress: (_ completed: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> [UInt8] {
    var page = ReportPage(title: title, folder: path.lastIndex(of: "/").map { String(path[...$0]) } ?? "")
    var previous: FrameColors?
    for (place, entry) in plan.entries.enumerated() {
      try Task.checkCancellation()
      try progress(place, plan.entries.count)
      switch entry.state {
      case .finished, .retouched, .approved:
        let colors = try FrameColors(entry.frame)
        try page.add(entry, colors, changes: previous.map { ColorChanges(from: $0, to: colors) })
        previous = colors
      case .new, .changed: page.add(entry.frame, missing: "is not finished")
      case .occupied: page.add(entry.frame, missing: "has another file in its place")
      case .faulty(let reason): page.add(entry.frame, missing: reason)
      }
    }
    return page.bytes
  }
}

/// The page as it grows.
private struct ReportPage {
  private let title: String
  private let folder: String
  private var rows = ""
  private var frames: [(label: String, changes: Int, share: Double)] = []
  private var missing: [(label: String, reason: String)] = []
  private var matches = 0

  /// The longer side of a picture on the page.
  private static let size = 360
  /// Changes that are listed for a frame.
  private static let listLimit = 12

  init(title: String, folder: String) {
    self.title = title
    self.folder = folder
  }

  mutating func add(_ frame: ShotFrame, missing reason: String) { missing.append((frame.label, reason)) }

  mutating func add(_ entry: ShotPlan.Entry, _ colors: FrameColors, changes: ColorChanges?) throws {
    let frame = entry.frame
    let label = Self.escaped(frame.label)
    let badge =
      switch entry.state {
      case .approved: " <b class=key>approved</b>"
      case .retouched: " <b class=key>changed by hand</b>"
      default: ""
      }
    let link = frame.output.hasPrefix(folder) ? String(frame.output.dropFirst(folder.count)) : frame.output
    rows += "<section id=\"f\(label)\"><h2>\(label)\(badge)</h2><div class=row>"
    rows +=
      "<a href=\"\(Self.escaped(Self.address(link)))\">\(try Self.picture(colors.picture, alt: "frame \(label)"))</a>"
    if let changes, !changes.changes.isEmpty {
      rows += try Self.picture(Self.marked(colors.picture, changes), alt: "what changed in frame \(label)")
      rows += "<table><tr><th>before<th>now<th>where<th>of the picture</tr>"
      let area = Double(changes.map.width * changes.map.height)
      for change in changes.changes.prefix(Self.listLimit) {
        rows += "<tr><td>\(Self.swatch(change.before))<td>\(Self.swatch(change.after))"
        rows += "<td>\(change.region.center.x), \(change.region.center.y)"
        rows += "<td>\(Self.percent(Double(change.region.area) / area))</tr>"
      }
      rows += "</table>"
      if changes.changes.count > Self.listLimit {
        rows += "<p>and \(changes.changes.count - Self.listLimit) smaller ones</p>"
      }
    }
    rows += "</div></section>\n"
    matches += changes?.matchCount ?? 0
    frames.append((frame.label, changes?.changes.count ?? 0, changes?.share ?? 0))
  }

  /// The page.
  var bytes: [UInt8] {
    let changed = frames.filter { $0.changes > 0 }
    let count = changed.reduce(0) { $0 + $1.changes }
    var text = """
      <!doctype html><html lang="en"><meta charset="utf-8"><meta name="generator" content="Irodori shot report">
      <meta name="viewport" content="width=device-width"><title>\(Self.escaped(title))</title><style>
      body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#222;background:#fafafa}
      img{max-width:100%;border:1px solid #ccc;background:#fff;vertical-align:top}h2{font-size:1rem;margin:1.6rem 0 .4rem}
      .row{display:flex;flex-wrap:wrap;gap:.8rem;align-items:flex-start}td,th{padding:.1rem .7rem .1rem 0;text-align:left;
      font-weight:normal}th{color:#666}i{display:inline-block;width:2.2rem;height:1rem;border:1px solid #888;vertical-align:-2px}
      .key{background:#dcebd5;padding:0 .4rem;border-radius:.3rem}.bad{color:#a00}a{color:#245}svg{display:block;width:100%;
      height:70px;background:#fff;border:1px solid #ddd}svg a:hover rect{fill:#f60}</style>
      <h1>\(Self.escaped(title))</h1>
      <p>\(frames.count) frames. \(matches) regions were found again in the frame after; \(count) of them have another colour
      there, in \(changed.count) frames. The marked pictures show those in magenta, and the rest pale.</p>

      """
    if !missing.isEmpty {
      text += "<p class=bad>Not there: "
      text += missing.map { Self.escaped("\($0.label) (\($0.reason))") }.joined(separator: "; ") + "</p>\n"
    }
    text += chart
    let first = changed.sorted { ($1.share, $0.label) < ($0.share, $1.label) }.prefix(10)
    if !first.isEmpty {
      text += "<p>Look here first: "
      text +=
        first.map {
          "<a href=\"#f\(Self.escaped($0.label))\">\(Self.escaped($0.label))</a> (\($0.changes), \(Self.percent($0.share)))"
        }.joined(separator: ", ") + "</p>\n"
    }
    return Array((text + rows + "</html>\n").utf8)
  }

  /// A bar a frame: the share of the picture that has another colour than before.
  private var chart: String {
    guard frames.count > 1 else { return "" }
    let most = max(frames.map(\.share).max() ?? 0, 0.0001)
    let width = 1000 / Double(frames.count)
    var text = "<svg viewBox=\"0 0 1000 70\" preserveAspectRatio=\"none\" role=img aria-label=\"changes by frame\">"
    for (place, frame) in frames.enumerated() {
      // The square root: small changes are to be seen beside large ones.
      let height = frame.changes == 0 ? 1 : 4 + 64 * (frame.share / most).squareRoot()
      let label = Self.escaped(frame.label)
      text +=
        "<a href=\"#f\(label)\"><title>\(label): \(frame.changes)</title><rect x=\"\(Self.short(Double(place) * width))\" "
      text +=
        "y=\"\(Self.short(70 - height))\" width=\"\(Self.short(max(width * 0.85, 0.5)))\" height=\"\(Self.short(height))\" "
      text += "fill=\"\(frame.changes == 0 ? "#9b9" : "#c39")\"/></a>"
    }
    return text + "</svg>\n"
  }

  /// The picture pale, and what has changed in magenta.
  private static func marked(_ picture: Image, _ changes: ColorChanges) throws -> Image {
    let map = changes.map
    let fitted =
      picture.width == map.width && picture.height == map.height
      ? picture : try picture.resized(width: map.width, height: map.height)
    var isChanged = [Bool](repeating: false, count: map.regions.count)
    for change in changes.changes { isChanged[change.region.id] = true }
    var pixels = fitted.pixels
    for (pixel, label) in map.labels.enumerated() {
      let isMarked = isChanged[Int(label)]
      for channel in 0..<3 {
        let own = Int(pixels[pixel * 3 + channel])
        let mark = channel == 1 ? 0 : 230
        pixels[pixel * 3 + channel] = UInt8(isMarked ? (own + 3 * mark) / 4 : 190 + own / 4)
      }
    }
    return try Image(width: map.width, height: map.height, channels: 3, pixels: pixels)
  }

  private static func picture(_ image: Image, alt: String) throws -> String {
    let factor = min(1, Double(size) / Double(max(image.width, image.height)))
    let (width, height) = (
      max(1, Int((Double(image.width) * factor).rounded())), max(1, Int((Double(image.height) * factor).rounded()))
    )
    let data = try image.resized(width: width, height: height).jpegData(quality: 82)
    return "<img width=\(width) height=\(height) loading=lazy alt=\"\(alt)\" src=\"data:image/jpeg;base64,"
      + "\(Data(data).base64EncodedString())\">"
  }

  private static func swatch(_ color: RGB) -> String {
    let name = "#" + [color.red, color.green, color.blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return "<i style=\"background:\(name)\"></i> \(name)"
  }

  private static func percent(_ share: Double) -> String { short(share * 100) + " %" }

  /// Two digits after the point.
  private static func short(_ value: Double) -> String { String((value * 100).rounded() / 100) }

  /// A path as an address; names may hold anything.
  private static func address(_ path: String) -> String {
    var text = ""
    for byte in FileName.cString(path).dropLast().map({ UInt8(bitPattern: $0) }) {
      switch byte {
      case 45...57, 65...90, 95, 97...122, 126: text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return text
  }

  private static func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      default: String(character)
      }
    }.joined()
  }
}
