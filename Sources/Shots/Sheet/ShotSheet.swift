// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What single frames of a shot have that others have not: their own masks, references and settings, from a file.
///
/// JSON is a list of objects, each with a `frame` (`12`, `"20-30"`, or a file's name without its extension), and any of
/// `sketchMask`, `reference`, `referenceMask`, `referenceRegion`, `background`, `palette`, `hints` (paths from the sheet's
/// folder), of the same for further references by their number (`reference2`, `reference2Region`, `reference2Mask`), and of the properties
/// of `ColorizeSettings`:
///
/// ```json
/// [{"frame": "1-40", "seed": 7}, {"frame": 12, "reference": "night.png", "guidance": {"reference": 2}}]
/// ```
///
/// CSV has the same names in its first line, with dots where JSON has objects in objects; an empty cell sets nothing:
///
/// ```
/// frame,reference,guidance.reference
/// 12,night.png,2
/// ```
///
/// Later entries are laid over earlier ones.
public struct ShotSheet: Sendable {
  fileprivate struct Row: Sendable {
    let place: String
    let frame: String
    let selection: FrameSelection?
    let paths: [String: String]
    let settings: JSONValue
  }

  private let file: String
  private let rows: [Row]

  private static let pathNames: Set<String> = Set(
    ["sketchMask", "reference", "referenceMask", "referenceRegion", "background", "palette", "hints"]
      + furtherNames.flatMap { [$0.reference, $0.region, $0.mask] })
  /// What further references are called, from the second on.
  private static let furtherNames = (0..<ColorizeRequest.maximumReferenceCount - 1).map(ShotReference.inputNames)
  /// What a shot decides for all frames.
  private static let commonNames: Set<String> = ["count", "previewInterval", "checksMemory"]

  /// Reads a sheet: JSON, or CSV where the name ends in `.csv`.
  ///
  /// - Throws: ``ShotError/invalidSheet(file:place:reason:)``.
  public init(path: String) throws(ShotError) {
    let bytes: [UInt8]
    do {
      bytes = try FileReader.bytes(of: path, limit: 64 << 20)
    } catch {
      throw .invalidSheet(file: path, place: "the file", reason: error.description)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .invalidSheet(file: path, place: "the file", reason: "it is no UTF-8")
    }
    try self.init(text: text, file: path)
  }

  /// The same of a text; `file` says by its name what it is, and from where paths go out.
  public init(text: String, file: String) throws(ShotError) {
    self.file = file
    let objects = file.lowercased().hasSuffix(".csv") ? try Self.table(text, file) : try Self.list(text, file)
    let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    var rows: [Row] = []
    for (place, object) in objects { rows.append(try Self.row(object, place: place, file: file, folder: folder)) }
    self.rows = rows
  }

  private static func list(_ text: String, _ file: String) throws(ShotError) -> [(place: String, [String: JSONValue])] {
    let list: [[String: JSONValue]]
    do {
      list = try JSONDecoder().decode([[String: JSONValue]].self, from: Data(text.utf8))
    } catch {
      let fault = JSONFault.description(of: Data(text.utf8))
      throw .invalidSheet(
        file: file, place: "the file",
        reason: fault ?? "it is no list of objects, as in [{\"frame\": 12, \"seed\": 7}] (\(error))")
    }
    return list.enumerated().map { ("entry \($0.offset + 1)", $0.element) }
  }

  private static func table(_ text: String, _ file: String) throws(ShotError) -> [(place: String, [String: JSONValue])]
  {
    let table = try CSVTable(text, file: file)
    return table.rows.map { row in
      var object = JSONValue.object([:])
      for (name, cell) in zip(table.names, row.cells) where !cell.isEmpty {
        let isText = name == "frame" || pathNames.contains(name)
        let value = isText ? nil : try? JSONDecoder().decode(JSONValue.self, from: Data(cell.utf8))
        let nested = name.split(separator: ".").reversed().reduce(value ?? .string(cell)) { .object([String($1): $0]) }
        object = object.merging(nested)
      }
      guard case .object(let values) = object else { return ("line \(row.line)", [:]) }
      return ("line \(row.line)", values)
    }
  }

