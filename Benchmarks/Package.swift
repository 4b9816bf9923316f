// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that a dependent of the library never resolves what only its benchmarks need.
let package = Package(
  name: "IrodoriBenchmarks",
  dependencies: [
    .package(name: "Irodori", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    .executableTarget(
      name: "Benchmark",
      dependencies: [
        .product(name: "DiffusionCore", package: "Irodori"),
        .product(name: "DiffusionVulkan", package: "Irodori"),
        .product(name: "Colorize", package: "Irodori"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
