import Glibc

/// Replaces a file in one step: whoever looks finds the old content or the new, never a part.
///
/// The content goes into a new file in the same folder, is flushed to the disk, and takes the name over by `rename`.
/// If anything fails, the new file is removed and the old one stays as it was.
package enum AtomicFile {
  /// Writes the bytes.
  ///
  /// - Throws: ``ImageError/unwritable(file:reason:)``.
  package static func write(_ bytes: [UInt8], to path: String) throws(ImageError) {
    try write(to: path) { descriptor in
      bytes.withUnsafeBytes { buffer in
        var rest = buffer[...]
        while !rest.isEmpty {
          let written = Self.write(descriptor, UnsafeRawBufferPointer(rebasing: rest))
          if written > 0 {
            rest = rest.dropFirst(written)
          } else if written == 0 {
            return EIO
          } else if errno != EINTR {
            return errno
          }
        }
        return 0
      }
    }
  }

  /// Writes what `fill` writes into the descriptor it is given.
  ///
  /// - Parameter fill: Returns 0, or the `errno` of what failed.
  /// - Throws: ``ImageError/unwritable(file:reason:)``.
  package static func write(to path: String, fill: (_ descriptor: Int32) -> Int32) throws(ImageError) {
    guard !path.isEmpty else { throw .unwritable(file: "\"\"", reason: "the path is empty") }
    guard !path.utf8.contains(0) else { throw .unwritable(file: path, reason: "the path holds a zero byte") }
    // Where the path is a symbolic link, what it leads to is replaced, and the link stays.
    let target = resolved(path)
    let permissions = try permissionsToKeep(target: target, path: path)
    let (temporary, descriptor) = try openTemporary(beside: target, path: path)
    var code = fill(descriptor)
    // A file that is replaced keeps its permissions. Where the file system has none to set, that is no failure.
    if code == 0, let permissions { _ = fchmod(descriptor, permissions) }
    if code == 0, fsync(descriptor) != 0 { code = errno }
    // Some file systems report a full disk only here.
    if close(descriptor) != 0, code == 0, errno != EINTR { code = errno }
    if code == 0, rename(FileName.cString(temporary), FileName.cString(target)) != 0 { code = errno }
    guard code == 0 else {
      unlink(FileName.cString(temporary))
      throw .unwritable(file: path, reason: SystemError(code: code).writingReason)
    }
    flushFolder(of: target)
  }

  private static func resolved(_ path: String) -> String {
    guard let found = realpath(FileName.cString(path), nil) else { return path }
    defer { free(found) }
    return FileName.string(UnsafeBufferPointer(start: found, count: strlen(found)).map { UInt8(bitPattern: $0) })
  }

  // Renaming needs no permission on what it replaces, so these are asked here: a folder, a device and a write-protected
  // file are left alone.
  private static func permissionsToKeep(target: String, path: String) throws(ImageError) -> mode_t? {
    var status = stat()
    guard stat(FileName.cString(target), &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .unwritable(file: path, reason: SystemError(code: EISDIR).writingReason)
    default: throw .unwritable(file: path, reason: "it is not a regular file")
    }
    guard access(FileName.cString(target), W_OK) == 0 else {
      throw .unwritable(file: path, reason: SystemError.last.writingReason)
    }
    return status.st_mode & 0o777
  }

  private static func openTemporary(
    beside target: String, path: String
  ) throws(ImageError) -> (name: String, descriptor: Int32) {
    for _ in 0..<100 {
      // Not made from the file's own name, which may already be as long as a name can be.
      let name = folder(of: target) + ".irodori-" + String(UInt64.random(in: 0 ... .max), radix: 36) + ".tmp"
      let descriptor = open(FileName.cString(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (name, descriptor) }
      guard errno == EEXIST || errno == EINTR else { break }
    }
    throw .unwritable(file: path, reason: SystemError.last.writingReason)
  }

  /// The path up to its last slash, which is included; empty for a bare name.
  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
    return String(path[...slash])
  }

  // Makes the new name survive a power failure. The file is whole either way, so a failure here is not reported.
  private static func flushFolder(of path: String) {
    let name = folder(of: path)
    let descriptor = open(FileName.cString(name.isEmpty ? "." : name), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }

  private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    Glibc.write(descriptor, bytes.baseAddress, bytes.count)
  }
}
