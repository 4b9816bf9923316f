// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The folders of the core stand one above the other, and none uses what stands above it.
@Suite struct LayerTests {
  /// From the ground up. A new folder gets its place here.
  static let order = [
    "Support", "Layout", "Backend", "Ops", "CPU", "Random", "Weights", "NN", "Sampling", "Models",
  ]

  /// The sources of the core.
  private static func sources() throws -> [SourceWords] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/DiffusionCore")
      .standardizedFileURL
    let paths = try #require(FileManager.default.enumerator(atPath: root.path)).compactMap { $0 as? String }
    return try paths.filter { $0.hasSuffix(".swift") }.sorted().map {
      SourceWords(path: $0, text: try String(contentsOf: root.appending(path: $0), encoding: .utf8))
    }
  }

  @Test func everyFolderHasItsPlace() throws {
    let folders = Set(try Self.sources().map(\.folder))
    #expect(folders.sorted() == Self.order.sorted())
  }

  @Test func noFolderUsesOneAboveIt() throws {
    #expect(UpwardUse.all(in: try Self.sources(), order: Self.order) == [])
  }

  /// What the test above would find.
  @Test(arguments: [
    ("Sampling/Seeded.swift", "struct Seeded { let unet: UNet? }", "UNet"),
    ("Backend/Seeded.swift", "func seeded() throws { _ = try CPUBackend() }", "CPUBackend"),
    ("Layout/Seeded.swift", "let seeded = \"of \\(Tensor.self)\"", "Tensor"),
    // A member that a folder above adds to a type of one below.
    ("Backend/Seeded.swift", "func seeded(_ x: BackendRegistry.Type) { _ = x.shared }", "shared"),
    // A function that belongs to no type.
    ("NN/Seeded.swift", "let seeded = linspace(0, 1, count: 2)", "linspace"),
  ])
  func findsAnArrowUpwards(path: String, text: String, name: String) throws {
    let found = UpwardUse.all(in: try Self.sources() + [SourceWords(path: path, text: text)], order: Self.order)
    #expect(found.map(\.name) == [name] && found.allSatisfy { $0.path == path })
  }

  /// Comments and texts are no uses.
  @Test func wordsForPeopleDoNotCount() throws {
    let text = "/// See ``UNet``.\nlet seeded = \"the UNet\" // not UNet /* UNet */\n/* UNet\n*/"
    let harmless = SourceWords(path: "Sampling/Seeded.swift", text: text)
    #expect(UpwardUse.all(in: try Self.sources() + [harmless], order: Self.order) == [])
  }
}

/// A use of something that a folder further up declares.
struct UpwardUse: Equatable, CustomStringConvertible {
  let path: String
  let name: String
  /// Where the name is declared.
  let declaredIn: String

  var description: String { "\(path) uses \(name) of \(declaredIn)" }

  /// All of them: types and functions by their names; members that an extension adds to a type of a lower folder, where
  /// no other declaration in the same folder or below has the name.
  static func all(in sources: [SourceWords], order: [String]) -> [UpwardUse] {
    let level = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    /// The lowest folder that declares a name.
    var names: [String: Int] = [:]
    for source in sources {
      guard let own = level[source.folder] else { continue }
      for name in source.topLevelNames { names[name] = min(own, names[name] ?? own) }
    }
    /// The lowest folder with an extension that adds a member to a type of a folder below it.
    var added: [String: Int] = [:]
    var members: [String: Int] = [:]
    for source in sources {
      guard let own = level[source.folder] else { continue }
      for name in source.memberNames { members[name] = min(own, members[name] ?? own) }
      for (name, type) in source.additions where names[type].map({ $0 < own }) == true {
        added[name] = min(own, added[name] ?? own)
      }
    }
    return sources.flatMap { source -> [UpwardUse] in
      guard let own = level[source.folder] else { return [] }
      let uses =
        source.words.compactMap { word in names[word].map { (word, $0) } }
        + source.memberUses.compactMap { word in added[word].map { (word, min($0, members[word] ?? $0)) } }
      return uses.filter { $0.1 > own && !source.memberNames.contains($0.0) }
        .map { UpwardUse(path: source.path, name: $0.0, declaredIn: order[$0.1]) }
    }
  }
}
