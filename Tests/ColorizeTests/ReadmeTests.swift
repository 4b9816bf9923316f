import Foundation
import Testing

/// What the documents say about importing is what the tests build and run.
struct ReadmeTests {
  @Test(arguments: [
    ("README.md", "Dependent/main.swift"), ("README.md", "Dependent/Checkpoint.swift"),
    ("Docs/Modes.md", "Cut/main.swift"),
  ])
  func theExampleIsAFileOfTheDependentPackage(document: String, file: String) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: document), encoding: .utf8)
    let example = try String(
      contentsOf: root.appending(path: "Tests/Dependent/Sources").appending(path: file), encoding: .utf8)
    #expect(text.contains("```swift\n" + example + "```"))
  }
}
