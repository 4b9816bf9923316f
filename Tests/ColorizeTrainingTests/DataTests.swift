// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

import ColorizeTraining

@Suite struct DataTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A picture of a disc on a ground, of its own colours.
  func write(_ name: String, width: Int = 48, height: Int = 48, hue: UInt8 = 200, alpha: Bool = false) throws {
    let path = folder.file(name)
    try FileManager.default.createDirectory(
      atPath: String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), withIntermediateDirectories: true)
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let (dx, dy) = (2 * x - width, 2 * y - height)
        let distance = Double(dx * dx + dy * dy).squareRoot() / Double(min(width, height))
        let isRim = abs(distance - 0.6) < 0.06
        let color: [UInt8] = isRim ? [10, 10, 10] : distance < 0.6 ? [hue, 80, 40] : [90, 160, 250]
        pixels += color + (alpha ? [distance < 0.66 ? 255 : 0] : [])
      }
    }
    try Image(width: width, height: height, channels: alpha ? 4 : 3, pixels: pixels).write(to: path)
  }

  @Test func foldersAreRead() throws {
    try write("b.png")
    try write("a.png", width: 64)
    try write("heroine/1.png")
    try write("heroine/2.png", hue: 90)
    try write("heroine/2.mask.png")
    try write("heroine/2.sketch.png")
    try write("shots/7/x.png")
    try Data("no picture".utf8).write(to: URL(filePath: folder.file("broken.png")))
    try Data().write(to: URL(filePath: folder.file("heroine/empty.jpg")))
    try Data("notes".utf8).write(to: URL(filePath: folder.file("notes.txt")))
    try write(".hidden.png")
    try write("tiny.png", width: 8, height: 8)
    let found = try TrainingFolder(folder.path)
    func names(_ paths: [String]) -> [String] { paths.map { String($0.dropFirst(folder.path.count + 1)) } }
    #expect(names(found.pictures.map(\.path)) == ["a.png", "b.png", "heroine/1.png", "heroine/2.png", "shots/7/x.png"])
    #expect(found.groups == ["heroine", "shots/7"])
    #expect(found.pictures.map(\.group) == [nil, nil, 0, 0, 1])
    #expect(names(found.unreadable.map(\.path)) == ["broken.png", "heroine/empty.jpg", "tiny.png"])
    #expect(
      found.pictures[3].maskPath != nil && found.pictures[3].sketchPath != nil && found.pictures[2].maskPath == nil)
    #expect(found.pictures[0].size == ImageSize(width: 64, height: 48))
    // Content, not names, tells pictures apart.
    #expect(found.pictures[1].contentHash == found.pictures[2].contentHash)
    #expect(Set(found.pictures.map(\.contentHash)).count == 3)
    let hash = found.pictures[3].contentHash
    try write("heroine/2.mask.png", hue: 7)
    #expect(try TrainingFolder(folder.path).pictures[3].contentHash != hash)
  }

  @Test func foldersAsPeopleHaveThemAreRead() throws {
    try write("a/b/deep.png")
    try write("plain.png")
    try write("UPPER.PNG")
    // Links: to a folder above, to the folder itself, to a file, to nothing.
    for (name, target) in [("a/up", ".."), ("self", "."), ("link.png", "plain.png"), ("lost.png", "nowhere.png")] {
      try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: target)
    }
    try write("plain.MASK.PNG")
    try write("plain.sketch.jpg")
    try write("alone.sketch.png")
    try write("a/gas.mask.png")
    try write("ribbon.png", width: 33 * 16, height: 16)
    try Image(width: 32, height: 32, channels: 4, pixels: [UInt8](repeating: 0, count: 4096))
      .write(to: folder.file("clear.png"))
    try write("inside.png/is a folder.png")
    // Of trainings that were here before: sheets are no drawings.
    try write("old.state/sheet-00000002.png")
    try Data([1]).write(to: URL(filePath: folder.file("old.state/step-00000002.safetensors")))
    try write("own.state/sheet-00000002.png")
    #expect(mkfifo(folder.file("pipe.png"), 0o600) == 0)
    // A name that is no UTF-8.
    let latin = folder.file("caf").utf8CString.dropLast() + [CChar(bitPattern: 0xE9)] + ".png".utf8CString
    #expect(rename(folder.file("UPPER.PNG"), Array(latin)) == 0)
    let found = try TrainingFolder(folder.path, passingOver: [folder.file("own.state"), folder.file("none")])
    func names(_ paths: [String]) -> [String] { paths.map { String($0.dropFirst(folder.path.count + 1)) } }
    #expect(found.pictures.count == 5)
    #expect(
      names(found.pictures.map(\.path).filter { !$0.contains("/caf") })
        == ["a/b/deep.png", "inside.png/is a folder.png", "link.png", "plain.png"])
    let plain = try #require(found.pictures.first { $0.path.hasSuffix("/plain.png") })
    #expect(plain.maskPath == folder.file("plain.MASK.PNG") && plain.sketchPath == folder.file("plain.sketch.jpg"))
    #expect(found.groups == ["a/b", "inside.png"])
    #expect(
      names(found.unreadable.map(\.path))
        == ["a/gas.mask.png", "alone.sketch.png", "clear.png", "lost.png", "pipe.png", "ribbon.png"])
    #expect(found.unreadable.first { $0.path.hasSuffix("clear.png") }?.reason == "it is wholly transparent")
  }

  @Test func foldersOfNothingAreErrors() throws {
    #expect(throws: TrainingDataError.self) { try TrainingFolder(folder.file("none")) }
    #expect(throws: TrainingDataError.self) { try TrainingFolder(folder.path) }
    try Data("no picture".utf8).write(to: URL(filePath: folder.file("broken.png")))
    do {
      _ = try TrainingFolder(folder.path)
      Issue.record("a folder without a picture that can be read was taken")
    } catch let error as TrainingDataError {
      #expect("\(error)".contains("broken.png"))
    }
  }

  @Test func sizesAreOfOneArea() {
    let buckets = AspectBuckets(resolution: 256, multiple: 32)
    #expect(buckets.sizes.contains(ImageSize(width: 256, height: 256)))
    for size in buckets.sizes {
      #expect(size.width % 32 == 0 && size.height % 32 == 0)
      let area = Double(size.width * size.height) / 65536
      #expect((0.85...1.15).contains(area), "\(size.width) x \(size.height)")
    }
    #expect(buckets.size(for: ImageSize(width: 1000, height: 1010)) == ImageSize(width: 256, height: 256))
    let wide = buckets.size(for: ImageSize(width: 1920, height: 1080))
    #expect(wide.width > wide.height)
    #expect(AspectBuckets(resolution: 8, multiple: 32).sizes == [ImageSize(width: 32, height: 32)])
  }
}
