// SPDX-License-Identifier: Apache-2.0

import CSystem
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

  /// The path without links, so that two names of one file are seen to be one. A file that is to be made needs only its
  /// folder: `a/../x` and `./x` are the same. The path itself where there is no such folder.
  package static func resolved(_ path: String) -> String {
    var path = path
    // As many links as the system follows.
    for _ in 0..<40 {
      if let found = real(path) { return found }
      guard let target = linkTarget(path) else { break }
      path = target.hasPrefix("/") ? target : folder(of: path) + target
    }
    let parent = folder(of: path)
    let name = path.dropFirst(parent.count)
    guard !name.isEmpty, name != ".", name != "..", let place = real(parent.isEmpty ? "." : parent) else { return path }
    return place == "/" ? place + name : "\(place)/\(name)"
  }

  private static func real(_ path: String) -> String? {
    guard let found = realpath(cString(path), nil) else { return nil }
    defer { free(found) }
    return string(UnsafeBufferPointer(start: found, count: strlen(found)).map { UInt8(bitPattern: $0) })
  }

  /// What a link says, wherever that leads; nil for what is no link.
  private static func linkTarget(_ path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(cString(path), &bytes, bytes.count)
    return count > 0 ? string(bytes.prefix(count).map { UInt8(bitPattern: $0) }) : nil
  }

  /// What there is under a path, links followed.
  package enum Kind {
    case none, file, folder
  }

  /// What there is under a path: for names that are no UTF-8, which Foundation does not find.
  package static func kind(_ path: String) -> Kind {
    var status = stat()
    guard !path.utf8.contains(0), stat(cString(path), &status) == 0 else { return .none }
    return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
  }

  /// The names in a folder, without `.` and `..`, sorted; none where it cannot be read.
  package static func names(in folder: String) -> [String] {
    guard let stream = opendir(cString(folder)) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      let name = string(bytes)
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
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

extension FileName {
  /// A way to give a file another name only if that is free.
  package enum Move: CaseIterable {
    /// `renameat2`: most file systems of the system's own.
    case rename
    /// A second name, then the first one is removed: network file systems.
    case link
    /// A look, and a rename: what has neither. Another program may come between the two.
    case look
  }

  /// Gives a file another name, unless there is a file of that name.
  ///
  /// - Parameter ways: what is tried, one after the other, as far as the file system lacks it.
  /// - Returns: 0, or the `errno`; `EEXIST` where the name is taken.
  package static func move(_ name: String, to target: String, ways: [Move] = Move.allCases) -> Int32 {
    let (old, new) = (cString(name), cString(target))
    var code = ENOSYS
    for way in ways {
      switch way {
      case .rename: code = irodori_rename_without_replacing(old, new)
      case .link:
        code = Glibc.link(old, new) == 0 ? 0 : errno
        if code == 0 { unlink(old) }
      case .look:
        var status = stat()
        if lstat(new, &status) == 0 { return EEXIST }
        code = Glibc.rename(old, new) == 0 ? 0 : errno
      }
      guard [EINVAL, ENOSYS, EPERM, EOPNOTSUPP, EMLINK].contains(code) else { return code }
    }
    return code
  }

  /// `folder/name-2.png` for `folder/name.png`.
  package static func numbered(_ path: String, _ number: Int) -> String {
    let parent = folder(of: path)
    let name = cString(String(path.dropFirst(parent.count))).dropLast().map { UInt8(bitPattern: $0) }
    // What begins with a dot is no ending.
    let dot = name.lastIndex(of: 0x2E).flatMap { $0 > 0 ? $0 : nil } ?? name.count
    let added = [UInt8]("-\(number)".utf8)
    // A name that is as long as one can be loses its last letters.
    let room = max(1, Int(NAME_MAX) - added.count - (name.count - dot))
    var stem = string(Array(name[..<min(dot, room)]))
    if dot > room { stem.unicodeScalars.removeAll { $0.value >= base + 0x80 } }
    return parent + stem + string(added + name[dot...])
  }
}

/// Which file a path leads to: two names of one file, links of either kind, have the same.
package struct FileIdentity: Sendable, Hashable {
  private let device: dev_t
  private let node: ino_t

  /// Nil where there is no file.
  package init?(_ path: String) {
    var status = stat()
    guard !path.utf8.contains(0), stat(FileName.cString(path), &status) == 0 else { return nil }
    (device, node) = (status.st_dev, status.st_ino)
  }
}
