// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// A package of its own, so that a dependent of the library never resolves what only its benchmarks need.
let package = Package(
  name: "IrodoriBenchmarks",
  dependencies: [
    .package(name: "Irodori", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    .target(name: "QualityMeasures", dependencies: [.product(name: "Colorize", package: "Irodori")]),
    .executableTarget(
      name: "Benchmark",
      dependencies: [
        "QualityMeasures",
        .product(name: "DiffusionCore", package: "Irodori"),
        .product(name: "DiffusionVulkan", package: "Irodori"),
        .product(name: "DiffusionTraining", package: "Irodori"),
        .product(name: "Colorize", package: "Irodori"),
        .product(name: "BackendConformance", package: "Irodori"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .testTarget(
      name: "QualityMeasuresTests",
      dependencies: ["QualityMeasures", .product(name: "Colorize", package: "Irodori")]),
  ],
  swiftLanguageModes: [.v6]
)
