// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

/// The networks that work on a run's pictures before the one that colours: opened and checked first, run when everything
/// else is found to be in order, and let go again.
struct RunNetworks {
  private let extractor: LineExtractor?
  private let segmenters: Segmenters
  /// What is to be found.
  private let wanted: [Task]
  private let model: Model

  /// A piece of work.
  enum Task: String, Encodable, CaseIterable {
    case lines, sketchMask, referenceMask

    var words: String {
      switch self {
      case .lines: "finding lines"
      case .sketchMask: "finding the sketch's figure"
      case .referenceMask: "finding the reference's figure"
      }
    }
  }

  /// What one did, for the report.
  struct Record: Encodable {
    let task: Task
    /// The network's name.
    let network: String
    /// Its file, without folders.
    let file: String
    var seconds = 0.0
    /// What it was thought to take before it started, in bytes.
    var estimatedMemoryBytes: Int
  }

  /// What they did, in order.
  private(set) var records: [Record] = []

  /// Opens and checks the files.
  ///
  /// - Parameter pending: masks that are to be found.
  init(_ inputs: InputOptions, pending: RunInputs.PendingMasks, model: Model, backend: any Backend) async throws {
    extractor = try await inputs.extraction.open(on: backend)
    segmenters = try await inputs.segmentation.open(on: backend)
    self.model = model
    var wanted: [Task] = []
    if extractor != nil { wanted.append(.lines) }
    if pending.sketch { wanted.append(.sketchMask) }
    if pending.reference { wanted.append(.referenceMask) }
    self.wanted = wanted
  }

  /// The most that any of them takes, in bytes.
  var estimatedMemoryBytes: Int { records.map(\.estimatedMemoryBytes).max() ?? 0 }

  /// Makes sure that each has room, before any work.
  mutating func checkMemory(_ request: ColorizeRequest) throws {
    let frame = WorkingFrame(request, model.configuration)
    for task in wanted {
      let (demand, backend, network, path): (MemoryDemand, any Backend, String, String)
      switch task {
      case .lines:
        guard let extractor else { continue }
        demand = try extractor.memoryDemand(width: frame.scaled.width, height: frame.scaled.height)
        (backend, network, path) = (extractor.backend, extractor.architecture.name, extractor.path)
      case .sketchMask, .referenceMask:
        guard let segmenter = segmenter(for: task) else { continue }
        let size = task == .sketchMask ? request.sketch.size : Self.reference(of: request)?.size ?? request.sketch.size
        demand = try segmenter.memoryDemand(width: size.width, height: size.height)
        (backend, network, path) = (segmenter.backend, "anime IS-Net", segmenter.path)
      }
      if request.checksMemory { try backend.prepareMemory(for: demand) }
      records.append(
        Record(
          task: task, network: network, file: InputNames.name(path),
          estimatedMemoryBytes: demand.peakBytes + MemoryEstimate.programBytes))
    }
  }

  /// Finds what is to be found.
  mutating func complete(_ request: inout ColorizeRequest, progress: Progress, note: (String) -> Void) async throws {
    let clock = ContinuousClock()
    let tell: @Sendable (Double) -> Void = { progress.share($0) }
    for index in records.indices {
      let start = clock.now
      let task = records[index].task
      progress.begin("\(task.words) with \(records[index].network)")
      switch task {
      case .lines:
        guard let extractor else { continue }
        try await request.extractLines(by: extractor, for: model, progress: tell)
        await extractor.releaseWeights()
      case .sketchMask:
        guard let segmenter = segmenters.drawing else { continue }
        // What the network that colours sees is what this one was made for.
        let lines = try request.preparedSketch(for: model).image
        let found = try await segmenter.mask(of: request.sketch, as: .drawing, lines: lines, progress: tell)
        request.sketchMask = found.mask
        note(found.finding(of: "the sketch's"))
      case .referenceMask:
        guard let segmenter = segmenters.picture, let picture = Self.reference(of: request) else { continue }
        let found = try await segmenter.mask(of: picture, as: .picture, progress: tell)
        request.referenceMask = found.mask
        note(found.finding(of: "the reference's"))
      }
      records[index].seconds = ((clock.now - start) / .seconds(1) * 1000).rounded() / 1000
    }
    await segmenters.picture?.releaseWeights()
    await segmenters.drawing?.releaseWeights()
  }

  private func segmenter(for task: Task) -> FigureSegmenter? {
    task == .sketchMask ? segmenters.drawing : segmenters.picture
  }

  private static func reference(of request: ColorizeRequest) -> Image? {
    if case .image(let image) = request.reference { return image }
    return nil
  }
}
