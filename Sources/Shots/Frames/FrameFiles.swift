// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Colorize
import Glibc

/// One picture of a cut.
public struct FrameFile: Sendable, Hashable {
  /// Its number; nil where its name has none.
  public let number: Int?
  /// Its path.
  public let path: String

  /// The file's name without its folder and its extension.
  public var name: String { Self.name(of: path) }

  /// What it is called: its number with at least four digits, or its name.
  public var label: String { number.map { FramePattern.padded($0, digits: 4) } ?? name }

  static func name(of path: String) -> String {
    let last = path.split(separator: "/").last ?? path[...]
    guard let dot = last.lastIndex(of: "."), dot != last.startIndex else { return String(last) }
    return String(last[..<dot])
  }

  /// The last number in a name, whatever stands around it.
  static func lastNumber(in name: String) -> Int? {
    let bytes = Array(name.utf8)
    guard let end = bytes.lastIndex(where: { (48...57).contains($0) }) else { return nil }
    let start = bytes[...end].lastIndex { !(48...57).contains($0) }.map { $0 + 1 } ?? 0
    guard end - start < FramePattern.maximumDigits else { return nil }
    return Int(String(decoding: bytes[start...end], as: UTF8.self))
  }
}

/// The pictures that patterns and paths describe, in the order of their numbers.
public struct FrameFiles: Sendable, Hashable {
  public let files: [FrameFile]

  /// Finds the pictures.
  ///
  /// - Parameter patterns: patterns and paths, at least one. Several make an explicit list, whose numbers are the last
  ///   ones in the files' names.
  /// - Throws: ``ShotError/invalidPattern(_:reason:)``, ``ShotError/noFrames(pattern:)``, ``ShotError/conflict(reason:)``
  ///   for two files of one number.
  public init(_ patterns: [String]) throws(ShotError) {
    var files: [FrameFile] = []
    for text in patterns {
      let pattern = try FramePattern(text)
      let found = pattern.files()
      guard !found.isEmpty else { throw .noFrames(pattern: text) }
      files += found
    }
    try self.init(files)
  }

  private init(_ files: [FrameFile]) throws(ShotError) {
    var seen: [Int: String] = [:]
    var paths: Set<String> = []
    // Names without a number in between, or with the same one, are told apart by what they are called.
    let areNumbered = files.allSatisfy { $0.number != nil }
    for file in files {
      guard paths.insert(file.path).inserted else {
        throw .conflict(reason: "\(file.path) is given twice; give it once")
      }
      guard areNumbered, let number = file.number else { continue }
      if let other = seen[number] {
        throw .conflict(reason: "\(other) and \(file.path) are both frame \(number); leave one of them out")
      }
      seen[number] = file.path
    }
    self.files =
      areNumbered
      ? files.sorted { ($0.number ?? 0) < ($1.number ?? 0) }
      : files.map { FrameFile(number: nil, path: $0.path) }.sorted { $0.path < $1.path }
  }
}

extension FramePattern {
  /// The files that are there, in no order.
  func files() -> [FrameFile] {
    switch place {
    case .none:
      guard access(FileName.cString(description), F_OK) == 0 else { return [] }
      return [FrameFile(number: FrameFile.lastNumber(in: FrameFile.name(of: description)), path: description)]
    case .number:
      return (FileName.names(inFolder: folder) ?? []).compactMap { name in
        number(in: name).map { FrameFile(number: $0, path: folder + name) }
      }
    case .name:
      return Self.expand(description).map { path in
        FrameFile(number: FrameFile.lastNumber(in: FrameFile.name(of: path)), path: path)
      }
    }
  }

  /// What a shell would make of it: files only, hidden ones only where the pattern begins with a dot.
  private static func expand(_ pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(FileName.cString(pattern), GLOB_MARK, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in
      guard let path = found.gl_pathv[index] else { return nil }
      let bytes = UnsafeBufferPointer(start: path, count: strlen(path)).map { UInt8(bitPattern: $0) }
      return bytes.last == UInt8(ascii: "/") ? nil : FileName.string(bytes)
    }
  }
}