  private static func row(
    _ object: [String: JSONValue], place: String, file: String, folder: String
  ) throws(ShotError) -> Row {
    var settings = object
    let frame: String
    switch settings.removeValue(forKey: "frame") {
    case .string(let text): frame = text
    case .integer(let number): frame = String(number)
    default:
      throw .invalidSheet(
        file: file, place: place, reason: "it has no frame, as in \"frame\": 12 or \"frame\": \"20-30\"")
    }
    var paths: [String: String] = [:]
    for name in pathNames {
      guard let value = settings.removeValue(forKey: name) else { continue }
      guard case .string(let path) = value, !path.isEmpty else {
        throw .invalidSheet(file: file, place: place, reason: "\(name) is no path")
      }
      paths[name] = path.hasPrefix("/") ? path : folder + path
    }
    for name in settings.keys.sorted() where commonNames.contains(name) {
      throw .invalidSheet(
        file: file, place: place, reason: "\(name) is the same for all frames of a shot; leave it out")
    }
    return Row(
      place: place, frame: frame, selection: try? FrameSelection(frame), paths: paths, settings: .object(settings))
  }

  /// Lays what the sheet says of a frame over it. Its ``ShotFrame/furtherReferences`` are numbered from 2 on.
  ///
  /// - Returns: the names of what was set.
  /// - Throws: ``ShotError/invalidSheet(file:place:reason:)`` for a name that is unknown, a value out of its range, or a mask
  ///   or region of a reference that there is none of.
  @discardableResult
  public func apply(to frame: inout ShotFrame) throws(ShotError) -> Set<String> {
    var further = frame.furtherReferences.map(Optional.some)
    let names = try apply(to: &frame, further: &further)
    frame.furtherReferences = further.compactMap(\.self)
    return names
  }

  /// The same with the further references in places of their own, some of which may be empty.
  package func apply(
    to frame: inout ShotFrame, further: inout [ShotReference?]
  ) throws(ShotError) -> Set<String> {
    var names: Set<String> = []
    for row in rows where row.matches(frame) {
      for (name, path) in row.paths {
        switch name {
        case "sketchMask": frame.sketchMask = path
        case "reference": frame.reference = path
        case "referenceMask": frame.referenceMask = path
        case "referenceRegion": frame.referenceRegion = path
        case "background": frame.background = path
        case "palette": frame.palette = path
        case "hints": frame.hints = path
        default: continue
        }
        names.insert(name)
      }
      names.formUnion(try place(row, in: &further))
      guard case .object(let values) = row.settings, !values.isEmpty else { continue }
      frame.settings = try merged(frame.settings, row)
      names.formUnion(values.keys)
    }
    return names
  }

  /// Sets what a row says of further references.
  private func place(_ row: Row, in further: inout [ShotReference?]) throws(ShotError) -> Set<String> {
    var set: Set<String> = []
    for (index, names) in Self.furtherNames.enumerated() {
      if let path = row.paths[names.reference] {
        while further.count <= index { further.append(nil) }
        if further[index] == nil {
          further[index] = ShotReference(path)
        } else {
          further[index]?.reference = path
        }
        set.insert(names.reference)
      }
      for (name, property) in [(names.region, \ShotReference.region), (names.mask, \.mask)] {
        guard let path = row.paths[name] else { continue }
        guard further.indices.contains(index), further[index] != nil else {
          throw .invalidSheet(
            file: file, place: row.place,
            reason: "\(name) is of a reference that the frame does not have; give "
              + "\(names.reference) too")
        }
        further[index]?[keyPath: property] = path
        set.insert(name)
      }
    }
    return set
  }

  private func merged(_ settings: ColorizeSettings, _ row: Row) throws(ShotError) -> ColorizeSettings {
    let result: ColorizeSettings
    let unknown: String?
    do {
      let known = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(settings))
      result = try JSONDecoder().decode(
        ColorizeSettings.self, from: JSONEncoder().encode(known.merging(row.settings)))
      let again = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(result))
      unknown = row.settings.firstKey(missingIn: again)
    } catch let error as DecodingError {
      throw .invalidSheet(file: file, place: row.place, reason: Self.describe(error))
    } catch {
      throw .invalidSheet(file: file, place: row.place, reason: "\(error)")
    }
    if let unknown { throw .invalidSheet(file: file, place: row.place, reason: "there is no setting \(unknown)") }
    return result
  }

  private static func describe(_ error: DecodingError) -> String {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map(\.stringValue).joined(separator: ".")
    }
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context): return "\(path(context)) has the wrong type"
    case .keyNotFound(let key, let context): return "\(path(context)) lacks \(key.stringValue)"
    case .dataCorrupted(let context): return "\(path(context)): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }

  /// The entries that no frame matches: a slip, most likely.
  public func unusedEntries(for frames: [ShotFrame]) -> [String] {
    rows.filter { row in !frames.contains { row.matches($0) } }.map { "\($0.place) (frame \($0.frame))" }
  }
}

extension ShotSheet.Row {
  fileprivate func matches(_ row: ShotFrame) -> Bool {
    if let number = row.number, let selection, selection.contains(number) { return true }
    return frame == row.label || frame == FrameFile.name(of: row.sketch)
  }
}
