// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import TestSupport
import Testing

/// The files under Fixtures/images, and what they must decode to.
enum ImageFixtures {
  /// Names of all images, sorted.
  static let names: [String] = {
    let found = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return found.filter { $0.hasSuffix(".png") || $0.hasSuffix(".jpg") }.sorted()
  }()

  static let folder = (Bundle.module.resourcePath ?? "") + "/Fixtures/images"

  static func path(_ name: String) -> String { folder + "/" + name }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// The image recorded under a name in expected.raw.
  static func expected(_ name: String) throws -> Image {
    try #require(try recorded.get()[name])
  }

  private static let recorded: Result<[String: Image], any Error> = Result {
    var images: [String: Image] = [:]
    var rest = try bytes("expected.raw")[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let header = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
      let numbers = header.dropFirst().compactMap { Int($0) }
      try #require(header.count == 4 && numbers.count == 3)
      let start = end + 1
      let count = numbers.reduce(1, *)
      let pixels = Array(rest[start..<start + count])
      images[String(header[0])] = try Image(
        width: numbers[0], height: numbers[1], channels: numbers[2], pixels: pixels)
      rest = rest[(start + count)...]
    }
    return images
  }
}

typealias TemporaryFolder = TestSupport.TemporaryFolder

extension TemporaryFolder {
  func put(_ bytes: [UInt8], as name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
  }

  func bytes(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: file(name))))
  }
}

/// The largest difference between two images' samples; 256 if they are not of the same shape.
func largestDifference(_ first: Image, _ second: Image) -> Int {
  guard (first.width, first.height, first.channels) == (second.width, second.height, second.channels) else {
    return 256
  }
  return zip(first.pixels, second.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
}

/// The error that `body` throws, or nil.
func imageError(_ body: () throws(ImageError) -> Void) -> ImageError? {
  do throws(ImageError) {
    try body()
    return nil
  } catch {
    return error
  }
}
