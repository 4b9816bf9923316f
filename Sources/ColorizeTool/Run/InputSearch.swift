// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Shots

/// Finds the inputs of a picture again. A file of the same name need not be the same file, and never is the picture itself
/// one of its own inputs.
struct InputSearch {
  /// The picture's path.
  private let picture: String
  private let identity: FileIdentity?
  private let content: Digest
  private let names: InputNames

  /// - Parameter bytes: the whole picture.
  init(_ picture: String, bytes: [UInt8], names: InputNames) {
    self.picture = picture
    identity = FileIdentity(picture)
    content = Digest(bytes)
    self.names = names
  }

  /// The path of an input.
  ///
  /// - Parameters:
  ///   - role: what it is to the picture.
  ///   - name: what it was called.
  ///   - option: says where it is.
  func path(_ role: String, _ name: String, option: String) throws -> String {
    let name = InputNames.name(name)
    let folder = FileName.folder(of: picture)
    let shown = "\(picture): it was made from \(ToolError.oneLine(name))"
    let known = names.files?[role]
    // A whole path is none of ours, and what a picture says is not followed there.
    let way = known?.path.flatMap { $0.hasPrefix("/") || $0.utf8.contains(0) ? nil : folder + $0 }
    let places = [way, folder + name, name].compactMap(\.self).filter { FileName.kind($0) == .file && !isPicture($0) }
    if let known {
      if let found = places.first(where: known.matches) { return found }
      if let other = places.first {
        throw ToolError.usage(
          "\(shown), and \(ToolError.oneLine(other)) is another file or has changed since; say with \(option) where it "
            + "is")
      }
    } else {
      let others = sameName(role, name)
      guard others.isEmpty else {
        throw ToolError.usage(
          "\(shown) and another file of that name, and does not say which is which; say with "
            + "\((others + [option]).joined(separator: " and ")) where they are")
      }
      // What else this program made is beside the picture too, and may be called as the drawing is.
      let found = role == "sketch" ? places.first { (try? StoredOptions.read(from: $0)) == nil } : places.first
      if let found { return found }
    }
    throw ToolError.usage("\(shown), which is neither beside it nor in this folder; say with \(option) where it is")
  }

  /// Says that a file which is given is not what the picture was made from, where that is known.
  func check(_ path: String, _ role: String, option: String, note: (String) -> Void) {
    guard path != StandardStreams.name, let known = names.files?[role], !known.matches(path) else { return }
    note("\(option) \(path) is not the file that \(picture) was made from, and the picture may come out otherwise")
  }

  /// Whether a file is the picture itself, or a copy of it.
  private func isPicture(_ path: String) -> Bool {
    if let identity, FileIdentity(path) == identity { return true }
    return InputFile(path, isPicture: true)?.sha256 == content
  }

  /// The options of other inputs of the same name, of a picture that does not tell them apart.
  private func sameName(_ role: String, _ name: String) -> [String] {
    let options = [
      "sketch": "--sketch", "sketchMask": "--sketch-mask", "reference": "--reference",
      "referenceMask": "--reference-mask", "background": "--background", "referenceRegion": "--region",
    ]
    guard options[role] != nil || role.hasPrefix("reference") else { return [] }
    let others = names.roles.filter { $0.role != role && InputNames.name($0.path) == name }
    return others.compactMap { options[$0.role] ?? ($0.role.hasPrefix("reference") ? "--reference" : nil) }
  }
}
