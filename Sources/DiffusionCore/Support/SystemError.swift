// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A number that a system call left in `errno`, in the user's words.
package struct SystemError: Error, Sendable, Equatable {
  package let code: Int32

  package init(code: Int32) { self.code = code }

  /// The error of the call just made on this thread.
  package static var last: SystemError { SystemError(code: errno) }

  /// Why reading failed; completes "... cannot be read: ".
  package var readingReason: String {
    switch code {
    case EACCES, EPERM: "no permission. Check the permissions of the file and of its folders"
    case EISDIR: "it is a folder. Give the path of a file"
    default: reason
    }
  }

  /// Why writing failed; completes "... cannot be written: ".
  package var writingReason: String {
    switch code {
    case ENOENT: "its folder does not exist. Create the folder first"
    case EACCES, EPERM: "no permission. Check the permissions of the folder, and of the file if there is one"
    case EISDIR: "it is a folder. Give the path of a file"
    case EROFS: "the file system is read-only"
    case ENOSPC: "the disk is full. Free some space"
    case EDQUOT: "the disk quota is used up. Free some space"
    case EFBIG: "the file would be larger than the system allows"
    case EPIPE: "nobody reads it any more"
    default: reason
    }
  }

  /// What failed, whatever was being done.
  package var reason: String {
    switch code {
    case ENOENT: "it does not exist"
    case ENOTDIR: "a part of the path is a file, not a folder"
    case ELOOP: "its symbolic links lead in a circle"
    case ENAMETOOLONG: "the name is too long"
    case EMFILE, ENFILE: "too many files are open"
    case ENOMEM: "there is not enough memory"
    case EIO: "the disk reports an error"
    default: "the system reports error \(code)\(Self.text(code))"
    }
  }

  /// The system's own words in brackets. (`strerror` shares one buffer between threads.)
  private static func text(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      buffer.initialize(repeating: 0)
      guard let address = buffer.baseAddress, strerror_r(code, address, buffer.count) == 0 else { return "" }
      let words = String(cString: address)
      return words.hasPrefix("Unknown error") ? "" : " (\(words))"
    }
  }
}
