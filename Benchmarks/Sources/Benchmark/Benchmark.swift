import ArgumentParser
import DiffusionCore
import Foundation

/// `swift run -c release --package-path Benchmarks Benchmark`: times the network at its real sizes.
@main
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Times the operations and parts of the full-size network, beside what the machine can do at best.",
    discussion: """
      Every figure is the median of several runs in this process. `floor` is the time that the machine's best measured
      matrix product would take for the same arithmetic; `of floor` is how much of that rate is reached.
      """)

  @Option(parsing: .upToNextOption, help: "Which groups to run: ops, unet, parts.")
  var groups: [Group] = Group.allCases
  @Option(help: "The backend: cpu, cpu:N, or one of a plug-in.")
  var backend = "cpu"
  @Option(help: "The picture's side in pixels.")
  var size = 512
  @Option(help: "Counted runs of each.")
  var runs = 3
  @Option(help: "The element type of the weights.")
  var weights: String = "f16"
  @Flag(help: "Print one JSON object instead of a table.")
  var json = false

  enum Group: String, CaseIterable, ExpressibleByArgument { case ops, unet, parts }

  func validate() throws {
    guard size % 64 == 0, (64...2048).contains(size) else {
      throw ValidationError("--size is \(size), expected a multiple of 64 from 64 to 2048")
    }
    guard (1...100).contains(runs) else { throw ValidationError("--runs is \(runs), expected 1 to 100") }
    guard DType(rawValue: weights) != nil else {
      throw ValidationError("--weights is \(weights), expected f32, f16 or bf16")
    }
  }

  func run() throws {
    let backend = try BackendRegistry.shared.makeBackend(self.backend)
    let timer = Timer(backend: backend, runs: runs, quiet: json)
    let dtype = DType(rawValue: weights) ?? .f16
    try timer.measurePeak()
    for group in Group.allCases where groups.contains(group) {
      switch group {
      case .ops: try benchmarkOperations(timer, size: size)
      case .unet: try benchmarkUNet(timer, size: size, dtype: dtype)
      case .parts: try benchmarkParts(timer, size: size, dtype: dtype)
      }
    }
    if json { print(try timer.json()) } else { print(timer.summary) }
  }
}
