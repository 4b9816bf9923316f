// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation

/// The files of a shot.
enum ShotFolder {
  /// Writes a file in one step, in a folder that is made if it is not there.
  ///
  /// - Throws: ``ShotError/unwritable(file:reason:)``.
  static func write(_ bytes: [UInt8], to path: String) throws(ShotError) {
    do throws(UnwritableFile) {
      try AtomicFile.write(bytes, to: path)
    } catch {
      throw .unwritable(file: error.file, reason: error.reason)
    }
  }

  /// Writes the files of a frame, but over none that is not the shot's own by now: it may be long ago that anybody looked.
  ///
  /// - Parameters:
  ///   - isOwn: whether a file is the shot's; nil where there is none.
  ///   - record: called before the first file is written, so that no file is unaccounted for; not where one of them must
  ///     not be.
  /// - Throws: ``ShotError/unwritable(file:reason:)``; ``TakenFile`` once all is written, beside what is there.
  static func write(
    _ files: [(path: String, bytes: [UInt8])], overwrites: Bool, isOwn: (String) throws -> Bool?,
    record: () throws -> Void
  ) throws {
    let states = try files.map { overwrites ? true : try isOwn($0.path) }
    let isFree = !states.contains(false)
    if isFree { try record() }
    var taken: [String] = []
    for ((path, bytes), isOwn) in zip(files, states) {
      do throws(UnwritableFile) {
        try AtomicFile.write(bytes, to: path, existing: isFree && isOwn == true ? .replace : .keepBoth)
      } catch {
        guard error.isTaken else { throw ShotError.unwritable(file: error.file, reason: error.reason) }
        taken.append(error.description)
      }
    }
    if !taken.isEmpty { throw TakenFile(description: taken.joined(separator: " ")) }
  }

  /// A file of a frame is not where it was to be: another one appeared there.
  struct TakenFile: Error, CustomStringConvertible {
    let description: String
  }
}

