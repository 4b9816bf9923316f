// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Replaces a file in one step: whoever looks finds the old content or the new, never a part.
///
/// The content goes into a file without a name in the same folder (`O_TMPFILE`), so that nothing is left of it however the
/// program ends. ``commit()`` flushes it to the disk and gives it the name. A file system that has no files without names
/// gets one under a name of its own, which is removed where anything fails; a program that ends early calls
/// ``removeUnfinished()``.
///
/// A file that is there is replaced, or stays where the ``ExistingFilePolicy`` says so: then the name is given by a call that
/// fails where there is one, so that no two programs take it from one another.
///
/// A named pipe is not replaced: its reader gets the bytes as they come.
package final class AtomicFile {
  /// Where the bytes go; -1 when it is over.
  package private(set) var descriptor: Int32
  private let path: String
  private let target: String
  private let existing: ExistingFilePolicy
  private let isPipe: Bool
  /// Those of the file that is replaced.
  private let permissions: mode_t?
  /// The name under which the bytes wait for theirs, if they have one.
  private var temporary: String?

  private static let unfinished = Locked<Set<String>>([])

  /// Begins a file.
  ///
  /// - Parameters:
  ///   - path: Where it will be. Where that is a symbolic link, what it leads to is replaced, and the link stays.
  ///   - existing: What happens to a file that is there, now or when this one is finished.
  ///   - mode: The permissions of a file that is new, less the process's mask; one that is replaced keeps its own.
  ///   - named: Whether the file gets a temporary name even if the file system can do without.
  package init(
    _ path: String, existing: ExistingFilePolicy = .replace, mode: mode_t = 0o666, named: Bool = false
  ) throws(UnwritableFile) {
    guard !path.isEmpty else { throw UnwritableFile(file: "\"\"", reason: "the path is empty") }
    guard !path.utf8.contains(0) else { throw UnwritableFile(file: path, reason: "the path holds a zero byte") }
    self.path = path
    self.existing = existing
    target = FileName.resolved(path)
    permissions = try Self.permissionsToKeep(target: target, path: path, existing: existing)
    isPipe = FileName.isPipe(target)
    if isPipe {
      descriptor = try Self.openPipe(target, path: path)
    } else if !named, let unnamed = Self.openUnnamed(in: FileName.folder(of: target), mode: mode) {
      descriptor = unnamed
    } else {
      (temporary, descriptor) = try Self.openNamed(beside: target, mode: mode, path: path)
    }
  }

  deinit { discard() }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(UnwritableFile) {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard descriptor >= 0 else { throw failed(SystemError(code: EBADF)) }
      let count = systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        // Part of the bytes may be on the disk, so that a second attempt would write them twice.
        throw failed(count < 0 ? .last : SystemError(code: EIO))
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Waits until the disk has the bytes, and gives them the file's name.
  package func commit() throws(UnwritableFile) {
    guard descriptor >= 0 else { throw failed(SystemError(code: EBADF)) }
    // Where the file system has no permissions to set, that is no failure.
    if let permissions { _ = fchmod(descriptor, permissions) }
    var savedAs: String?
    if !isPipe {
      guard fsync(descriptor) == 0 else { throw failed(.last) }
      if existing == .replace { try giveName() } else { savedAs = try giveFreeName() }
    }
    let code = close(descriptor) == 0 || errno == EINTR ? 0 : errno
    descriptor = -1
    // Some file systems report a full disk only here.
    guard code == 0 else { throw failed(SystemError(code: code)) }
    if !isPipe { flushFolder() }
    if let savedAs { throw UnwritableFile(taken: path, savedAs: savedAs) }
  }

  /// Gives the file its name, or one beside it, where that is free.
  ///
  /// - Returns: the other name, if it is that.
  private func giveFreeName() throws(UnwritableFile) -> String? {
    func take(_ name: String) throws(UnwritableFile) -> Bool {
      let code =
        temporary.map { FileName.move($0, to: name) }
        ?? (linkat(
          AT_FDCWD, Self.link(to: descriptor), AT_FDCWD, FileName.cString(name), AT_SYMLINK_FOLLOW) == 0 ? 0 : errno)
      if code == EEXIST { return false }
      guard code == 0 else { throw failed(SystemError(code: code)) }
      forget()
      return true
    }
    if try take(target) { return nil }
    guard existing == .keepBoth else {
      discard()
      throw UnwritableFile(taken: path)
    }
    // The user's own folder, where what was written is in it: links may lead elsewhere.
    let folder = FileName.folder(of: path)
    let isHere = FileName.folder(of: FileName.resolved(folder + "x")) == FileName.folder(of: target)
    for number in 2...999 {
      let name = FileName.numbered(isHere ? path : target, number)
      if try take(name) { return name }
    }
    throw failed(SystemError(code: EEXIST))
  }

  private func giveName() throws(UnwritableFile) {
    if temporary == nil {
      let source = Self.link(to: descriptor)
      func link(as name: String) -> Bool {
        linkat(AT_FDCWD, source, AT_FDCWD, FileName.cString(name), AT_SYMLINK_FOLLOW) == 0
      }
      if link(as: target) { return }
      // There is a file, and only renaming replaces one.
      for _ in 0..<100 where errno == EEXIST && temporary == nil {
        let name = Self.temporaryName(beside: target)
        if link(as: name) { note(name) }
      }
    }
    guard let name = temporary else { throw failed(.last) }
    guard rename(FileName.cString(name), FileName.cString(target)) == 0 else { throw failed(.last) }
    forget()
  }

  /// Ends the file, and removes what there is of it.
  private func failed(_ error: SystemError) -> UnwritableFile {
    discard()
    return UnwritableFile(file: path, reason: error.writingReason)
  }

  private func discard() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    if let temporary { unlink(FileName.cString(temporary)) }
    forget()
  }

  private func note(_ name: String) {
    temporary = name
    Self.unfinished.mutate { _ = $0.insert(name) }
  }

  private func forget() {
    guard let temporary else { return }
    Self.unfinished.mutate { _ = $0.remove(temporary) }
    self.temporary = nil
  }

  /// Removes the temporary names of all files that are not finished: for a program that ends at once.
  package static func removeUnfinished() {
    for name in unfinished.value { unlink(FileName.cString(name)) }
  }
}

