// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import LayeredPictures
import Testing

/// Writes the test pictures for readers that others wrote; see `Tests/Readers/check_layers.py`.
///
/// Where `IRODORI_LAYERS_OUT` names a folder, each picture goes there in both formats, with what it must hold:
/// `NAME.json`, and the pixels of each layer as a PNG file of their own.
struct ReaderExport {
  private struct Description: Codable {
    var name: String
    var image: String?
    var x: Int
    var y: Int
    var opacity: Int
    var mode: String
    var isVisible: Bool
    var isLocked: Bool
    var children: [Description]
  }

  private struct Manifest: Codable {
    var width: Int
    var height: Int
    var resolution: Double
    var layers: [Description]
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["IRODORI_LAYERS_OUT"] != nil))
  func writePictures() throws {
    let folder = try #require(ProcessInfo.processInfo.environment["IRODORI_LAYERS_OUT"])
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for test in try TestPicture.all() {
      let picture = try test.picture()
      for format in LayeredFormat.allCases { try picture.write(to: "\(folder)/\(test.name).\(format.pathExtension)") }
      try picture.merged().write(to: "\(folder)/\(test.name).merged.png")
      var count = 0
      let layers = try test.layers.map { try describe($0, "\(folder)/\(test.name)", &count) }
      let manifest = Manifest(
        width: test.width, height: test.height, resolution: test.resolution ?? 72, layers: layers)
      try JSONEncoder().encode(manifest).write(to: URL(fileURLWithPath: "\(folder)/\(test.name).json"))
    }
  }

  private func describe(_ layer: ExpectedLayer, _ path: String, _ count: inout Int) throws -> Description {
    count += 1
    var name: String?
    if let image = layer.image {
      let path = "\(path).layer\(count).png"
      try image.write(to: path)
      name = String(path.split(separator: "/").last ?? "")
    }
    return Description(
      name: layer.name, image: name, x: layer.x, y: layer.y, opacity: Int(layer.opacity), mode: layer.mode.rawValue,
      isVisible: layer.isVisible, isLocked: layer.isLocked,
      children: try layer.children.map { try describe($0, path, &count) })
  }
}
