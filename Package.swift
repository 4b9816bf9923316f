// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
  name: "Irodori",
  products: [
    .library(name: "DiffusionCore", targets: ["DiffusionCore"]),
    .library(name: "DiffusionVulkan", targets: ["DiffusionVulkan"]),
    .library(name: "DiffusionTraining", targets: ["DiffusionTraining"]),
    .library(name: "Colorize", targets: ["Colorize"]),
    .library(name: "ColorizeTraining", targets: ["ColorizeTraining"]),
    .library(name: "LayeredPictures", targets: ["LayeredPictures"]),
    .library(name: "Shots", targets: ["Shots"]),
    .library(name: "PictureFormats", targets: ["PictureFormats"]),
    .library(name: "BackendConformance", targets: ["BackendConformance"]),
    .executable(name: "colorize", targets: ["ColorizeTool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    // libpng (libpng-dev) and libjpeg (libjpeg-dev) report errors by longjmp, which Swift cannot catch: a few lines of
    // C stand between. libpng's simplified API would do without, but it takes 16-bit samples for linear light and
    // converts gamma; the pixels of a drawing must come through as they stand in the file.
    .target(name: "CCodec"),
    .target(name: "CPNGIO", dependencies: ["CCodec"], linkerSettings: [.linkedLibrary("png16")]),
    .target(name: "CJPEG", dependencies: ["CCodec"], linkerSettings: [.linkedLibrary("jpeg")]),
    // libpng needs it too, so libpng-dev brings it along (zlib1g-dev). Krita's palettes are zip files.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // Little CMS (liblcms2-dev) has macros and callbacks; one function in C says what is wanted of it.
    .target(name: "CColorProfile", linkerSettings: [.linkedLibrary("lcms2")]),
    .target(name: "CKernels"),
    .target(name: "CSystem"),
    .target(name: "CEmbeddedModel", exclude: ["data", "recipe"]),
    .target(name: "CFigureModel", exclude: ["data", "recipe"]),
    .target(name: "CSamples", exclude: ["data"]),
    .target(name: "CTextData", exclude: ["data"]),
    .target(name: "DiffusionCore", dependencies: ["COpenBLAS", "CKernels", "CSystem", "CTextData"]),
    .systemLibrary(name: "CVulkan", pkgConfig: "vulkan", providers: [.apt(["libvulkan-dev"])]),
    // The target lies in the folder of the shaders themselves, so that the build notices added and removed ones.
    .target(
      name: "DiffusionShaders", path: "Shaders",

      exclude: ["compile.sh", "matrix.sh", "arguments.sh", "constants.sh", "include", "arguments", "constants"],
      plugins: ["CompileShaders"]),
    .plugin(name: "CompileShaders", capability: .buildTool()),
    .target(name: "DiffusionVulkan", dependencies: ["DiffusionCore", "DiffusionShaders", "CVulkan"]),
    .target(
      name: "Colorize",
      dependencies: [
        "DiffusionCore", "CCodec", "CPNGIO", "CJPEG", "CZlib", "CColorProfile", "CEmbeddedModel", "CFigureModel",
        "CSamples",
        "CTextData",
      ]),
    // Apart from Colorize, so that a program that writes no layers links nothing more.
    .target(name: "LayeredPictures", dependencies: ["Colorize", "DiffusionCore"]),
    // libcrypto (libssl-dev) for the digests of a shot's manifest, which only programs that colour shots link.
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "Shots", dependencies: ["Colorize", "DiffusionCore", "CCrypto", "CZlib"]),
    // Apart for the same reason: libtiff (libtiff-dev), whose interface is variadic, and libwebp (libwebp-dev).
    .target(name: "CTIFF", linkerSettings: [.linkedLibrary("tiff")]),
    .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
    .target(name: "PictureFormats", dependencies: ["Colorize", "DiffusionCore", "CTIFF", "CWebP"]),
    .target(name: "DiffusionTraining", dependencies: ["DiffusionCore"]),
    // Pictures as data, and the loop. Apart from both: who trains on tensors of their own reads no pictures, and who
    // colours need not learn.
    .target(name: "ColorizeTraining", dependencies: ["Colorize", "DiffusionTraining"]),
    .target(name: "BackendConformance", dependencies: ["DiffusionCore", "DiffusionTraining"]),
    // The folder is not called `colorize`: file systems that ignore case would mix it up with `Colorize`.
    .executableTarget(
      name: "ColorizeTool",
      dependencies: [
        "Colorize", "ColorizeTraining", "CSystem", "DiffusionTraining", "DiffusionVulkan", "LayeredPictures",
        "PictureFormats", "Shots", "BackendConformance",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(
      name: "TestSupport", dependencies: ["DiffusionCore"], path: "Tests/TestSupport", exclude: ["Published"]),
    .testTarget(
      name: "DiffusionCoreTests", dependencies: ["DiffusionCore", "BackendConformance", "TestSupport"],
      resources: [.copy("Golden")]),
    .testTarget(
      name: "DiffusionTrainingTests",
      dependencies: ["DiffusionTraining", "DiffusionVulkan", "BackendConformance", "TestSupport"]),
    .testTarget(
      name: "ColorizeTests", dependencies: ["Colorize", "BackendConformance", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "ColorizeTrainingTests", dependencies: ["ColorizeTraining", "TestSupport"]),
    .testTarget(
      name: "PictureFormatsTests", dependencies: ["PictureFormats", "LayeredPictures", "Colorize", "TestSupport"],
      resources: [.copy("Fixtures")]),
    // Its own readers check the files, and inflate what is packed in them.
    .testTarget(
      name: "LayeredPicturesTests",
      dependencies: ["LayeredPictures", "Colorize", "DiffusionCore", "CZlib", "TestSupport"]),
    .testTarget(
      name: "ShotsTests", dependencies: ["Shots", "Colorize", "DiffusionCore", "TestSupport"]),
    // The tests run the built program; depending on it makes the build put it beside them.
    .testTarget(
      name: "ColorizeToolTests", dependencies: ["ColorizeTool", "Colorize", "DiffusionVulkan", "TestSupport"]),
    .testTarget(
      name: "DiffusionVulkanTests",
      dependencies: ["DiffusionVulkan", "DiffusionTraining", "Colorize", "BackendConformance", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c2x
)
