// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// Programs that depend on the library as anyone's would; Tests/all.sh builds and runs them, so that what the documents say
// about importing stays true.
let irodori = { (product: String) in Target.Dependency.product(name: product, package: "Irodori") }

let package = Package(
  name: "Examples",
  dependencies: [
    .package(name: "Irodori", path: "..")
  ],
  targets: [
    .executableTarget(
      name: "Minimal", dependencies: [irodori("Colorize"), irodori("DiffusionCore")], path: "Minimal"),
    .executableTarget(name: "Cut", dependencies: [irodori("Colorize")], path: "Cut"),
    .executableTarget(name: "EventStream", dependencies: [irodori("Colorize")], path: "EventStream"),
    .executableTarget(
      name: "CustomBackend",
      dependencies: [irodori("Colorize"), irodori("DiffusionCore"), irodori("BackendConformance")],
      path: "CustomBackend"),
    .executableTarget(
      name: "CustomSampler", dependencies: [irodori("Colorize"), irodori("DiffusionCore")], path: "CustomSampler"),
    .executableTarget(
      name: "FromScratch",
      dependencies: [
        irodori("Colorize"), irodori("ColorizeTraining"), irodori("DiffusionCore"), irodori("DiffusionTraining"),
      ], path: "FromScratch"),
  ],
  swiftLanguageModes: [.v6]
)
