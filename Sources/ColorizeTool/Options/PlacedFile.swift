// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A file that belongs to one of several references: to the one whose option stands before it.
///
/// The parser forgets in which order options of different names came, so that ``numbering(_:)`` writes it into their values
/// before.
struct PlacedFile: ExpressibleByArgument {
  /// The number of the reference it belongs to, from 0.
  let reference: Int
  let path: String

  /// A name cannot hold this character, since names end at it.
  private static let mark: Character = "\0"
  /// Options whose files belong to a reference.
  private static let names: Set<String> = ["--region", "--reference-mask"]

  init?(argument: String) {
    let parts = argument.split(separator: Self.mark, maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, let number = Int(parts[0]) {
      (reference, path) = (number, String(parts[1]))
    } else {
      (reference, path) = (0, argument)
    }
  }

  /// The arguments with the number of its reference before each file that belongs to one. What stands before all
  /// references belongs to the first.
  static func numbering(_ arguments: [String]) -> [String] {
    var count = 0
    var result: [String] = []
    var takesValue = false
    for (index, argument) in arguments.enumerated() {
      if argument == "--" { return result + arguments[index...] }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts.first ?? "")
      let place = "\(max(count - 1, 0))\(mark)"
      // An option in its place is none of its value: the parser says so.
      let isOption = argument.hasPrefix("-") && argument != "-"
      if takesValue, !isOption {
        takesValue = false
        result.append(place + argument)
      } else if names.contains(name) {
        takesValue = parts.count == 1
        result.append(parts.count == 1 ? argument : "\(name)=\(place)\(parts[1])")
      } else {
        takesValue = false
        if name == "--reference" || name == "-r" { count += 1 }
        result.append(argument)
      }
    }
    return result
  }
}

extension ReferenceFiles {
  /// - Throws: a `ValidationError`, where two files are of one kind and reference.
  static func all(_ references: [String], regions: [PlacedFile], masks: [PlacedFile]) throws -> [ReferenceFiles] {
    var files = references.map { ReferenceFiles(reference: $0) }
    func place(_ given: [PlacedFile], _ option: String, _ property: WritableKeyPath<ReferenceFiles, String?>) throws {
      for file in given where files.indices.contains(file.reference) {
        if files[file.reference][keyPath: property] != nil {
          throw ToolError.usage(
            files.count == 1
              ? "\(option) is given twice; give it once for each --reference"
              : "\(option) is given twice for the reference \(files[file.reference].reference); it belongs to the "
                + "--reference that stands before it")
        }
        files[file.reference][keyPath: property] = file.path
      }
    }
    try place(regions, "--region", \.region)
    try place(masks, "--reference-mask", \.mask)
    return files
  }
}
