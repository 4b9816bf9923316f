// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Glibc
import Synchronization

/// The file that says which frames of a shot are finished, and of what content: JSON lines that are only ever appended.
///
/// A line goes out in one write, and is flushed to the disk before the files it speaks of take their names. A line that is
/// torn, because the process was killed or the disk is full, is known by its check sum and passed over; the next one starts
/// on a line of its own. So whatever happens at whatever byte, frames are finished or to be done, and nothing else.
///
/// Several processes may append, and claim frames: a claim is a lock of the system, which ends with its process. Where
/// the file system knows no locks, two processes may colour the same frame, with the same result.
public final class Manifest: Sendable {
  /// The file's path.
  public let path: String
  /// Whether the file system knows locks.
  public var hasLocks: Bool { state.withLock { $0.hasLocks } }

  fileprivate let state: Mutex<ManifestState>

  /// Opens a manifest, and makes it if it is not there.
  ///
  /// A file that is there must be empty or begin as a manifest does: lines are appended to no other, whatever it is.
  ///
  /// - Parameter creates: false reads only, and takes what is not there for empty.
  /// - Throws: ``ShotError/unusableManifest(file:reason:)``.
  public init(path: String, creates: Bool = true) throws(ShotError) {
    // Non-blocking, or opening a named pipe would wait for somebody to write into it.
    let flags = (creates ? O_RDWR | O_CREAT | O_APPEND : O_RDONLY) | O_NONBLOCK
    let descriptor = open(FileName.cString(path), flags | O_CLOEXEC, 0o666)
    guard descriptor >= 0 || (!creates && errno == ENOENT) else {
      throw .unusableManifest(file: path, reason: "the manifest cannot be opened (\(Self.lastError))")
    }
    var status = stat()
    if descriptor >= 0, fstat(descriptor, &status) != 0 || status.st_mode & S_IFMT != S_IFREG {
      close(descriptor)
      throw .unusableManifest(file: path, reason: "it is no regular file, which a manifest is kept in")
    }
    if descriptor >= 0, !Self.isManifest(descriptor) {
      close(descriptor)
      throw .unusableManifest(
        file: path,
        reason: "it is no manifest of a shot, and nothing is written into it; give the manifest another path")
    }
    self.path = path
    state = Mutex(ManifestState(descriptor: descriptor))
    try refresh()
  }

  deinit {
    state.withLock { if $0.descriptor >= 0 { _ = close($0.descriptor) } }
  }

  /// Reads what has been appended since, by whomever.
  ///
  /// - Throws: ``ShotError/unusableManifest(file:reason:)``.
  public func refresh() throws(ShotError) {
    let reason = state.withLock { state -> String? in
      guard state.descriptor >= 0 else { return nil }
      var buffer = [UInt8](repeating: 0, count: 1 << 18)
      while true {
        let count = pread(state.descriptor, &buffer, buffer.count, off_t(state.offset))
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { return Self.lastError }
        if count == 0 { return nil }
        state.offset += count
        state.take(buffer[..<count])
      }
    }
    if let reason { throw .unusableManifest(file: path, reason: "the manifest cannot be read (\(reason))") }
  }

  /// The last record of a frame that writes to a file.
  public func record(output: String) -> ManifestRecord? {
    let name = relative(output)
    return state.withLock { $0.records[name] }
  }

  /// The last record of each frame, by the path of its picture.
  public var records: [ManifestRecord] {
    state.withLock { $0.records.values.sorted { $0.frame < $1.frame } }
  }

  /// Whether a file of this content was ever said to be made here.
  public func knows(_ content: Digest, of file: String) -> Bool {
    let name = relative(file)
    return state.withLock { $0.contents[name]?.contains(content) == true }
  }

  /// How many lines could not be read.
  public var damagedLineCount: Int { state.withLock { $0.damaged } }

  /// A path as records have it: from the manifest's folder, so that the folder can be moved.
  public func relative(_ path: String) -> String {
    let folder = self.path.lastIndex(of: "/").map { String(self.path[...$0]) } ?? ""
    return path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
  }

  /// Adds a record, and waits until it is on the disk.
  ///
  /// - Throws: ``ShotError/unusableManifest(file:reason:)``; nothing of the record counts then.
  public func append(_ record: ManifestRecord) throws(ShotError) {
    let line: String
    do {
      line = try record.line()
    } catch {
      throw .unusableManifest(file: path, reason: "a record cannot be written (\(error))")
    }
    let reason = state.withLock { state -> String? in
      // Two processes must not find the same torn line and both begin behind it.
      let isLocked = state.lock(Self.appendingByte, waits: true)
      defer { if isLocked { state.unlock(Self.appendingByte) } }
      var status = stat()
      guard fstat(state.descriptor, &status) == 0 else { return Self.lastError }
      var last: UInt8 = 0x0A
      if status.st_size > 0, pread(state.descriptor, &last, 1, status.st_size - 1) != 1 { return Self.lastError }
      let bytes = (last == 0x0A ? [] : [0x0A]) + Array(line.utf8) + [0x0A]
      let count = bytes.withUnsafeBytes { write(state.descriptor, $0.baseAddress, $0.count) }
      guard count == bytes.count else {
        return count < 0 ? Self.lastError : "only a part could be written; the disk is full"
      }
      guard fdatasync(state.descriptor) == 0 else { return Self.lastError }
      return nil
    }
    if let reason { throw .unusableManifest(file: path, reason: "the manifest cannot be written (\(reason))") }
    try refresh()
  }

  /// Whether a file is empty or begins as a manifest, as far as its first line goes. Where that is damaged, the sum at a
  /// line's end shows what the file is.
  private static func isManifest(_ descriptor: Int32) -> Bool {
    var head = [UInt8](repeating: 0, count: 1 << 16)
    var count = pread(descriptor, &head, head.count, 0)
    while count < 0, errno == EINTR { count = pread(descriptor, &head, head.count, 0) }
    // What cannot be read is told where its lines are.
    guard count > 0 else { return true }
    return ManifestRecord.begins(head[..<count])
  }

  private static let appendingByte: UInt64 = 1 << 62

  private static var lastError: String { String(cString: strerror(errno)) }
}

extension Manifest {
  /// The right to colour a frame, until it is released or the process ends, in whatever way.
  final class Claim: Sendable {
    private let manifest: Manifest
    private let place: UInt64

    fileprivate init(_ manifest: Manifest, place: UInt64) {
      self.manifest = manifest
      self.place = place
    }

    deinit { manifest.state.withLock { $0.unlock(place) } }
  }

  /// Claims a frame; nil if another process has it.
  func claim(output: String) -> Claim? {
    // A byte far behind the file's end, which no record reaches.
    let place = Digest(relative(output)).number >> 3 | 1 << 61
    let isOurs = state.withLock { $0.lock(place, waits: false) || !$0.hasLocks }
    return isOurs ? Claim(self, place: place) : nil
  }
}
