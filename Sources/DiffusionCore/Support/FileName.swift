// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The names of files, which are bytes to the system and need not be UTF-8.
///
/// A byte that is no part of a UTF-8 sequence stands in a string as the private scalar U+10FF00 plus the byte, and becomes
/// that byte again where a path is given to the system. So a name in another encoding can be passed through.
package enum FileName {
  private static let base: UInt32 = 0x10FF00

  /// The string that stands for the bytes of a name.
  package static func string(_ bytes: [UInt8]) -> String {
    var text = ""
    var index = 0
    while index < bytes.count {
      let lead = bytes[index]
      let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
      if index + length <= bytes.count,
        let part = String(validating: bytes[index..<index + length], as: UTF8.self)
      {
        text += part
        index += length
      } else {
        if let scalar = Unicode.Scalar(base + UInt32(lead)) { text.unicodeScalars.append(scalar) }
        index += 1
      }
    }
    return text
  }

  /// The bytes of a name, with a zero at their end.
  package static func cString(_ name: String) -> [CChar] {
    var bytes: [CChar] = []
    for scalar in name.unicodeScalars {
      if (base + 0x80...base + 0xFF).contains(scalar.value) {
        bytes.append(CChar(bitPattern: UInt8(scalar.value - base)))
      } else {
        bytes += UTF8.encode(scalar).map { $0.map { CChar(bitPattern: $0) } } ?? []
      }
    }
    return bytes + [0]
  }

  /// The path without links, so that two names of one file are seen to be one; the path itself where there is none.
  package static func resolved(_ path: String) -> String {
    guard let found = realpath(cString(path), nil) else { return path }
    defer { free(found) }
    return string(UnsafeBufferPointer(start: found, count: strlen(found)).map { UInt8(bitPattern: $0) })
  }

  /// The path up to its last slash, which is included; empty for a bare name.
  package static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
    return String(path[...slash])
  }

  /// The names in a folder, without `.` and `..`, in the order of their bytes; nil where it cannot be read.
  package static func names(inFolder folder: String) -> [String]? {
    guard let directory = opendir(cString(folder.isEmpty ? "." : folder)) else { return nil }
    defer { closedir(directory) }
    var names: [[UInt8]] = []
    while let entry = readdir(directory) {
      names.append(withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) })
    }
    let isOwn: ([UInt8]) -> Bool = { $0 == [0x2E] || $0 == [0x2E, 0x2E] }
    return names.filter { !isOwn($0) }.sorted { $0.lexicographicallyPrecedes($1) }.map(string)
  }

  /// Makes a folder, and those above it that are not there.
  ///
  /// - Returns: Whether it is there.
  package static func makeFolder(_ path: String) -> Bool {
    var status = stat()
    if stat(cString(path), &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR }
    let parent = folder(of: path.last == "/" ? String(path.dropLast()) : path)
    guard parent.isEmpty || parent.count == path.count || makeFolder(parent) else { return false }
    return mkdir(cString(path), 0o777) == 0 || errno == EEXIST
  }

  /// Whether there is a named pipe.
  package static func isPipe(_ path: String) -> Bool {
    var status = stat()
    return stat(cString(path), &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
  }
}
