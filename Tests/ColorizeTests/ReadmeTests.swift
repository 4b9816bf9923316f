import Foundation
import Testing

/// What the README says about importing is the program that the tests build and run.
struct ReadmeTests {
  @Test func theExampleIsTheDependentPackagesProgram() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let program = try String(
      contentsOf: root.appending(path: "Tests/Dependent/Sources/Dependent/main.swift"), encoding: .utf8)
    #expect(readme.contains("```swift\n" + program + "```"))
  }
}
