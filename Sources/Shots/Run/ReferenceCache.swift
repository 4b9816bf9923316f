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
    try await entry(
      Source(path: path, mask: frame.referenceMask, background: frame.background, findsMask: true), frame.settings,
      inputs: ["reference", "referenceMask", "background"].map { digests[$0]?.description ?? "-" })
  }

  /// A further reference of a frame. Its figure is that of its mask only: it may be a set, or a detail.
  func entry(for further: ShotReference, number: Int, of frame: ShotFrame, digests: [String: Digest]) async throws
    -> Entry
  {
    let names = ShotReference.inputNames(number)
    return try await entry(
      Source(path: further.reference, mask: further.mask, background: nil, findsMask: further.region == nil),
      frame.settings,
      inputs: [names.reference, names.mask].map { digests[$0]?.description ?? "-" } + [further.region == nil ? "-" : ""]
    )
  }

  /// What a reference is made of.
  private struct Source {
    let path: String
    let mask: String?
    let background: String?
    /// Whether a mask is found where none is given.
    let findsMask: Bool
  }

  private func entry(_ source: Source, _ settings: ColorizeSettings, inputs: [String]) async throws -> Entry {
    let key =
      (inputs + [
        settings.mode.rawValue, "\(settings.referenceThreshold)", settings.flats.colors.rawValue,
        "\(settings.flats.maximumColors)", settings.maskShaping.map { "\($0)" } ?? "",
      ]).joined(separator: " ")
    if let place = entries.firstIndex(where: { $0.key == key }) {
      let found = entries.remove(at: place)
      entries.append(found)
      return found.entry
    }
    let entry = try await makeEntry(source, settings)
    entries.append((key, entry))
    if entries.count > Self.capacity { entries.removeFirst() }
    return entry
  }

  private func makeEntry(_ source: Source, _ settings: ColorizeSettings) async throws -> Entry {
    let image = try Image.load(source.path)
    let background = try source.background.map { try Image.load($0) }
    var notes: [String] = []
    var mask = try source.mask.map { Mask(try Image.load($0)) }
    if mask == nil, background == nil, source.findsMask, settings.mode.needsBackground {
      switch masks {
      case .given: break
      case .alpha: mask = try Mask(alphaOf: image)
      case .found:
        let found = try await segmenter?.mask(of: image, as: .picture) ?? image.figureMask()
        if !found.isPlausible { notes.append("the reference's figure was found, and may be wrong; give its mask") }
        mask = found.mask
      }
    }
    var request = ColorizeRequest(sketch: image, reference: .image(image), settings: settings)
    request.referenceMask = mask
    request.background = background
    let needsBackground = settings.mode.needsBackground
    if needsBackground, let shaping = settings.maskShaping {
      mask = mask?.shaped(shaping, for: image.size)
      request.referenceMask = mask
    }
    let reference = try await colorizer.encode(
      image, mask: needsBackground ? mask : nil, background: needsBackground ? background : nil,
      threshold: settings.referenceThreshold)
    // Where figure and ground are told apart, each frame's mask decides too: flats find their colours frame by frame.
    return Entry(
      reference: reference, palette: needsBackground ? nil : try request.flatColors()?.palette, notes: notes)
  }
}
