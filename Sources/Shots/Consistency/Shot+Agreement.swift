// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation

extension Shot {
  /// What became of a shot's colours.
  public struct Agreement: Sendable {
    /// The frames that were written again, with the number of regions that have another colour than the frame had alone.
    public internal(set) var rewritten: [(frame: ShotFrame, regions: Int)] = []
    /// The frames whose colours were agreed on.
    public internal(set) var frameCount = 0
    /// Finished frames that could not take part: they have no flats, were changed by hand, or their votes are lost.
    public internal(set) var others: [ShotFrame] = []
  }

  /// Gives what is the same in all finished frames the same colours: the regions of each drawing are matched with those of
  /// the drawings before and after, and each takes the colour that its own painting and those of its matches speak for.
  /// Approved pictures stand fast, and their colours spread.
  ///
  /// Nothing is painted by the network, which has been done; frames whose colours change are written again. The result
  /// depends on the frames alone, and not on their order or on the machines that coloured them. Of several processes one
  /// does it, the others wait.
  ///
  /// - Parameters:
  ///   - plan: made after the frames were coloured.
  ///   - progress: called with how many of the frames have been looked at.
  /// - Throws: ``ShotError``, `ImageError`, `FlatsError`, `CancellationError`.
  @discardableResult
  public func agree(
    on plan: ShotPlan, progress: (_ completed: Int, _ total: Int) throws -> Void = { _, _ in }
  ) async throws -> Agreement {
    let manifest = try Manifest(path: manifest)
    var claim = manifest.claim(output: Self.agreementClaim)
    while claim == nil {
      try await Task.sleep(for: .milliseconds(500))
      claim = manifest.claim(output: Self.agreementClaim)
    }
    try manifest.refresh()
    defer { withExtendedLifetime(claim) {} }
    return try perform(plan, manifest, progress)
  }

  /// Stands for the whole shot among the frames that are claimed.
  private static let agreementClaim = "\u{0}agreement"

  private func perform(
    _ plan: ShotPlan, _ manifest: Manifest, _ progress: (_ completed: Int, _ total: Int) throws -> Void
  ) throws -> Agreement {
    let approved = try ApprovedFrames(self.approved, frames: plan.entries.map(\.frame))
    var outcome = Agreement()
    // A long cut takes minutes to look at, which is not done twice for nothing.
    if let state = try state(plan, approved, manifest), state == Self.lastState(manifest) {
      outcome.frameCount = plan.entries.count
      return outcome
    }
    var agreement = ShotAgreement()
    var keys = KeyFrames(plan.entries.map { approved.pictures[$0.frame.output] != nil })
    for (place, entry) in plan.entries.enumerated() {
      try Task.checkCancellation()
      try progress(place, plan.entries.count)
      guard entry.state == .finished || entry.state == .approved || entry.state == .retouched else { continue }
      guard let drawn = try DrawnFrame(entry.frame, approved, manifest) else {
        outcome.others.append(entry.frame)
        continue
      }
      let words = try keys.words(on: drawn, at: place) { try DrawnFrame(plan.entries[$0].frame, approved, manifest) }
      try agreement.add(
        .init(frame: entry.frame, votes: drawn.votes, fixed: drawn.fixed), shapes: drawn.shapes, keys: words)
    }
    let examiner = FrameExaminer(shot: self, model: plan.model, manifest: manifest, reader: InputReader(frames))
    for result in try agreement.results() {
      try Task.checkCancellation()
      outcome.frameCount += 1
      let output = result.frame.output
      let isOurs = plan.entries.first { $0.frame.output == output }?.state == .finished
      guard isOurs, let record = manifest.record(output: output), let votes = result.votes else { continue }
      // What was agreed on before is there already.
      let digest = result.changedCount == 0 ? nil : Self.digest(of: result.paints)
      guard record.agreement != digest else { continue }
      // One that was retouched while the others were looked at stays as it is.
      guard try overwrites || writer.paths(result.frame).allSatisfy({ try examiner.isOwn($0) != false }) else {
        outcome.others.append(result.frame)
        continue
      }
      try write(result, votes, record: record, digest: digest, manifest, examiner)
      outcome.rewritten.append((result.frame, result.changedCount))
    }
    if let state = try state(plan, approved, manifest) {
      try ShotFolder.write(Array(state.description.utf8), to: FrameVotes.folder(of: manifest) + "/agreed")
    }
    return outcome
  }

  /// Stands for all that the agreement follows from, and for what it has led to; nil where votes are nowhere.
  private func state(_ plan: ShotPlan, _ approved: ApprovedFrames, _ manifest: Manifest) throws -> Digest? {
    guard access(FileName.cString(FrameVotes.folder(of: manifest)), W_OK) == 0 else { return nil }
    var lines = ["agreement 2"]
    for entry in plan.entries {
      let record = manifest.record(output: entry.frame.output)
      lines.append("\(manifest.relative(entry.frame.output)) \(entry.state) \(record?.key.description ?? "-")")
      lines.append(record?.agreement?.description ?? "-")
      if let path = approved.pictures[entry.frame.output] {
        lines.append("\(try Digest(Image.bytes(ofFile: path)))")
      }
    }
    return Digest(lines.joined(separator: "\n"))
  }

  private static func lastState(_ manifest: Manifest) -> Digest? {
    guard let bytes = try? FileReader.bytes(of: FrameVotes.folder(of: manifest) + "/agreed", limit: 1024) else {
      return nil
    }
    return try? JSONDecoder().decode(Digest.self, from: Data("\"\(String(decoding: bytes, as: UTF8.self))\"".utf8))
  }

  private static func digest(of paints: [Flats.Paint]) -> Digest {
    Digest(paints.map { "\($0.color.red),\($0.color.green),\($0.color.blue)" }.joined(separator: " "))
  }

  /// Writes a frame once more, with other colours.
  private func write(
    _ result: ShotAgreement.Result, _ votes: FrameVotes, record: ManifestRecord, digest: Digest?, _ manifest: Manifest,
    _ examiner: FrameExaminer
  ) throws {
    let frame = result.frame
    let sketch = try FrameSketch(
      InputReader.Content(bytes: Image.bytes(ofFile: frame.sketch), digest: record.key), of: frame)
    guard let (map, drawing) = try votes.regionMap(of: sketch.image) else { return }
    let flats = try Flats(map, paints: result.paints)
    let settings = votes.summary.settings
    let lines = settings.lines == .own ? drawing.lineLayer(polarity: votes.summary.polarity) : nil
    let image = lines.map { flats.image.lined(with: $0) } ?? flats.image
    let picture = ColorizeResult.Picture(image: image, painting: image, flats: flats, drawing: drawing, lines: lines)
    let files = try writer.encode(frame, sketch, ColorizeResult(pictures: [picture], summary: votes.summary))
    var line = record
    line.agreement = digest
    line.files = files.map {
      ManifestRecord.File(path: manifest.relative($0.path), sha256: Digest($0.bytes), bytes: $0.bytes.count)
    }
    line.time = ShotRunner.now
    line.host = ShotRunner.host
    line.process = getpid()
    try ShotFolder.write(files, overwrites: overwrites, isOwn: { try examiner.isOwn($0) }) { try manifest.append(line) }
  }
}
