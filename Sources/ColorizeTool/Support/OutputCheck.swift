// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DiffusionCore
import Foundation

/// The rule of all commands for files that are there: an input is never written to, and nothing is replaced unless
/// `--overwrite` says so. Checked before any work: an hour of computing must not end at a missing folder.
struct OutputCheck {
  /// The option or argument that the paths come from, as errors name it; empty for an argument.
  var option = ""
  /// Whether files that are there may be replaced.
  var overwrite: Bool
  /// Files that must not be replaced by a result.
  var inputs: [String] = []

  /// Checks that files can be written, all in one folder or in folders that are there.
  func check(_ paths: [String]) throws {
    let sources = Set(inputs.map(FileName.resolved))
    var folders: Set<String> = []
    for path in paths {
      if path.isEmpty {
        throw ToolError.usage("\(option.isEmpty ? "the output" : option) is empty; give the path of a file")
      }
      // A pipe is not replaced, and needs no room in a folder.
      if FileName.isPipe(path) { continue }
      let name = option.isEmpty ? path : "\(option) \(path)"
      // A name is checked as well: one that is too long is none, wherever it lies.
      // A link that leads to no file is followed to where that will be.
      let place = FileName.kind(path) == .none ? FileName.resolved(path) : path
      if folders.insert(FileName.folder(of: place)).inserted { try checkFolder(of: place, name: name) }
      var status = stat()
      guard stat(FileName.cString(path), &status) == 0 else {
        if errno == ENAMETOOLONG { throw ToolError.usage("\(name): the name is too long; give a shorter one") }
        // A result would take the place of the first of these links.
        if errno == ELOOP {
          throw ToolError.usage("\(name): its symbolic links lead in a circle; remove them, or give another path")
        }
        continue
      }
      if status.st_mode & S_IFMT == S_IFDIR {
        throw ToolError.usage("\(name): it is a folder; give the path of a file")
      }
      if sources.contains(FileName.resolved(path)) {
        throw ToolError.usage("\(name): it is one of the inputs; give another path")
      }
      guard overwrite else {
        throw ToolError.usage("\(name): it exists already; give another path, or --overwrite to replace it")
      }
      guard access(FileName.cString(path), W_OK) == 0 else {
        throw ToolError.usage("\(name): it is write-protected; change its permissions, or give another path")
      }
    }
  }

  /// Checks a folder by making a file in it: permissions alone do not tell of read-only and of virtual file systems.
  private func checkFolder(of path: String, name: String) throws {
    let parent = FileName.folder(of: path)
    let folder = parent.isEmpty ? "./" : parent
    var status = stat()
    if FileName.kind(String(folder.dropLast())) == .file {
      throw ToolError.usage("\(name): \(folder.dropLast()) is a file and no folder; give another path")
    }
    guard stat(FileName.cString(folder), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw ToolError.usage("\(name): the folder \(folder) does not exist; create it first")
    }
    let probe = folder + ".irodori-" + String(UInt64.random(in: 0 ... .max), radix: 36) + ".tmp"
    let descriptor = open(FileName.cString(probe), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ToolError.usage(
        "\(name): the folder \(folder) cannot be written to (\(SystemError.last.writingReason)); change its "
          + "permissions, or give another path")
    }
    close(descriptor)
    unlink(FileName.cString(probe))
  }
}

extension OutputCheck {
  /// Makes sure that a path may be that of a file, before anything is concluded from its ending.
  static func checkName(_ path: String, option: String = "") throws {
    let name = option.isEmpty ? path : "\(option) \(path)"
    if path.isEmpty {
      throw ToolError.usage("\(option.isEmpty ? "the output" : option) is empty; give the path of a file")
    }
    if path.hasSuffix("/") || FileName.kind(path) == .folder {
      throw ToolError.usage("\(name): it is a folder; give the path of a file")
    }
  }
}

/// Whether files may be replaced.
struct OverwriteOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Replace files that are there. Inputs are never replaced.")
  var overwrite = false
}
