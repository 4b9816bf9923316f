// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads a whole file, or says why it cannot.
package enum FileReader {
  /// The bytes of a regular file of at most `limit` bytes. Its size is known before any of it is read.
  package static func bytes(of path: String, limit: Int) throws(FileError) -> [UInt8] {
    guard !path.isEmpty else { throw .unreadable(file: "\"\"", reason: "the path is empty") }
    // The system would take what comes before the zero for the path, and read another file.
    guard !path.utf8.contains(0) else { throw .unreadable(file: path, reason: "the path holds a zero byte") }
    // Non-blocking, or opening a named pipe would wait for somebody to write into it.
    let descriptor = open(FileName.cString(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(.last, path: path) }
    defer { close(descriptor) }

    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(.last, path: path) }
    let kind = status.st_mode & S_IFMT
    guard kind != S_IFDIR else { throw failure(SystemError(code: EISDIR), path: path) }
    guard kind == S_IFREG else { throw .unreadable(file: path, reason: "it is not a regular file") }
    let size = Int(status.st_size)
    guard size > 0 else { throw .empty(file: path) }
    guard size <= limit else { throw .tooLarge(file: path, byteCount: size, limit: limit) }
    return try contents(descriptor, size: size, path: path)
  }

  // A file that shrinks meanwhile comes out shorter; what is appended meanwhile is not read.
  private static func contents(_ descriptor: Int32, size: Int, path: String) throws(FileError) -> [UInt8] {
    guard HostMemory.hasRoom(for: size) else { throw failure(SystemError(code: ENOMEM), path: path) }
    var error: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size, let base = buffer.baseAddress {
        let got = read(descriptor, base + count, size - count)
        if got > 0 {
          count += got
        } else if got == 0 {
          break
        } else if errno != EINTR {
          error = .last
          break
        }
      }
    }
    if let error { throw failure(error, path: path) }
    guard !bytes.isEmpty else { throw .empty(file: path) }
    return bytes
  }

  private static func failure(_ error: SystemError, path: String) -> FileError {
    error.code == ENOENT ? .notFound(file: path) : .unreadable(file: path, reason: error.readingReason)
  }
}
