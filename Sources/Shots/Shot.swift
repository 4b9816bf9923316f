// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

/// A cut: drawings that are coloured with the same settings, after the same references.
///
/// ```swift
/// let colorizer = try await Colorizer()
/// var shot = Shot(manifest: "out/shot.jsonl")
/// let output = try FramePattern("out/####.png")
/// for file in try FrameFiles(["cut/####.png"]).files {
///   shot.frames.append(
///     ShotFrame(
///       number: file.number, label: file.label, sketch: file.path, reference: "sheet.png",
///       settings: ColorizeSettings(
///         sampling: colorizer.model.configuration.sampling, finish: colorizer.model.configuration.finish),
///       output: try output.path(number: file.number, name: file.name)))
/// }
/// for try await outcome in try shot.outcomes(on: colorizer) {
///   print(outcome.frame.label, outcome.status)
/// }
/// ```
///
/// What is finished is in the manifest, so that a shot goes on where it stopped, however it stopped: frames whose content,
/// model and settings are the same are not done again, and what comes out is the same to the byte. Several processes may
/// colour one shot at the same time.
///
/// Frames share the seed, and so the noise, unless their settings say otherwise.
public struct Shot: Sendable {
  /// The frames, in the order in which they are coloured.
  public var frames: [ShotFrame]
  /// Where the manifest is: a `.jsonl` file in the folder of the results as a rule.
  public var manifest: String
  /// Which masks are taken where none is given.
  public var masks = MaskSource.given
  /// Networks that find lines and masks, in place of what does without.
  public var networks = ShotNetworks.none
  /// What is written of each frame.
  public var writer = ShotWriter.picture
  /// Whether the flats of all frames agree on colours when they are done; see ``agree(on:progress:)``.
  public var agreesOnColors = true
  /// Pictures of frames that are as they shall be, by any path: frames that are written there are left alone, and the other
  /// frames' flats take their colours.
  public var approved: [String] = []
  /// Whether files that the shot has not made, or that were changed by hand, are replaced.
  public var overwrites = false

  public init(frames: [ShotFrame] = [], manifest: String) {
    self.frames = frames
    self.manifest = manifest
  }
}

/// What there is to do for each frame of a shot.
public struct ShotPlan: Sendable {
  /// How things stand with a frame.
  public enum State: Sendable, Hashable {
    /// It has never been coloured, or not to its end.
    case new
    /// It was coloured from other content, or with other settings.
    case changed
    /// Its files are there, made from the same content.
    case finished
    /// Its file was changed by hand since it was made, and is left alone.
    case retouched
    /// Its picture is one of ``Shot/approved``, and is left alone.
    case approved
    /// A file is in its place that was not made by the shot, and may not be replaced.
    case occupied(file: String)
    /// It cannot be coloured.
    case faulty(reason: String)

    /// Whether it is to be coloured.
    public var isToDo: Bool { self == .new || self == .changed }
  }

  /// One frame.
  public struct Entry: Sendable {
    public let frame: ShotFrame
    public let state: State
  }

  /// The frames in their order.
  public let entries: [Entry]
  /// The model's digest.
  public let model: Digest
  /// Lines of the manifest that were torn, and do not count.
  public let damagedLineCount: Int

  /// How many frames are to be coloured.
  public var toDoCount: Int { entries.count { $0.state.isToDo } }
}

extension Shot {
  /// Finds out what there is to do. It reads every input and every file that is there, and writes nothing.
  ///
  /// - Throws: ``ShotError/conflict(reason:)`` where two frames would be written to one file or an input would be
  ///   replaced; ``ShotError/unusableManifest(file:reason:)``, `WeightError`, or `CancellationError`.
  public func plan(for model: Model) throws -> ShotPlan {
    try checkPaths()
    let manifest = try Manifest(path: manifest, creates: false)
    let digest = try model.contentDigest()
    let examiner = FrameExaminer(shot: self, model: digest, manifest: manifest, reader: InputReader(frames))
    let entries = try frames.map { frame in
      try Task.checkCancellation()
      return ShotPlan.Entry(frame: frame, state: try examiner.examine(frame).state)
    }
    return ShotPlan(entries: entries, model: digest, damagedLineCount: manifest.damagedLineCount)
  }

  /// Makes sure that no file is written twice, or over an input.
  func checkPaths() throws {
    let inputs = Set(frames.flatMap { $0.inputs.map(\.path) })
    let places = Set(inputs.map(FileName.resolved))
    // Lines are appended to the manifest, which would change a file under all its names; results take one name only.
    if let file = FileIdentity(manifest),
      (inputs.union(approved)).contains(where: { FileIdentity($0) == file })
    {
      throw ShotError.conflict(
        reason: "\(manifest): it is one of the inputs, and lines would be added to it; give the manifest another path")
    }
    let manifestPlace = FileName.resolved(manifest)
    var outputs: [String: String] = [:]
    for frame in frames {
      for path in try writer.paths(frame) {
        let place = FileName.resolved(path)
        if let other = outputs[place] {
          throw ShotError.conflict(
            reason:
              "\(path): frames \(other) and \(frame.label) would both be written there; give the output's name a #### "
              + "or a *")
        }
        guard !places.contains(place) else {
          throw ShotError.conflict(
            reason: "\(path): it is one of the inputs, and would be replaced; give another output")
        }
        guard place != manifestPlace else {
          throw ShotError.conflict(
            reason: "\(path): it is the manifest as well; give the output or the manifest another path")
        }
        outputs[place] = frame.label
      }
    }
  }

  /// Colours the frames that a plan says are to be done, one after the other, in the task that asks for the next outcome.
  ///
  /// Ending the iteration early, or cancelling its task, leaves what is finished, and nothing half-written. Frames that
  /// another process has in hand are left to it, and waited for at the end.
  ///
  /// - Parameters:
  ///   - plan: nil makes one.
  ///   - observer: called with what a running frame reports, on the colorizer's thread.
  /// - Throws: as ``plan(for:)``.
  public func outcomes(
    on colorizer: Colorizer, plan: ShotPlan? = nil,
    observer: @escaping @Sendable (ShotFrame, ColorizeEvent) -> Void = { _, _ in }
  ) throws -> ShotOutcomes {
    let plan = try plan ?? self.plan(for: colorizer.model)
    return ShotOutcomes(
      runner: ShotRunner(
        shot: self, plan: plan, manifest: try Manifest(path: manifest), colorizer: colorizer, observer: observer))
  }
}

/// What becomes of a shot's frames, in the order in which they are done.
///
/// Iterating throws ``ShotError/unwritable(file:reason:)`` and ``ShotError/unusableManifest(file:reason:)`` where nothing
/// more can be written, `BackendError` where the device is lost, and `CancellationError`. What is wrong with one frame is
/// in its outcome.
public struct ShotOutcomes: AsyncSequence, Sendable {
  public typealias Element = ShotOutcome
  let runner: ShotRunner

  public struct AsyncIterator: AsyncIteratorProtocol {
    let runner: ShotRunner

    public mutating func next() async throws -> ShotOutcome? { try await runner.next() }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(runner: runner) }
}
