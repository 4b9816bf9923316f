// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Shots

/// Writes what shows a shot as a whole.
struct ShotWatching {
  let options: ShotWatchingOptions
  let overwrites: Bool

  /// What pictures of this kind say of themselves, so that they are known again and may be replaced.
  private static func texts(_ kind: String) -> [(key: String, value: String)] {
    [("Software", "\(Tool.name) \(Tool.version)"), ("Title", kind)]
  }

  /// Checks what can be told without the frames.
  func checkNames(note: (String) -> Void) throws {
    guard (1...240).contains(options.fps) else { throw ToolError.usage("--fps is \(options.fps), expected 1 to 240") }
    if options.fps != 24, options.animation == nil { note("--fps is for --animation; name its file") }
    if let path = options.report, !path.lowercased().hasSuffix(".html") || path.count <= 5 {
      throw ToolError.usage("--report \(path): it is a page of HTML; give a path that ends in .html")
    }
    for (option, path, _) in files where !path.lowercased().hasSuffix(".png") || path.count <= 4 {
      throw ToolError.usage("\(option) \(path): it is written as PNG; give a path that ends in .png")
    }
  }

  /// Told before any work.
  func check(_ shot: Shot) throws {
    var taken = Set((try shot.frames.flatMap { try shot.writer.paths($0) } + [shot.manifest]).map(FileName.resolved))
    let inputs = shot.frames.flatMap { $0.inputs.map(\.path) }
    if let path = options.report { try check(report: path, taken: &taken, inputs: inputs) }
    for (option, path, kind) in files {
      guard taken.insert(FileName.resolved(path)).inserted else {
        throw ToolError.usage("\(option) \(path): another file is written there too; give another path")
      }
      try OutputCheck(option: option, overwrite: replaces(path, kind), inputs: inputs).check([path])
    }
  }

  private func check(report path: String, taken: inout Set<String>, inputs: [String]) throws {
    guard taken.insert(FileName.resolved(path)).inserted else {
      throw ToolError.usage("--report \(path): another file is written there too; give another path")
    }
    try OutputCheck(option: "--report", overwrite: replacesReport(path), inputs: inputs).check([path])
  }

  /// Whether a file may be replaced. One that was made before is out of date, and nobody's work.
  private func replaces(_ path: String, _ kind: String) -> Bool {
    overwrites || (try? PNGText.read(path: path))?.contains { $0 == ("Title", kind) } ?? false
  }

  private func replacesReport(_ path: String) -> Bool {
    let head = FileHandle(forReadingAtPath: path)?.readData(ofLength: 1024) ?? Data()
    return overwrites || String(decoding: head, as: UTF8.self).contains("content=\"Irodori shot report\"")
  }

  private static let sheetKind = "contact sheet of a shot"
  private static let animationKind = "animation of a shot"

  private var files: [(option: String, path: String, kind: String)] {
    [
      ("--contact-sheet", options.contactSheet, Self.sheetKind), ("--animation", options.animation, Self.animationKind),
    ].compactMap { option, path, kind in path.map { (option, $0, kind) } }
  }

  /// The paths that are written.
  var paths: [String] { files.map(\.path) + (options.report.map { [$0] } ?? []) }

  func write(_ shot: Shot, model: Model, progress: Progress) throws {
    // What may be replaced is asked once more: the frames may have taken hours.
    var others: [String] = []
    func write(_ path: String, _ replaces: Bool, _ body: (String, ExistingFilePolicy) throws -> Void) throws {
      let files = OutputFiles(overwrites: replaces)
      try files.write(path, by: body)
      do { try files.check() } catch let error as ToolError { others.append(error.message) }
    }
    try self.write(shot, model: model, progress: progress, by: write)
    guard others.isEmpty else { throw ToolError(.failure, others.joined(separator: "; ")) }
  }

  private func write(
    _ shot: Shot, model: Model, progress: Progress,
    by write: (String, Bool, (String, ExistingFilePolicy) throws -> Void) throws -> Void
  ) throws {
    if let path = options.report {
      progress.begin("making the report")
      let name = path.split(separator: "/").last.map(String.init) ?? path
      let page = try shot.report(on: shot.plan(for: model), path: path, title: String(name.dropLast(5))) {
        progress.step($0, of: $1, unit: "frame")
      }
      try write(path, replacesReport(path)) { try AtomicFile.write(page, to: $0, existing: $1) }
    }
    let strip = FilmStrip(shot.frames)
    guard !strip.pictures.isEmpty else { return }
    if let path = options.contactSheet {
      progress.begin("making the contact sheet")
      let sheet = try strip.contactSheet()
      try write(path, replaces(path, Self.sheetKind)) {
        try sheet.write(to: $0, text: Self.texts(Self.sheetKind), existing: $1)
      }
    }
    if let path = options.animation {
      progress.begin("making the animation")
      try write(path, replaces(path, Self.animationKind)) {
        try strip.writeAnimation(to: $0, rate: options.fps, texts: Self.texts(Self.animationKind), existing: $1)
      }
    }
  }
}
