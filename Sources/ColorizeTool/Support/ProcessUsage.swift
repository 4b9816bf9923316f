// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the process has used of the machine, and what the machine has.
enum ProcessUsage {
  /// The most memory that was resident at a time, in bytes.
  static var peakMemory: Int {
    // `getrusage` counts what the program had before it that started this one: the memory of a large parent.
    if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    {
      return kibibytes * 1024
    }
    var usage = rusage()
    #if os(Linux)
      // The constant is of another type than the parameter here; its value is 0 everywhere.
      let itself: Int32 = 0
      let unit = 1024
    #else
      let itself = RUSAGE_SELF
      let unit = 1
    #endif
    return getrusage(itself, &usage) == 0 ? usage.ru_maxrss * unit : 0
  }

  /// The memory that is resident now, in bytes; 0 where the system does not tell.
  static var residentMemory: Int {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
  }

  /// What the system calls the processor.
  static var processorName: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return name.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
  }

  /// The machine's memory in bytes.
  static var physicalMemory: UInt64 { ProcessInfo.processInfo.physicalMemory }
}

/// Numbers for people.
enum Format {
  /// Bytes as `12.3 MiB`.
  static func bytes(_ count: UInt64) -> String {
    var value = Double(count)
    for unit in ["bytes", "KiB", "MiB"] {
      if value < 1024 { return unit == "bytes" ? "\(count) bytes" : "\(decimal(value, 1)) \(unit)" }
      value /= 1024
    }
    return "\(decimal(value, 1)) GiB"
  }

  /// Bytes as `12.3 MiB`.
  static func bytes(_ count: Int) -> String { bytes(UInt64(max(count, 0))) }

  /// A number with a fixed number of digits after the point, whatever the locale.
  static func decimal(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// A count with its thousands set apart: `12 345 678`.
  static func count(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text.append(" ") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
