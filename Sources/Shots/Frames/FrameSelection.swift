// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Frames by their numbers: `100-199`, `7`, `1-24,40-`, from a list of such parts.
public struct FrameSelection: Sendable, Hashable, CustomStringConvertible {
  public let description: String
  private let ranges: [ClosedRange<Int>]

  /// - Throws: ``ShotError/invalidSelection(_:reason:)``.
  public init(_ text: String) throws(ShotError) {
    description = text
    var ranges: [ClosedRange<Int>] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map {
        $0.filter { $0 != " " }
      }
      func number(_ digits: String, or open: Int) throws(ShotError) -> Int {
        if digits.isEmpty && ends.count == 2 { return open }
        guard let number = Int(digits), number >= 0 else { throw Self.fault(text, part) }
        return number
      }
      let first = try number(ends[0], or: 0)
      let last = ends.count == 2 ? try number(ends[1], or: .max) : first
      guard first <= last, !ends.allSatisfy(\.isEmpty) else { throw Self.fault(text, part) }
      ranges.append(first...last)
    }
    self.ranges = ranges
  }

  private static func fault(_ text: String, _ part: Substring) -> ShotError {
    .invalidSelection(text, reason: "\"\(part)\" is no frame and no range; write 100-199, or 1,5,20-24")
  }

  public func contains(_ number: Int) -> Bool { ranges.contains { $0.contains(number) } }
}

/// One of several parts of a shot, for as many machines: `2/8`.
///
/// A frame's part follows from the content of its drawing, so that frames which are added later change nothing about the
/// others, and a drawing that is held for several frames is coloured on one machine.
public struct Shard: Sendable, Hashable, Codable, CustomStringConvertible {
  /// 1...``count``.
  public let index: Int
  /// 1...65 536.
  public let count: Int

  public var description: String { "\(index)/\(count)" }

  /// - Throws: ``ShotError/invalidSelection(_:reason:)``.
  public init(_ text: String) throws(ShotError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], (1...65_536).contains(count),
      (1...count).contains(index)
    else { throw .invalidSelection(text, reason: "expected a part of how many, as in 2/8") }
    self.index = index
    self.count = count
  }

  /// Whether a drawing of this content belongs to the part.
  public func contains(_ digest: Digest) -> Bool { Int(digest.number % UInt64(count)) == index - 1 }
}

extension Shard {
  /// Whether a drawing belongs to the part.
  ///
  /// - Throws: `ImageError` where it cannot be read.
  public func contains(sketch path: String) throws(ImageError) -> Bool {
    contains(Digest(try Image.bytes(ofFile: path)))
  }
}
