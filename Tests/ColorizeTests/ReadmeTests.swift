// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What the documents say about importing is what the tests build and run.
struct ReadmeTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test(arguments: [
    ("README.md", "Minimal/main.swift"), ("README.md", "Minimal/Checkpoint.swift"), ("Docs/Modes.md", "Cut/main.swift"),
  ])
  func theCodeIsAFileOfTheExamples(document: String, file: String) throws {
    let text = try String(contentsOf: root.appending(path: document), encoding: .utf8)
    let example = try String(contentsOf: root.appending(path: "Examples").appending(path: file), encoding: .utf8)
      .replacing("// SPDX-License-Identifier: Apache-2.0\n\n", with: "")
    #expect(text.contains("```swift\n" + example + "```"))
  }

  /// Links within the repository lead somewhere.
  @Test func linksOfTheDocumentsHold() throws {
    let link = /\]\((?<target>[^)#\s]+)(#[^)]*)?\)/
    var documents = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "Benchmarks/README.md"]
    documents += try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Docs").path)
      .filter { $0.hasSuffix(".md") }.map { "Docs/" + $0 }
    var count = 0
    for document in documents {
      let url = root.appending(path: document)
      for match in try String(contentsOf: url, encoding: .utf8).matches(of: link) {
        let target = String(match.target)
        guard !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
        count += 1
        let path = url.deletingLastPathComponent().appending(path: target).path
        #expect(FileManager.default.fileExists(atPath: path), "\(document) links to \(target)")
      }
    }
    #expect(count > 20)
  }

  /// The version stands in one place, and the changes of it are told.
  @Test func theFirstChangesAreThoseOfThisVersion() throws {
    let changes = try String(contentsOf: root.appending(path: "CHANGELOG.md"), encoding: .utf8)
    let heading = try #require(changes.split(separator: "\n").first { $0.hasPrefix("## ") })
    let source = try String(
      contentsOf: root.appending(path: "Sources/DiffusionCore/Support/Version.swift"), encoding: .utf8)
    let version = try #require(source.firstMatch(of: /version = "(?<number>[^"]+)"/)).number
    #expect(heading == "## \(version)")
  }
}
