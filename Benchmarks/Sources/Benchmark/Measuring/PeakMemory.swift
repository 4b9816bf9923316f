// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The most memory of this process that was resident at a time, for spans of a run.
///
/// Linux keeps the mark of the whole process (`VmHWM`) and lets a process put it back to what is resident now. Where
/// that is not possible the mark only rises. Pages of mapped files count while they are resident.
struct PeakMemory {
  /// The highest of all spans so far, in bytes.
  private(set) var highest = 0

  /// Begins a span.
  mutating func begin() {
    highest = max(highest, Self.mark)
    // 5 resets the mark; the file is refused in some sandboxes, and then the mark only rises.
    if let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") {
      try? file.write(contentsOf: Data("5".utf8))
      try? file.close()
    }
  }

  /// The highest since the span began, in GiB.
  mutating func end() -> Double {
    let mark = Self.mark
    highest = max(highest, mark)
    return Double(mark) / 1_073_741_824
  }

  /// The highest of all spans, in GiB.
  var highestGiB: Double { Double(max(highest, Self.mark)) / 1_073_741_824 }

  /// Forgets all spans.
  mutating func reset() {
    begin()
    highest = 0
  }

  private static var mark: Int {
    if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
    {
      return kibibytes * 1024
    }
    var usage = rusage()
    // 0 is RUSAGE_SELF, which on Linux is imported as another type than the parameter's.
    getrusage(0, &usage)
    return usage.ru_maxrss * 1024
  }
}
