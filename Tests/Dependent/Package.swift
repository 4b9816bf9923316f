// swift-tools-version: 6.1
import PackageDescription

// A package as a user of the library writes it. It is built and run with the tests, so that what the documents say about
// importing stays true.
let package = Package(
  name: "Dependent",
  dependencies: [
    .package(name: "Irodori", path: "../..")
  ],
  targets: [
    .executableTarget(
      name: "Dependent",
      dependencies: [
        .product(name: "Colorize", package: "Irodori"),
        .product(name: "DiffusionCore", package: "Irodori"),
      ]),
    .executableTarget(
      name: "Cut",
      dependencies: [
        .product(name: "Colorize", package: "Irodori")
      ]),
  ],
  swiftLanguageModes: [.v6]
)
