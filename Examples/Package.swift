// swift-tools-version: 6.1
import PackageDescription

// Programs that depend on the library as anyone's would; Tests/all.sh builds and runs them.
let package = Package(
  name: "Examples",
  dependencies: [
    .package(name: "Irodori", path: "..")
  ],
  targets: [
    .executableTarget(
      name: "CustomSampler",
      dependencies: [
        .product(name: "Colorize", package: "Irodori"),
        .product(name: "DiffusionCore", package: "Irodori"),
      ],
      path: "CustomSampler")
  ],
  swiftLanguageModes: [.v6]
)
