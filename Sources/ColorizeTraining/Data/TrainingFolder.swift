// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A coloured picture to learn from, with its own sketch and mask where there are files of them.
public struct TrainingPicture: Sendable, Hashable {
  /// The coloured picture.
  public let path: String
  /// `NAME.sketch.png` beside it.
  public let sketchPath: String?
  /// `NAME.mask.png` beside it: white where the figure is.
  public let maskPath: String?
  /// The folder that it shares with others of the same character or shot; nil for one that stands alone.
  public let group: Int?
  /// Its size.
  public let size: ImageSize
  /// A hash of the files' bytes, so that a changed file is another picture.
  public let contentHash: UInt64
}

/// The coloured pictures of a folder.
///
/// Pictures in the folder itself stand alone. Each sub-folder, at any depth, is one character or shot, whose pictures serve
/// as one another's references.
public struct TrainingFolder: Sendable {
  /// The folder.
  public let path: String
  /// The pictures, in the order of their paths' bytes.
  public let pictures: [TrainingPicture]
  /// The sub-folders with pictures, relative to the folder.
  public let groups: [String]
  /// What was left out.
  public let unreadable: [UnreadablePicture]

  private static let endings: Set<String> = ["png", "jpg", "jpeg", "webp", "tif", "tiff", "tga", "psd"]

  /// Reads every picture once.
  ///
  /// - Parameter progress: called with how many of all were read. Throwing ends it.
  /// - Throws: ``TrainingDataError``, and what `progress` throws.
  public init(_ path: String, progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }) throws {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder else {
      throw TrainingDataError.noFolder(path: path)
    }
    let found = try Self.files(in: path, below: "", depth: 0)
    let names = Set(found)
    var pictures: [TrainingPicture] = []
    var groups: [String] = []
    var unreadable: [UnreadablePicture] = []
    let candidates = found.filter { !Self.isCompanion($0) }
    for (index, name) in candidates.enumerated() {
      try progress(index, candidates.count)
      let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
      func companion(_ kind: String) -> String? {
        names.contains("\(stem).\(kind).png") ? "\(path)/\(stem).\(kind).png" : nil
      }
      let folder = name.lastIndex(of: "/").map { String(name[..<$0]) }
      do {
        var hash = StableHash()
        let (sketch, mask) = (companion("sketch"), companion("mask"))
        let picture = try Self.read("\(path)/\(name)", into: &hash)
        if let sketch { _ = try Self.read(sketch, into: &hash) }
        if let mask { _ = try Self.read(mask, into: &hash) }
        guard min(picture.width, picture.height) >= 16 else {
          throw Reason(text: "it is \(picture.width) x \(picture.height), smaller than 16 x 16")
        }
        if let folder, groups.last != folder, !groups.contains(folder) { groups.append(folder) }
        pictures.append(
          TrainingPicture(
            path: "\(path)/\(name)", sketchPath: sketch, maskPath: mask,
            group: folder.flatMap { groups.firstIndex(of: $0) },
            size: picture.size, contentHash: hash.value))
      } catch {
        unreadable.append(UnreadablePicture(path: "\(path)/\(name)", reason: "\(error)"))
      }
    }
    guard !pictures.isEmpty else { throw TrainingDataError.noPictures(path: path, unreadable: unreadable) }
    self.path = path
    self.pictures = pictures
    self.groups = groups
    self.unreadable = unreadable
  }

  private struct Reason: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
  }

  private static func read(_ path: String, into hash: inout StableHash) throws -> Image {
    guard let data = FileManager.default.contents(atPath: path) else { throw Reason(text: "it cannot be read") }
    guard data.count <= Image.maximumFileSize else { throw Reason(text: "it is larger than 512 MiB") }
    let bytes = [UInt8](data)
    bytes.withUnsafeBytes { hash.add($0) }
    hash.add(UInt64(bytes.count))
    return try Image(data: bytes, file: path)
  }

  /// The files with a picture's ending, relative to the root, in the order of their bytes; hidden ones left out.
  private static func files(in root: String, below folder: String, depth: Int) throws -> [String] {
    // A link may lead back up.
    guard depth < 16 else { return [] }
    let path = folder.isEmpty ? root : "\(root)/\(folder)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    var files: [String] = []
    for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
      try Task.checkCancellation()
      let relative = folder.isEmpty ? name : "\(folder)/\(name)"
      var isFolder = false
      guard FileManager.default.fileExists(atPath: "\(root)/\(relative)", isDirectory: &isFolder) else { continue }
      if isFolder {
        files += try Self.files(in: root, below: relative, depth: depth + 1)
      } else if let ending = name.split(separator: ".").last, name.contains("."), endings.contains(ending.lowercased())
      {
        files.append(relative)
      }
    }
    return files
  }

  private static func isCompanion(_ name: String) -> Bool {
    name.hasSuffix(".sketch.png") || name.hasSuffix(".mask.png")
  }
}
