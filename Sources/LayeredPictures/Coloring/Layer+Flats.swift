// SPDX-License-Identifier: Apache-2.0

import Colorize

/// What becomes a layer of its own among the flats.
public enum FlatLayering: String, Sendable, Hashable, CaseIterable, Codable {
  /// Every region.
  case region
  /// All regions of one colour together.
  case color
}

extension Layer {
  /// Flats as layers of one colour each, from the largest to the smallest, so that details lie above.
  ///
  /// - Parameters:
  ///   - labels: The region of each pixel, `width * height` of them, row by row: an index into `colors`. A pixel of any
  ///     other number is in no layer.
  ///   - width: Columns of the canvas.
  ///   - height: Rows.
  ///   - colors: The colour of each region.
  ///   - names: What regions are called; nil, or nothing at the index, where there is no name. By colour, the distinct
  ///     names of a colour's regions are listed.
  ///   - layering: A layer for each region, or for each colour.
  /// - Returns: The layers, the lowest first. Regions without a pixel have none.
  /// - Throws: ``LayeredPictureError/invalid(reason:)`` for a canvas larger than an `Image` may be, or another number
  ///   of labels than it has pixels.
  public static func flats(
    labels: [UInt32], width: Int, height: Int, colors: [RGB], names: [String?] = [], by layering: FlatLayering = .color
  ) throws(LayeredPictureError) -> [Layer] {
    guard (1...Image.maximumSide).contains(width), (1...Image.maximumSide).contains(height),
      width * height <= Image.maximumPixelCount, labels.count == width * height
    else {
      throw .invalid(reason: "\(labels.count) labels for a canvas of \(width) x \(height) pixels")
    }
    let found = layering == .region ? byRegion(colors, names) : byColor(colors, names)
    let coverages = labels.withUnsafeBufferPointer { labels in
      Coverage.sets(width: width, height: height, count: found.layers.count) { pixel in
        let label = Int(labels[pixel])
        return label < found.layerOfRegion.count ? found.layerOfRegion[label] : nil
      }
    }
    // Sorting by size alone would leave equal ones in any order.
    let sizes = coverages.map(\.pixelCount)
    let order = sizes.indices.filter { sizes[$0] > 0 }.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
    return order.map { .fill(name: found.layers[$0].name, color: found.layers[$0].color, coverage: coverages[$0]) }
  }

  private typealias Flats = (layers: [(name: String, color: RGB)], layerOfRegion: [Int])

  private static func byRegion(_ colors: [RGB], _ names: [String?]) -> Flats {
    let layers = colors.enumerated().map { index, color in
      (name: name(index, in: names) ?? "Region \(index + 1) \(color)", color: color)
    }
    return (layers, Array(colors.indices))
  }

  private static func byColor(_ colors: [RGB], _ names: [String?]) -> Flats {
    var layerOfColor: [RGB: Int] = [:]
    var layers: [(names: [String], color: RGB)] = []
    let layerOfRegion = colors.enumerated().map { region, color in
      let index = layerOfColor[color] ?? layers.count
      if index == layers.count {
        layers.append(([], color))
        layerOfColor[color] = index
      }
      if let name = name(region, in: names), !layers[index].names.contains(name) { layers[index].names.append(name) }
      return index
    }
    let named = layers.map { layer in
      (name: layer.names.isEmpty ? "\(layer.color)" : layer.names.joined(separator: ", "), color: layer.color)
    }
    return (named, layerOfRegion)
  }

  private static func name(_ region: Int, in names: [String?]) -> String? {
    guard names.indices.contains(region), let name = names[region], !name.isEmpty else { return nil }
    return name
  }
}
