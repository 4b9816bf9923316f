// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

/// References as the network sees them, encoded once for all frames that have them.
actor ReferenceCache {
  struct Entry: Sendable {
    let reference: Reference
    /// The colours that flats are painted in: the same for all frames of the reference.
    let palette: Palette?
    let notes: [String]
  }

  /// References that are kept: a cut has one or a few.
  private static let capacity = 8

  private let colorizer: Colorizer
  private let masks: MaskSource
  private let segmenter: FigureSegmenter?
  private var entries: [(key: String, entry: Entry)] = []

  init(colorizer: Colorizer, masks: MaskSource, segmenter: FigureSegmenter?) {
    self.segmenter = segmenter
    self.colorizer = colorizer
    self.masks = masks
  }

  /// The reference of a frame, and its colours.
  ///
  /// - Parameter digests: those of the frame's inputs.
  /// - Throws: ``ImageError``, and what ``Colorizer/encode(_:mask:background:threshold:)`` throws.
  func entry(for frame: ShotFrame, path: String, digests: [String: Digest]) async throws -> Entry {
    let settings = frame.settings
    let inputs = ["reference", "referenceMask", "background"].map { digests[$0]?.description ?? "-" }
    let key =
      (inputs + [
        settings.mode.rawValue, "\(settings.referenceThreshold)", settings.flats.colors.rawValue,
        "\(settings.flats.maximumColors)",
      ]).joined(separator: " ")
    if let place = entries.firstIndex(where: { $0.key == key }) {
      let found = entries.remove(at: place)
      entries.append(found)
      return found.entry
    }
    let entry = try await makeEntry(for: frame, path: path)
    entries.append((key, entry))
    if entries.count > Self.capacity { entries.removeFirst() }
    return entry
  }

  private func makeEntry(for frame: ShotFrame, path: String) async throws -> Entry {
    let image = try Image.load(path)
    let background = try frame.background.map { try Image.load($0) }
    var notes: [String] = []
    var mask = try frame.referenceMask.map { Mask(try Image.load($0)) }
    if mask == nil, background == nil, frame.settings.mode.needsBackground {
      switch masks {
      case .given: break
      case .alpha: mask = try Mask(alphaOf: image)
      case .found:
        let found = try await segmenter?.mask(of: image, as: .picture) ?? image.figureMask()
        if !found.isPlausible { notes.append("the reference's figure was found, and may be wrong; give its mask") }
        mask = found.mask
      }
    }
    var request = ColorizeRequest(sketch: image, reference: .image(image), settings: frame.settings)
    request.referenceMask = mask
    request.background = background
    let needsBackground = frame.settings.mode.needsBackground
    let reference = try await colorizer.encode(
      image, mask: needsBackground ? mask : nil, background: needsBackground ? background : nil,
      threshold: frame.settings.referenceThreshold)
    // Where figure and ground are told apart, each frame's mask decides too: flats find their colours frame by frame.
    return Entry(
      reference: reference, palette: needsBackground ? nil : try request.flatColors()?.palette, notes: notes)
  }
}
