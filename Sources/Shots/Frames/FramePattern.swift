// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Glibc

/// A path with a place for the frame's number or name: what the files of a cut are called.
///
/// - `cut/####.png`: a number of at least four digits, with zeros before it; one `#` a digit.
/// - `cut/%04d.png`: the same as `printf` has it; `%d` without zeros.
/// - `cut/*.png`: any name, as shells expand it (`*`, `?`, `[a-z]`); the frame's number is the last one in the name.
/// - `cut/0001.png`: one file.
///
/// The place is in the last component of the path, but for `*`, which may be in folders as well.
public struct FramePattern: Sendable, Hashable, CustomStringConvertible {
  /// What stands at the place.
  enum Place: Sendable, Hashable {
    /// A number of at least so many digits.
    case number(digits: Int)
    /// Any name.
    case name
    /// Nothing: the path is one file's.
    case none
  }

  /// The pattern as it was given.
  public let description: String
  let place: Place
  /// Whether there is a place, so that frames have paths of their own.
  package var hasPlace: Bool { place != .none }

  /// The path up to its last slash, which is included; empty for a bare name.
  let folder: String
  /// What stands before and after the place in the last component.
  let prefix: String
  let suffix: String

  /// - Throws: ``ShotError/invalidPattern(_:reason:)`` for two places, or one in a folder's name.
  public init(_ text: String) throws(ShotError) {
    description = text
    let slash = text.lastIndex(of: "/")
    folder = slash.map { String(text[...$0]) } ?? ""
    let name = slash.map { text[text.index(after: $0)...] } ?? text[...]
    guard !name.isEmpty else {
      throw .invalidPattern(text, reason: "it is a folder; give its files, as in \(text)####.png")
    }
    // A file that has such a character in its name is meant as it is.
    if access(FileName.cString(text), F_OK) == 0 {
      (place, prefix, suffix) = (.none, String(name), "")
      return
    }
    guard let found = try Self.number(in: name, of: text) else {
      let isGlob = text.contains { "*?[".contains($0) }
      guard isGlob else {
        if folder.contains("#") { throw Self.placeInFolder(text) }
        (place, prefix, suffix) = (.none, String(name), "")
        return
      }
      let star = name.firstIndex(of: "*") ?? name.endIndex
      (place, prefix) = (.name, String(name[..<star]))
      suffix = star < name.endIndex ? String(name[name.index(after: star)...]) : ""
      return
    }
    if folder.contains("#") { throw Self.placeInFolder(text) }
    if name.contains("*") || folder.contains("*") {
      throw .invalidPattern(text, reason: "it has both a number and a *; give one of them")
    }
    place = .number(digits: found.digits)
    prefix = String(name[..<found.range.lowerBound])
    suffix = String(name[found.range.upperBound...])
  }

  private static func placeInFolder(_ text: String) -> ShotError {
    .invalidPattern(text, reason: "the number stands in a folder's name; only the file's name may have one")
  }

  /// `####` or `%04d` in a name.
  private static func number(
    in name: Substring, of text: String
  ) throws(ShotError) -> (range: Range<Substring.Index>, digits: Int)? {
    var places: [(Range<Substring.Index>, Int)] = []
    var index = name.startIndex
    while index < name.endIndex {
      let rest = name[index...]
      if rest.first == "#" {
        let run = rest.prefix { $0 == "#" }
        places.append((run.startIndex..<run.endIndex, run.count))
        index = run.endIndex
      } else if rest.first == "%", let end = rest.firstIndex(of: "d") {
        let digits = rest[rest.index(after: rest.startIndex)..<end]
        guard digits.utf8.count <= 3, digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
          index = name.index(after: index)
          continue
        }
        // Without a zero in front, printf pads with blanks, which no frame's name has.
        places.append((index..<name.index(after: end), max(1, Int(digits) ?? 1)))
        index = name.index(after: end)
      } else {
        index = name.index(after: index)
      }
    }
    guard places.count < 2 else { throw .invalidPattern(text, reason: "it has two places for the number; give one") }
    if let digits = places.first?.1, digits > maximumDigits {
      throw .invalidPattern(text, reason: "a number of \(digits) digits, where at most \(maximumDigits) can be read")
    }
    return places.first.map { (range: $0.0, digits: $0.1) }
  }

  /// The most digits of a number.
  static let maximumDigits = 18

  /// The path for a frame.
  ///
  /// - Parameters:
  ///   - number: the frame's number, nil if it has none.
  ///   - name: what stands for `*`: its file's name without the extension.
  /// - Throws: ``ShotError/invalidPattern(_:reason:)`` for a frame without a number where one is needed.
  public func path(number: Int?, name: String) throws(ShotError) -> String {
    switch place {
    case .none: return description
    case .name: return folder + prefix + name + suffix
    case .number(let digits):
      guard let number else {
        throw .invalidPattern(
          description, reason: "the frame \(name) has no number to put there; write * in its place")
      }
      return folder + prefix + Self.padded(number, digits: digits) + suffix
    }
  }

  /// A number with zeros before it.
  static func padded(_ number: Int, digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// The number that stands at the place in a file's name; nil if the file is none of the pattern's.
  func number(in name: String) -> Int? {
    guard case .number(let digits) = place, name.hasPrefix(prefix), name.hasSuffix(suffix),
      name.utf8.count >= prefix.utf8.count + suffix.utf8.count
    else { return nil }
    let found = name.utf8.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)
    // Longer numbers than the place has no zeros before them, so that no two files have one number.
    guard found.count == digits || (found.count > digits && found.first != UInt8(ascii: "0")),
      found.count <= Self.maximumDigits, found.allSatisfy({ (48...57).contains($0) })
    else { return nil }
    return Int(Substring(found))
  }
}
