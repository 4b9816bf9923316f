// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Glibc

/// The picture files of a folder and its sub-folders, relative to it, in the order of their names' bytes.
///
/// Hidden names are left out. Links are followed, but each folder is looked into once, by whatever name it is found first: a
/// link to a folder above would else be the same pictures again and again. A folder that holds states of a training is not
/// looked into: the sheets in it are no drawings.
struct FolderFiles {
  private(set) var files: [String] = []
  /// Names with a picture's ending that are no files, and folders that cannot be read.
  private(set) var refused: [UnreadablePicture] = []

  private struct Identity: Hashable {
    let device: dev_t
    let number: ino_t

    init(_ status: stat) { (device, number) = (status.st_dev, status.st_ino) }
  }

  private static let endings: Set<String> = ["png", "jpg", "jpeg", "webp", "tif", "tiff", "tga", "psd"]
  private let root: String
  private var seen: Set<Identity> = []

  /// - Parameter passingOver: folders that are not looked into.
  /// - Throws: ``TrainingDataError/noFolder(path:)``, `CancellationError`.
  init(_ root: String, passingOver: [String]) throws {
    self.root = root
    var status = stat()
    for folder in passingOver where stat(FileName.cString(folder), &status) == 0 { seen.insert(Identity(status)) }
    guard stat(FileName.cString(root), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw TrainingDataError.noFolder(path: root)
    }
    try look(into: "", status)
  }

  private mutating func look(into folder: String, _ status: stat) throws {
    try Task.checkCancellation()
    guard seen.insert(Identity(status)).inserted else { return }
    let path = folder.isEmpty ? root : "\(root)/\(folder)"
    guard let names = FileName.names(inFolder: path) else {
      refused.append(UnreadablePicture(path: path, reason: "the folder cannot be read"))
      return
    }
    if names.contains(where: { TrainingStates.step(in: $0) != nil }) { return }
    for name in names where !name.hasPrefix(".") {
      let relative = folder.isEmpty ? name : "\(folder)/\(name)"
      var status = stat()
      let isThere = stat(FileName.cString("\(root)/\(relative)"), &status) == 0
      if isThere, status.st_mode & S_IFMT == S_IFDIR {
        try look(into: relative, status)
      } else if Self.isPicture(name) {
        guard isThere, status.st_mode & S_IFMT == S_IFREG else {
          refused.append(
            UnreadablePicture(
              path: "\(root)/\(relative)", reason: isThere ? "it is no regular file" : "the link leads nowhere"))
          continue
        }
        files.append(relative)
      }
    }
  }

  private static func isPicture(_ name: String) -> Bool {
    guard name.contains("."), let ending = name.split(separator: ".").last else { return false }
    return endings.contains(ending.lowercased())
  }
}
