// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a manifest's file holds as far as it has been read, and its locks.
struct ManifestState {
  var descriptor: Int32
  /// How far the file has been read.
  var offset = 0
  /// What has no line end yet.
  var rest: [UInt8] = []
  /// The last record of each frame.
  var records: [String: ManifestRecord] = [:]
  /// Every content that a file is said to have had.
  var contents: [String: Set<Digest>] = [:]
  var damaged = 0
  var hasLocks = true
}

extension ManifestState {
  /// Commands of `fcntl` for locks that belong to an open file, and not to the process as a whole.
  private static let (setLock, waitForLock) = (Int32(37), Int32(38))

  /// Locks one byte. Where there are no locks it says so, and goes on without.
  mutating func lock(_ place: UInt64, waits: Bool) -> Bool {
    guard hasLocks else { return false }
    var request = Self.request(Int16(F_WRLCK), place)
    while fcntl(descriptor, waits ? Self.waitForLock : Self.setLock, &request) != 0 {
      if errno == EINTR { continue }
      if errno != EAGAIN && errno != EACCES { hasLocks = false }
      return false
    }
    return true
  }

  func unlock(_ place: UInt64) {
    var request = Self.request(Int16(F_UNLCK), place)
    _ = fcntl(descriptor, Self.setLock, &request)
  }

  private static func request(_ type: Int16, _ place: UInt64) -> flock {
    var request = flock()
    request.l_type = type
    request.l_whence = Int16(SEEK_SET)
    request.l_start = off_t(place & UInt64(Int64.max))
    request.l_len = 1
    return request
  }

  /// Takes what was read, line by line; what has no end yet waits for it.
  mutating func take(_ bytes: ArraySlice<UInt8>) {
    for part in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      if part.offset > 0 {
        finishLine()
      }
      rest += part.element
    }
  }

  private mutating func finishLine() {
    defer { rest.removeAll(keepingCapacity: true) }
    guard !rest.isEmpty else { return }
    guard let text = String(validating: rest, as: UTF8.self), let record = ManifestRecord(line: text) else {
      damaged += 1
      return
    }
    guard record.event == .finished, let picture = record.files.first else { return }
    records[picture.path] = record
    for file in record.files { contents[file.path, default: []].insert(file.sha256) }
  }
}
