// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Glibc
import Shots

/// What tells an input of a picture from other files of the same name.
struct InputFile: Codable, Equatable {
  /// Where it is, from the folder of the picture; nil where that would tell where on a machine its owner keeps things.
  var path: String?
  var bytes: Int
  /// Nil for the file of a network, which is too large to be read for that.
  var sha256: Digest?

  /// A file as it is now; nil for what is no file, such as standard input.
  ///
  /// - Parameter isPicture: whether its content is looked at.
  init?(_ file: String, isPicture: Bool) {
    path = nil
    if isPicture {
      guard file != "-", let content = try? Image.bytes(ofFile: file) else { return nil }
      bytes = content.count
      sha256 = Digest(content)
    } else {
      var status = stat()
      guard stat(FileName.cString(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      bytes = Int(status.st_size)
    }
  }

  /// Whether a file is this one.
  func matches(_ file: String) -> Bool {
    var status = stat()
    guard stat(FileName.cString(file), &status) == 0, Int(status.st_size) == bytes else { return false }
    guard let sha256 else { return true }
    return InputFile(file, isPicture: true)?.sha256 == sha256
  }

  /// The way from a picture's folder to a file, by the paths that a user gave.
  ///
  /// Pictures are passed on, so that it is nil where the way would name folders that the two do not have in common and that
  /// the user did not name from where both are: a way through the root of a file system is a whole path.
  static func way(to file: String, from picture: String) -> String? {
    guard file != "-", picture != "-", file.hasPrefix("/") == picture.hasPrefix("/") else { return nil }
    let target = parts(file)
    let folder = parts(picture).dropLast()
    let common = zip(target, folder).prefix { $0 == $1 }.count
    let steps = folder.dropFirst(common)
    // Two homes, or two disks, have nothing in common that a user would call a place.
    if file.hasPrefix("/"), common < 2, !steps.isEmpty { return nil }
    let rest = target.dropFirst(common)
    guard !steps.contains(".."), rest.count(where: { $0 == ".." }) <= 2 else { return nil }
    return (steps.map { _ in ".." } + rest).joined(separator: "/")
  }

  /// The names of a path, without those that lead nowhere else.
  private static func parts(_ path: String) -> [String] {
    var parts: [String] = []
    for part in path.split(separator: "/").map(String.init) where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else {
        parts.append(part)
      }
    }
    return parts
  }
}

extension InputNames {
  /// The files by what they are to the picture, as a shot's manifest names them.
  var roles: [(role: String, path: String)] {
    let single: [(String, String?)] = [
      ("sketch", sketch), ("reference", reference), ("referenceRegion", referenceRegion),
      ("referenceMask", referenceMask), ("sketchMask", sketchMask), ("background", background), ("palette", palette),
      ("hints", hints), ("extractor", extractor), ("segmenter", segmenter), ("sketchSegmenter", sketchSegmenter),
    ]
    let further = (furtherReferences ?? []).enumerated().flatMap { index, files -> [(String, String?)] in
      let role = Self.role(ofReference: index + 1)
      return [(role, files.reference), ("\(role)Region", files.region), ("\(role)Mask", files.mask)]
    }
    return (single + further).compactMap { role, path in path.map { (role, $0) } }
  }

  /// `reference`, `reference2` ...
  static func role(ofReference index: Int) -> String { index == 0 ? "reference" : "reference\(index + 1)" }

  static let networkRoles: Set<String> = ["extractor", "segmenter", "sketchSegmenter"]

  /// The same with what tells the files from others.
  ///
  /// - Parameters:
  ///   - picture: where the picture goes.
  ///   - look: looks at a file.
  func identified(
    from picture: String, by look: (_ path: String, _ isPicture: Bool) -> InputFile? = { InputFile($0, isPicture: $1) }
  ) -> InputNames {
    var names = self
    var files: [String: InputFile] = [:]
    for (role, path) in roles {
      guard var file = look(path, !Self.networkRoles.contains(role)) else { continue }
      file.path = InputFile.way(to: path, from: picture)
      files[role] = file
    }
    names.files = files
    return names
  }
}
