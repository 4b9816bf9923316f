// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import TestSupport

extension Folder {
  /// Writes a small drawing, a reference and both masks.
  func writeInputs() throws {
    try Self.picture(channels: 1) { x, y in [abs(x - y) < 2 || x == 40 ? 20 : 250] }.write(to: path("sketch.png"))
    try Self.picture(channels: 3) { x, y in [UInt8(x * 4), UInt8(y * 4), 120] }.write(to: path("reference.png"))
    try Self.picture(channels: 1) { x, _ in [x < 32 ? 255 : 0] }.write(to: path("mask.png"))
    try Self.picture(channels: 4) { x, y in [200, UInt8(x * 4), 40, y < 32 ? 255 : 0] }.write(to: path("cut-out.png"))
    try Data("no picture".utf8).write(to: URL(fileURLWithPath: path("text.png")))
  }

  /// Writes a tiny model without the weights of the mask modes, and its configuration beside it.
  func writeVanillaModel() throws {
    try TinyNetwork.write(to: path("vanilla.safetensors"), withSplit: false)
    try JSONEncoder().encode(TinyNetwork.configuration).write(to: url.appendingPathComponent("config.json"))
  }

  private static func picture(channels: Int, _ pixel: (_ x: Int, _ y: Int) -> [UInt8]) throws -> Image {
    let pixels = (0..<64).flatMap { y in (0..<64).flatMap { x in pixel(x, y) } }
    return try Image(width: 64, height: 64, channels: channels, pixels: pixels)
  }

  /// The arguments of a run that takes a moment, and leaves the network's picture as it is.
  static let quick = [
    "-s", "sketch.png", "-r", "reference.png", "--fill", "painting", "--lines", "network", "--size", "64", "--steps",
    "1",
  ]

  /// The same with other arguments, which stand in place of those of the same name.
  static func quick(_ more: [String]) -> [String] {
    stride(from: 0, to: quick.count, by: 2).flatMap { more.contains(quick[$0]) ? [] : quick[$0...$0 + 1] } + more
  }
}
