// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport

/// Recorded runs of the published line extraction networks and of anime IS-Net.
struct RecordedExtraction {
  struct Case: Decodable {
    let key: String
    let net: String
    let weights: String
    let num_downs: Int?
    let ngf: Int?

    var architecture: LineExtractionArchitecture? {
      switch net {
      case "lineart":
        let width = ngf ?? 64
        return .pixToPix(
          PixToPixConfiguration(widths: (0..<(num_downs ?? 8)).map { min(width << $0, 8 * width) }))
      case "lineart_denoise": return .mangaLineExtraction
      case "lineart_keras": return .sketchKeras
      case "lineart_sk": return .informativeDrawing(blocks: 3)
      default: return nil
      }
    }
  }

  struct SegmentationCase: Decodable {
    let key: String
    let kind: String
    let s: Int?
    let dilate: Bool?
    let crop: Bool?
    let th: Int?
    let tw: Int?
  }

  /// The sets that have such recordings.
  static let sets = GoldenSet.all.filter {
    FileManager.default.fileExists(atPath: "\($0.path)/extractors_cases.json")
  }

  /// An image `[H, W, 3]` of bytes.
  static func image(_ key: String, in golden: GoldenFile) throws -> Image {
    let shape = golden.shape(key)
    let pixels = try golden.file.bytes(of: key).withUnsafeBytes { [UInt8]($0) }
    return try Image(width: shape[1], height: shape[0], channels: shape[2], pixels: pixels)
  }
}

extension [Float] {
  /// `|self - other| / |other|` in L2, of the elements that count.
  func relativeError(to other: [Float], where counts: (Int) -> Bool = { _ in true }) -> Double {
    guard count == other.count else { return .infinity }
    var (difference, norm) = (0.0, 0.0)
    for index in indices where counts(index) {
      difference += Double(self[index] - other[index]) * Double(self[index] - other[index])
      norm += Double(other[index]) * Double(other[index])
    }
    return (difference / norm).squareRoot()
  }
}
