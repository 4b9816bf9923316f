// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import LayeredPictures
import TestSupport
import Testing

/// What all writers do where a file is there.
@Suite struct ExistingFileTests {
  private let folder: TemporaryFolder
  private let image: Image

  init() throws {
    folder = try TemporaryFolder()
    image = try Image(width: 4, height: 4, channels: 3, pixels: [UInt8](repeating: 9, count: 48))
  }

  private func write(_ kind: String, to path: String, _ existing: ExistingFilePolicy) throws {
    switch kind {
    case "png": try image.write(to: path, existing: existing)
    case "gpl": try Palette(of: image, maximumColors: 4).write(to: path, existing: existing)
    case "psd":
      try LayeredPicture(width: 4, height: 4, layers: [.image(name: "a", image)]).write(to: path, existing: existing)
    default:
      let writer = try SafetensorsWriter(
        path: path, tensors: [.init(key: "a", dtype: .u8, shape: [1])], existing: existing)
      try [7].withUnsafeBytes { try writer.write("a", UnsafeRawBufferPointer(rebasing: $0[..<1])) }
      try writer.finish()
    }
  }

  private func clash(_ error: any Error) -> (file: String, savedAs: String?)? {
    switch error {
    case ImageError.fileExists(let file, let place), PaletteError.fileExists(let file, let place),
      WeightError.fileExists(let file, let place):
      (file, place)
    default: nil
    }
  }

  @Test(arguments: ["png", "gpl", "psd", "safetensors"]) func policies(kind: String) throws {
    let path = folder.file("a.\(kind)")
    let mine = Data([1])
    try mine.write(to: URL(fileURLWithPath: path))
    func content(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.file(name))) }
    do {
      try write(kind, to: path, .refuse)
      Issue.record("it was written")
    } catch {
      let fault = try #require(clash(error), "\(error)")
      #expect(fault.file == path && fault.savedAs == nil)
      #expect("\(error)" == "\(path): it exists already, and is not replaced. Give another path.")
      #expect((error as? any CategorizedError)?.category == .run)
    }
    #expect(folder.contents == ["a.\(kind)"])
    do {
      try write(kind, to: path, .keepBoth)
      Issue.record("no error told where it is")
    } catch {
      let fault = try #require(clash(error), "\(error)")
      #expect(fault.file == path && fault.savedAs == folder.file("a-2.\(kind)"))
      #expect("\(error)".hasSuffix("What was to be written is in \(folder.file("a-2.\(kind)"))."))
    }
    #expect(try content("a.\(kind)") == mine)
    try write(kind, to: path, .replace)
    #expect(try content("a.\(kind)") == content("a-2.\(kind)"))
  }
}