extension AtomicFile {
  /// Writes bytes as a whole file.
  package static func write(
    _ bytes: [UInt8], to path: String, existing: ExistingFilePolicy = .replace, mode: mode_t = 0o666
  ) throws(UnwritableFile) {
    let file = try AtomicFile(path, existing: existing, mode: mode)
    try bytes.span.withUnsafeBytes { (bytes) throws(UnwritableFile) in try file.write(bytes) }
    try file.commit()
  }

  /// Writes what `fill` writes into the descriptor it is given.
  ///
  /// - Parameter fill: Returns 0, or the `errno` of what failed.
  package static func write(
    to path: String, existing: ExistingFilePolicy = .replace, named: Bool = false,
    fill: (_ descriptor: Int32) -> Int32
  ) throws(UnwritableFile) {
    let file = try AtomicFile(path, existing: existing, named: named)
    let code = fill(file.descriptor)
    guard code == 0 else { throw file.failed(SystemError(code: code)) }
    try file.commit()
  }

  // Renaming needs no permission on what it replaces, so these are asked here: a folder, a device and a write-protected
  // file are left alone.
  private static func permissionsToKeep(
    target: String, path: String, existing: ExistingFilePolicy
  ) throws(UnwritableFile) -> mode_t? {
    var status = stat()
    guard stat(FileName.cString(target), &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFIFO: return nil
    case S_IFDIR: throw UnwritableFile(file: path, reason: SystemError(code: EISDIR).writingReason)
    default: throw UnwritableFile(file: path, reason: "it is not a regular file")
    }
    switch existing {
    case .replace: break
    case .refuse: throw UnwritableFile(taken: path)
    case .keepBoth: return nil
    }
    guard access(FileName.cString(target), W_OK) == 0 else {
      throw UnwritableFile(file: path, reason: SystemError.last.writingReason)
    }
    return status.st_mode & 0o777
  }

  /// Waits for a reader, as long as the task is not cancelled.
  private static func openPipe(_ target: String, path: String) throws(UnwritableFile) -> Int32 {
    while true {
      let descriptor = open(FileName.cString(target), O_WRONLY | O_CLOEXEC | O_NONBLOCK)
      if descriptor >= 0 {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        return descriptor
      }
      let error = SystemError.last
      guard error.code == ENXIO || error.code == EINTR else {
        throw UnwritableFile(file: path, reason: error.writingReason)
      }
      guard !Task.isCancelled else { throw UnwritableFile(file: path, reason: "nobody reads it") }
      usleep(20_000)
    }
  }

  /// A file without a name, where the file system has such, and where it can be given one.
  private static func openUnnamed(in folder: String, mode: mode_t) -> Int32? {
    // O_TMPFILE, which is a macro of an expression.
    let unnamed = 0o20_000_000 | O_DIRECTORY
    let descriptor = open(FileName.cString(folder.isEmpty ? "." : folder), O_WRONLY | O_CLOEXEC | unnamed, mode)
    guard descriptor >= 0 else { return nil }
    if access(link(to: descriptor), F_OK) == 0 { return descriptor }
    close(descriptor)
    return nil
  }

  /// The name that the system has for an open file.
  private static func link(to descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

  private static func openNamed(
    beside target: String, mode: mode_t, path: String
  ) throws(UnwritableFile) -> (name: String, descriptor: Int32) {
    for _ in 0..<100 {
      let name = temporaryName(beside: target)
      // Noted before it is there, so that it is removed whenever the program ends.
      unfinished.mutate { _ = $0.insert(name) }
      let descriptor = open(FileName.cString(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
      if descriptor >= 0 { return (name, descriptor) }
      let error = SystemError.last
      unfinished.mutate { _ = $0.remove(name) }
      guard error.code == EEXIST || error.code == EINTR else {
        throw UnwritableFile(file: path, reason: error.writingReason)
      }
    }
    throw UnwritableFile(file: path, reason: SystemError(code: EEXIST).writingReason)
  }

  // Not made from the file's own name, which may already be as long as a name can be.
  private static func temporaryName(beside target: String) -> String {
    FileName.folder(of: target) + beginning + String(UInt64.random(in: 0 ... .max), radix: 36) + ending
  }

  private static let beginning = ".irodori-"
  private static let ending = ".tmp"

  /// Whether a name, without folders, is one under which bytes wait for theirs: left by a program that was killed.
  package static func isUnfinished(_ name: String) -> Bool { name.hasPrefix(beginning) && name.hasSuffix(ending) }

  // Makes the new name survive a power failure. The file is whole either way, so a failure here is not reported.
  private func flushFolder() {
    let name = FileName.folder(of: target)
    let descriptor = open(FileName.cString(name.isEmpty ? "." : name), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }
}
