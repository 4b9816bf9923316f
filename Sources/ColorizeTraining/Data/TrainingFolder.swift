// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

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

extension TrainingPicture {
  /// What the files of a picture hold.
  struct Content {
    let image: Image
    let sketch: Image?
    let mask: Image?
    /// Of all their bytes.
    let hash: UInt64

    /// - Throws: ``ImageError``.
    init(path: String, sketchPath: String?, maskPath: String?) throws(ImageError) {
      var hash = StableHash()
      func read(_ path: String) throws(ImageError) -> Image {
        let bytes = try Image.bytes(ofFile: path)
        bytes.withUnsafeBytes { hash.add($0) }
        hash.add(UInt64(bytes.count))
        return try Image(data: bytes, file: path)
      }
      image = try read(path)
      sketch = if let sketchPath { try read(sketchPath) } else { nil }
      mask = if let maskPath { try read(maskPath) } else { nil }
      self.hash = hash.value
    }
  }

  /// Reads the files again.
  ///
  /// - Throws: ``ImageError``; ``TrainingDataError/changed(path:)`` if they are not what they were when the folder was read.
  func load() throws -> Content {
    let content = try Content(path: path, sketchPath: sketchPath, maskPath: maskPath)
    guard content.hash == contentHash else { throw TrainingDataError.changed(path: path) }
    return content
  }
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

  /// The smallest side of a picture.
  static let smallestSide = 16
  /// The longer side over the shorter one, at most: a part of such a picture would be a few pixels, made large.
  static let largestAspect = 32

  /// Reads every picture once.
  ///
  /// - Parameters:
  ///   - passingOver: folders below it that hold no pictures to learn from, such as `TrainingPlan.stateFolder(of:)` of a result
  ///     that lies in it. One that holds states is passed over anyway.
  ///   - progress: called with how many of all were read. Throwing ends it.
  /// - Throws: ``TrainingDataError``, and what `progress` throws.
  public init(
    _ path: String, passingOver: [String] = [], progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws {
    let found = try FolderFiles(path, passingOver: passingOver)
    // Names by what stands before the ending, in small letters: `HEROINE.MASK.PNG` is a mask too.
    let names = Dictionary(found.files.map { (Self.stem($0).lowercased(), $0) }) { first, _ in first }
    var pictures: [TrainingPicture] = []
    var groups: [String] = []
    var numbers: [String: Int] = [:]
    var unreadable = found.refused
    let candidates = found.files.filter { !Self.isCompanion($0) }
    let stems = Set(candidates.map { Self.stem($0).lowercased() })
    for name in found.files where Self.isCompanion(name) && !stems.contains(Self.stem(Self.stem(name)).lowercased()) {
      unreadable.append(
        UnreadablePicture(
          path: "\(path)/\(name)", reason: "there is no picture that it is the sketch or the mask of"))
    }
    for (index, name) in candidates.enumerated() {
      try progress(index, candidates.count)
      func companion(_ kind: String) -> String? {
        names["\(Self.stem(name)).\(kind)".lowercased()].map { "\(path)/\($0)" }
      }
      let (sketch, mask) = (companion("sketch"), companion("mask"))
      do {
        let content = try TrainingPicture.Content(path: "\(path)/\(name)", sketchPath: sketch, maskPath: mask)
        if let reason = Self.fault(of: content) { throw Reason(text: reason) }
        let group = name.lastIndex(of: "/").map { slash in
          let folder = String(name[..<slash])
          if let number = numbers[folder] { return number }
          numbers[folder] = groups.count
          groups.append(folder)
          return groups.count - 1
        }
        pictures.append(
          TrainingPicture(
            path: "\(path)/\(name)", sketchPath: sketch, maskPath: mask, group: group, size: content.image.size,
            contentHash: content.hash))
      } catch {
        unreadable.append(UnreadablePicture(path: "\(path)/\(name)", reason: "\(error)"))
      }
    }
    unreadable.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
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

  /// Why nothing can be learned from a picture; nil if something can.
  private static func fault(of content: TrainingPicture.Content) -> String? {
    let (width, height) = (content.image.width, content.image.height)
    let (shorter, longer) = (min(width, height), max(width, height))
    guard shorter >= smallestSide else {
      return "it is \(width) x \(height), smaller than \(smallestSide) x \(smallestSide)"
    }
    guard longer <= largestAspect * shorter else {
      return "it is \(width) x \(height), longer than \(largestAspect) times its shorter side; cut it into parts"
    }
    if let alpha = content.image.alpha, alpha.pixels.allSatisfy({ $0 == 0 }) { return "it is wholly transparent" }
    return nil
  }

  /// A name, whose folders may hold points too, without its ending.
  private static func stem(_ name: String) -> String { name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name }

  private static func isCompanion(_ name: String) -> Bool {
    let stem = stem(name).lowercased()
    return stem.hasSuffix(".sketch") || stem.hasSuffix(".mask")
  }
}
