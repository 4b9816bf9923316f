// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Synchronization

/// Loads a model and carries out a request, with progress, previews and notes: what `run` and `demo` share.
struct ColorizeJob {
  let model: Model
  let backend: any Backend
  var memory = MemoryUse.normal
  let report: ReportOptions
  let progress: Progress

  /// Reads the weights.
  func makeColorizer() async throws -> Colorizer {
    progress.begin("loading the model")
    let progress = self.progress
    let colorizer = try await Colorizer(model: model, backend: backend, memory: memory) { progress.share($0) }
    if report.verbose {
      Console.shared.message(
        "colorize: model \(model.name) on \(backend.name)\(Self.details(backend)), predicts "
          + "\(model.configuration.prediction.rawValue)")
      Console.shared.message(colorizer.loadReport.description)
    }
    return colorizer
  }

  /// Carries out a request; previews that cannot be written are noted, and stop nothing.
  ///
  /// - Parameters:
  ///   - preview: where previews go; nil for nowhere.
  ///   - overwrites: whether a preview may replace a file that is there by then.
  ///   - write: called with each picture as soon as it is finished. What it throws is thrown when all are made.
  func run(
    _ request: ColorizeRequest, on colorizer: Colorizer, preview: String?, overwrites: Bool = false,
    write: @escaping @Sendable (Int, ColorizeResult.Picture, ColorizeResult.Summary) throws -> Void = { _, _, _ in }
  ) async throws -> ColorizeResult {
    let progress = self.progress
    let failure = Mutex<String?>(nil)
    let writing = Mutex<(any Error)?>(nil)
    let previews = OutputFiles(overwrites: overwrites)
    let result = try await colorizer.colorize(request) { event in
      progress.observe(event)
      // Whoever opened the model has said already how its prediction was found.
      if case .note(let note) = event, note != .guessedPrediction { report.note(note.inOptions) }
      if case .picture(let index, let picture, let summary) = event {
        do {
          try write(index, picture, summary)
        } catch {
          writing.withLock { $0 = $0 ?? error }
        }
      }
      if case .preview(_, let image) = event, let preview {
        do {
          try previews.write(preview) { try image.write(to: $0, existing: $1) }
        } catch {
          failure.withLock { $0 = $0 ?? ToolError(error).message }
        }
      }
    }
    if let error = writing.withLock({ $0 }) { throw error }
    if let reason = failure.withLock({ $0 }) { report.note("previews were lost: \(reason)") }
    if let preview, let place = previews.place(of: preview), place != preview {
      report.note("another file appeared at \(preview), so the preview is in \(place)")
    }
    try Task.checkCancellation()
    return result
  }

  private static func details(_ backend: any Backend) -> String {
    guard let cpu = backend as? CPUBackend else { return "" }
    return " (\(cpu.instructionSet), \(cpu.threadCount) threads)"
  }
}
