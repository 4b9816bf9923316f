// SPDX-License-Identifier: Apache-2.0

import Colorize

extension Shot {
  /// A request as a frame's will be, to estimate memory and time by: with the pictures read, and no reference encoded.
  ///
  /// - Throws: `ImageError`, `PaletteError`.
  public func trialRequest(for frame: ShotFrame) throws -> ColorizeRequest {
    let sketch = try Image.load(frame.sketch)
    var request = ColorizeRequest(sketch: sketch, reference: .none, settings: frame.settings)
    if let reference = frame.reference { request.reference = .image(try Image.load(reference)) }
    request.referenceRegion = try frame.referenceRegion.map { Mask(try Image.load($0)) }
    request.furtherReferences = try frame.furtherReferences.map { further in
      PlacedReference(
        try Image.load(further.reference), region: try further.region.map { Mask(try Image.load($0)) },
        mask: try further.mask.map { Mask(try Image.load($0)) })
    }
    let mode = frame.settings.mode
    if let path = frame.palette { request.palette = try Palette.read(path) }
    if let path = frame.hints { request.hints = try Image.load(path) }
    if let path = frame.background { request.background = try Image.load(path) }
    if let path = frame.sketchMask {
      request.sketchMask = Mask(try Image.load(path))
    } else if mode.needsSketchMask, masks != .given {
      request.sketchMask = try sketch.figureMask(masks == .alpha ? .alpha : nil).mask
    }
    if let path = frame.referenceMask {
      request.referenceMask = Mask(try Image.load(path))
    } else if mode.needsBackground, masks != .given, request.background == nil,
      case .image(let image) = request.reference
    {
      request.referenceMask = try image.figureMask(masks == .alpha ? .alpha : nil).mask
    }
    return request
  }

  /// The middle of the seconds that frames of the same settings took before, by the same model; nil if there are none.
  ///
  /// - Throws: ``ShotError/unusableManifest(file:reason:)``.
  public func recordedSeconds(like frame: ShotFrame, model: Digest) throws(ShotError) -> Double? {
    let seconds = try Manifest(path: manifest, creates: false).records
      .filter {
        $0.model == model && $0.settings.steps == frame.settings.steps && $0.settings.size == frame.settings.size
      }
      .map(\.seconds).sorted()
    return seconds.isEmpty ? nil : seconds[seconds.count / 2]
  }
}

extension ShotOutcome {
  /// A frame that should be finished, and is not.
  public init(unfinished frame: ShotFrame) {
    self.init(frame: frame, status: .failed(reason: "it is not finished"), files: [], seconds: 0, notes: [])
  }

  /// What became of a frame that there is nothing to do for.
  public init(settled entry: ShotPlan.Entry, of shot: Shot) throws {
    let files = try shot.writer.paths(entry.frame)
    let status: Status =
      switch entry.state {
      case .new, .changed, .finished: .unchanged
      case .retouched: .retouched
      case .approved: .approved
      case .occupied(let file): .failed(reason: "\(file): it is there, and was not made by this shot")
      case .faulty(let reason): .failed(reason: reason)
      }
    self.init(frame: entry.frame, status: status, files: files, seconds: 0, notes: [])
  }
}
