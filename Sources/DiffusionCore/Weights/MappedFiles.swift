// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which files are mapped where, for a program that has to say so in a signal handler: nothing here is allocated or locked
/// where ``path(at:)`` looks.
package enum MappedFiles {
  private struct Entry {
    var start: UInt = 0
    var end: UInt = 0
    var path: UnsafeMutablePointer<CChar>?
  }

  /// As many shards as a checkpoint may have, and some. Files beyond that are not found.
  private static let capacity = 4096
  nonisolated(unsafe) private static let entries: UnsafeMutablePointer<Entry> = {
    let entries = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
    entries.initialize(repeating: Entry(), count: capacity)
    return entries
  }()
  private static let changes = Locked<Void>(())

  /// Makes the table, so that a handler need not.
  package static func prepare() { _ = entries }

  static func add(_ bytes: UnsafeRawBufferPointer, path: String) {
    let (start, count) = (UInt(bitPattern: bytes.baseAddress), UInt(bytes.count))
    changes.mutate { _ in
      guard let place = (0..<capacity).first(where: { entries[$0].end == 0 }) else { return }
      free(entries[place].path)
      entries[place].path = strdup(FileName.cString(path))
      entries[place].start = start
      entries[place].end = start + count
    }
  }

  static func remove(_ bytes: UnsafeRawBufferPointer) {
    let start = UInt(bitPattern: bytes.baseAddress)
    changes.mutate { _ in
      for place in 0..<capacity where entries[place].start == start && entries[place].end != 0 {
        (entries[place].end, entries[place].start) = (0, 0)
      }
    }
  }

  /// The path of the file that is mapped at an address, nil if there is none. Safe in a signal handler once
  /// ``prepare()`` was called.
  package static func path(at address: UnsafeRawPointer?) -> UnsafePointer<CChar>? {
    let address = UInt(bitPattern: address)
    let entries = entries
    var place = 0
    while place < capacity {
      // Entries have whole pages, of which the last may reach beyond the file.
      if entries[place].end != 0, address >= entries[place].start, address < (entries[place].end + 4095) & ~4095 {
        return UnsafePointer(entries[place].path)
      }
      place += 1
    }
    return nil
  }
}
