// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import PictureFormats
import TestSupport
import Testing

/// The files under Fixtures, and what they must decode to.
enum FormatFixtures {
  private static let folder = (Bundle.module.resourcePath ?? "") + "/Fixtures"

  static func path(_ name: String) -> String { folder + "/" + name }

  static func bytes(_ name: String) throws -> [UInt8] {
    PictureFormats.register()
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  static func load(_ name: String) throws -> (image: Image, metadata: ImageMetadata) {
    PictureFormats.register()
    return try Image.loadWithMetadata(path(name))
  }

  /// What is recorded in expected.raw, by the files' names.
  static let expected: [String: Image] = {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path("expected.raw"))) else { return [:] }
    var images: [String: Image] = [:]
    var rest = [UInt8](data)[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let header = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
      let numbers = header.dropFirst().compactMap { Int($0) }
      let count = numbers.reduce(1, *)
      guard numbers.count == 3, rest.count > count,
        let image = try? Image(
          width: numbers[0], height: numbers[1], channels: numbers[2], pixels: Array(rest[end + 1..<end + 1 + count]))
      else { return [:] }
      images[String(header[0])] = image
      rest = rest[(end + 1 + count)...]
    }
    return images
  }()

  static let names = expected.keys.sorted()
}
