// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Lines for people, written at once so that those of several processes stay in order.
struct Console: Sendable {
  let handle: FileHandle

  func say(_ line: String) { handle.write(Data((line + "\n").utf8)) }

  /// The heading of a group's rows.
  func heading(_ group: String, comparing peer: String?) {
    var line = Self.left("\(group)", 46) + Self.right("ms", 10) + "  " + Self.left("(range)", 17)
    line +=
      Self.right("GFLOP/s", 9) + Self.right("floor ms", 10) + Self.right("of floor", 10) + Self.right("peak GiB", 10)
    if let peer { line += Self.right(peer, 18) + Self.right("ours is", 15) }
    say("\n" + line)
  }

  func row(_ row: Row) {
    let ours = row.ours
    var line = Self.left(row.name, 46) + Self.right(Self.time(ours.median), 10) + "  "
    line += Self.left("(\(Self.time(ours.fastest)) - \(Self.time(ours.slowest)))", 17)
    line += Self.right(row.gigaflop > 0 ? Self.number(row.gigaflop / ours.median * 1000, 1) : "", 9)
    let floor = row.floorMilliseconds
    line += Self.right(floor > 0 ? Self.time(floor) : "", 10)
    line += Self.right(floor > 0 ? Self.number(floor / ours.median * 100, 0) + " %" : "", 10)
    line += Self.right(Self.number(row.peakResidentGiB, 2), 10)
    if let peer = row.peer, let advantage = row.advantage {
      line += Self.right("\(Self.time(peer.median)) \(row.peerLayout ?? "    ")", 18)
      let words = advantage >= 1 ? "faster" : "slower"
      line += Self.right("\(Self.number(max(advantage, 1 / advantage), 2))x \(words)", 15)
    }
    say(line)
  }

  /// Milliseconds with three significant digits or so.
  static func time(_ milliseconds: Double) -> String {
    number(milliseconds, milliseconds < 10 ? 2 : milliseconds < 1000 ? 1 : 0)
  }

  static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
  static func left(_ text: String, _ width: Int) -> String { text + pad(text, width) }
  static func right(_ text: String, _ width: Int) -> String { pad(text, width) + text }
  private static func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 1))
  }
}
