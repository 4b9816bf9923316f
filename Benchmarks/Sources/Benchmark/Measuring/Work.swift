// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Sequence where Element == CallRecord {
  var gigaflop: Double { flops / 1e9 }
  var gigabytes: Double { Double(byteCount) / 1e9 }

  /// The least time that the operations take one after another at the limits of the machine, in seconds.
  func floor(_ limits: MachineLimits) -> Double { reduce(0) { $0 + limits.floor($1) } }
}

/// Where the time of one piece of work went, by the backend's members.
struct Profile: Codable {
  struct Entry: Codable {
    let family: String
    let calls: Int
    let milliseconds: Double
    let gigaflop: Double
    let gigabytes: Double
    let floorMilliseconds: Double
  }

  let name: String
  /// Whether times are the device's own or those of calls that were waited for.
  let clock: ProfilingBackend.Clock
  let entries: [Entry]

  init(name: String, clock: ProfilingBackend.Clock, records: [CallRecord], limits: MachineLimits) {
    self.init(
      name: name, clock: clock,
      entries: Dictionary(grouping: records, by: \.member).map { family, records in
        Entry(
          family: family, calls: records.count, milliseconds: records.seconds * 1000, gigaflop: records.gigaflop,
          gigabytes: records.gigabytes, floorMilliseconds: records.floor(limits) * 1000)
      })
  }

  init(name: String, clock: ProfilingBackend.Clock, entries: [Entry]) {
    self.name = name
    self.clock = clock
    self.entries = entries.sorted { $0.milliseconds > $1.milliseconds }
  }

  func print(on console: Console) {
    let total = entries.reduce(0) { $0 + $1.milliseconds }
    let means = clock == .device ? "by the device's clock" : "each call waited for"
    console.say("\n  by member: \(name), \(Console.time(total)) ms in all, \(means)")
    for entry in entries {
      let share = total > 0 ? entry.milliseconds / total * 100 : 0
      var line = "  " + Console.left(entry.family, 16) + Console.right("\(entry.calls)", 6) + " calls"
      line += Console.right(Console.time(entry.milliseconds), 10) + " ms" + Console.right(Console.number(share, 1), 7)
      line += " %  "
      if entry.gigaflop > 0 {
        line += Console.right(Console.number(entry.gigaflop / entry.milliseconds * 1000, 1), 9) + " GFLOP/s"
      } else {
        line += Console.right(Console.number(entry.gigabytes / entry.milliseconds * 1000, 1), 9) + " GB/s   "
      }
      line += "  floor" + Console.right(Console.time(entry.floorMilliseconds), 9) + " ms"
      console.say(line)
    }
  }
}

extension ProfilingBackend {
  /// The records of what `body` computes.
  func records(of body: () throws -> Void) throws -> [CallRecord] {
    _ = try takeRecords()
    try body()
    return try takeRecords()
  }
}