/// Colours a shot's frames one after the other.
actor ShotRunner {
  private let shot: Shot
  private let manifest: Manifest
  private let colorizer: Colorizer
  private let observer: @Sendable (ShotFrame, ColorizeEvent) -> Void
  private let examiner: FrameExaminer
  private let references: ReferenceCache
  private let model: Digest

  private var waiting: ArraySlice<ShotPlan.Entry>
  /// Frames that other processes have in hand.
  private var elsewhere: [ShotFrame] = []
  /// The next frame's drawing, which is read while the network is busy.
  private var readAhead: (path: String, task: Task<InputReader.Content, any Error>)?

  /// Between two looks at frames of other processes.
  private static let patience = Duration.milliseconds(500)

  init(
    shot: Shot, plan: ShotPlan, manifest: Manifest, colorizer: Colorizer,
    observer: @escaping @Sendable (ShotFrame, ColorizeEvent) -> Void
  ) {
    self.shot = shot
    self.manifest = manifest
    self.colorizer = colorizer
    self.observer = observer
    model = plan.model
    examiner = FrameExaminer(shot: shot, model: plan.model, manifest: manifest, reader: InputReader(shot.frames))
    references = ReferenceCache(colorizer: colorizer, masks: shot.masks, segmenter: shot.networks.segmenter)
    waiting = plan.entries[...]
  }

  /// The next outcome; nil when there is none left.
  func next() async throws -> ShotOutcome? {
    while let entry = waiting.popFirst() {
      try Task.checkCancellation()
      switch entry.state {
      case .finished: return outcome(entry.frame, .unchanged, files: try shot.writer.paths(entry.frame))
      case .retouched: return outcome(entry.frame, .retouched, files: [entry.frame.output])
      case .approved: return outcome(entry.frame, .approved, files: [entry.frame.output])
      case .occupied, .faulty: return try await settle(entry.frame, wasToDo: false)
      case .new, .changed:
        if let outcome = try await attempt(entry.frame) { return outcome }
        elsewhere.append(entry.frame)
      }
    }
    while !elsewhere.isEmpty {
      for (index, frame) in elsewhere.enumerated() {
        try Task.checkCancellation()
        guard let outcome = try await attempt(frame) else { continue }
        elsewhere.remove(at: index)
        return outcome
      }
      try await Task.sleep(for: Self.patience)
    }
    return nil
  }

  /// Takes a frame in hand, unless another process has it.
  private func attempt(_ frame: ShotFrame) async throws -> ShotOutcome? {
    guard let claim = manifest.claim(output: frame.output) else { return nil }
    defer { withExtendedLifetime(claim) {} }
    try manifest.refresh()
    return try await settle(frame, wasToDo: true)
  }

  /// Does what is to be done for a frame.
  private func settle(_ frame: ShotFrame, wasToDo: Bool) async throws -> ShotOutcome {
    let start = ContinuousClock.now
    let finding = try examiner.examine(frame)
    let paths = (try? shot.writer.paths(frame)) ?? [frame.output]
    switch finding.state {
    case .finished: return outcome(frame, wasToDo ? .finishedElsewhere : .unchanged, files: paths)
    case .retouched: return outcome(frame, .retouched, files: [frame.output])
    case .approved: return outcome(frame, .approved, files: [frame.output])
    case .occupied(let file):
      return outcome(
        frame,
        .failed(
          reason: "\(file): it is there, and was not made by this shot; it is replaced only where that is asked for"))
    case .faulty(let reason): return try fail(frame, finding, reason, since: start)
    case .new, .changed: break
    }
    do {
      return try await color(frame, since: start)
    } catch let error as CancellationError {
      throw error
    } catch let error as ShotError {
      throw error
    } catch let error as BackendError {
      switch error {
      case .deviceLost, .deviceFailure: throw error
      default: return try fail(frame, finding, "\(error)", since: start)
      }
    } catch {
      return try fail(frame, finding, "\(error)", since: start)
    }
  }

  private func color(_ frame: ShotFrame, since start: ContinuousClock.Instant) async throws -> ShotOutcome {
    let drawing = try await drawing(of: frame)
    readNext(after: frame)
    let sketch = try FrameSketch(drawing, of: frame)
    // What was read now is what the record says, whatever was there when the frame was examined.
    var digests = try examiner.reader.digests(of: frame)
    digests["sketch"] = drawing.digest
    let key = try FrameKey(inputs: digests, settings: frame.settings, shot: shot, model: model)
    var notes = sketch.metadata.notes.filter { $0 != .convertedColors }.map(\.description)
    let request = try await request(for: frame, sketch: sketch.image, digests: digests, notes: &notes)
    let observer = self.observer
    let result = try await colorizer.colorize(request) { observer(frame, $0) }
    notes += (result.summary.notes ?? []).map(\.description)
    let files = try shot.writer.encode(frame, sketch, result)
    try Task.checkCancellation()
    if shot.agreesOnColors, let votes = try FrameVotes(result, key: key.key, request: request) {
      let path = FrameVotes.path(for: frame, manifest: manifest)
      try? FileManager.default.createDirectory(
        atPath: String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), withIntermediateDirectories: false)
      try ShotFolder.write(votes.data(), to: path)
    }
    try store(files, of: frame, key: key, summary: result.summary, since: start)
    return ShotOutcome(
      frame: frame, status: .finished, files: files.map(\.path), seconds: Self.seconds(since: start), notes: notes)
  }

  /// The record first, then the files: no file is unaccounted for.
  private func store(
    _ files: [(path: String, bytes: [UInt8])], of frame: ShotFrame, key: FrameKey, summary: ColorizeResult.Summary,
    since start: ContinuousClock.Instant
  ) throws {
    let entries = files.map {
      ManifestRecord.File(path: manifest.relative($0.path), sha256: Digest($0.bytes), bytes: $0.bytes.count)
    }
    try ShotFolder.write(files, overwrites: shot.overwrites, isOwn: { try examiner.isOwn($0) }) {
      try manifest.append(
        ManifestRecord(
          event: .finished, frame: frame.label, key: key.key, inputs: key.inputs, model: model,
          modelName: summary.model, backend: summary.backend, settings: frame.settings, files: entries, reason: nil,
          seconds: Self.seconds(since: start), time: Self.now, host: Self.host, process: getpid()))
    }
  }

  /// The drawing of a frame, which may have been read already.
  private func drawing(of frame: ShotFrame) async throws -> InputReader.Content {
    let ahead = readAhead
    readAhead = nil
    if let ahead, ahead.path == frame.sketch { return try await ahead.task.value }
    return try examiner.reader.content(of: frame.sketch)
  }

  private func readNext(after frame: ShotFrame) {
    guard let next = waiting.first(where: { $0.state.isToDo })?.frame else { return }
    let reader = examiner.reader
    readAhead = (next.sketch, Task.detached { try reader.content(of: next.sketch) })
  }

  private func request(
    for frame: ShotFrame, sketch: Image, digests: [String: Digest], notes: inout [String]
  ) async throws -> ColorizeRequest {
    var request = ColorizeRequest(sketch: sketch, reference: .none, settings: frame.settings)
    if let path = frame.reference {
      let entry = try await references.entry(for: frame, path: path, digests: digests)
      request.reference = .encoded(entry.reference)
      notes += entry.notes
      if frame.furtherReferences.isEmpty {
        request.palette = entry.palette
      } else {
        // Each area has colours of its own: flats find them frame by frame.
        request.referenceRegion = try frame.referenceRegion.map { Mask(try Image.load($0)) }
      }
      for (index, further) in frame.furtherReferences.enumerated() {
        let entry = try await references.entry(for: further, number: index, of: frame, digests: digests)
        request.furtherReferences.append(
          PlacedReference(
            .encoded(entry.reference), region: try further.region.map { Mask(try Image.load($0)) }))
        notes += entry.notes
      }
    }
    if let path = frame.hints {
      request.hints = try Image.load(path)
      // Strokes are taken as they are, unless a palette is given: the reference's colours do not bind them.
      request.palette = nil
    }
    if let palette = frame.palette { request.palette = try Palette.read(palette) }
    if let extractor = shot.networks.extractor { try await request.extractLines(by: extractor, for: colorizer.model) }
    if let path = frame.sketchMask {
      request.sketchMask = Mask(try Image.load(path))
    } else if frame.settings.mode.needsSketchMask {
      switch shot.masks {
      case .given: break
      case .alpha where sketch.hasAlphaOfLines:
        // Such an alpha is no mask; without one the whole reference colours the whole drawing.
        request.mode = .vanilla
        notes.append(ColorizeNote.alphaOfLines.description)
      case .alpha: request.sketchMask = try Mask(alphaOf: sketch)
      case .found:
        var found: FigureMask
        if let segmenter = shot.networks.sketchSegmenter {
          let lines = try request.preparedSketch(for: colorizer.model).image
          found = try await segmenter.mask(of: sketch, as: .drawing, lines: lines)
        } else {
          found = try sketch.figureMask()
        }
        if !found.isPlausible { notes.append("the drawing's figure was found, and may be wrong; give its mask") }
        request.sketchMask = found.mask
      }
    }
    return request
  }

  /// Says in the manifest that a frame failed, where it is possible to say anything.
  private func fail(
    _ frame: ShotFrame, _ finding: FrameExaminer.Finding, _ reason: String, since start: ContinuousClock.Instant
  ) throws -> ShotOutcome {
    let record = ManifestRecord(
      event: .failed, frame: frame.label, key: finding.key?.key ?? Digest(""), inputs: finding.key?.inputs ?? [:],
      model: model, modelName: colorizer.model.name, backend: colorizer.backend.name, settings: frame.settings,
      files: [],
      reason: reason, seconds: Self.seconds(since: start), time: Self.now, host: Self.host, process: getpid())
    try manifest.append(record)
    return outcome(frame, .failed(reason: reason))
  }

  private func outcome(_ frame: ShotFrame, _ status: ShotOutcome.Status, files: [String] = []) -> ShotOutcome {
    ShotOutcome(frame: frame, status: status, files: files, seconds: 0, notes: [])
  }

  static func seconds(since start: ContinuousClock.Instant) -> Double {
    ((ContinuousClock.now - start) / .seconds(1) * 1000).rounded() / 1000
  }

  static var now: Double { (Date().timeIntervalSince1970 * 1000).rounded() / 1000 }

  static let host = ProcessInfo.processInfo.hostName
}
