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
  /// The numbers of the references whose figures are.
  private let references: [Int]
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
    extractor = try await inputs.shared.extraction.open(on: backend)
    segmenters = try await inputs.shared.segmentation.open(on: backend)
    self.model = model
    var wanted: [Task] = []
    if extractor != nil { wanted.append(.lines) }
    if pending.sketch { wanted.append(.sketchMask) }
    if !pending.references.isEmpty { wanted.append(.referenceMask) }
    references = pending.references
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
        // Of several references, the largest takes the most.
        let pictures =
          task == .sketchMask ? [request.sketch] : references.compactMap { Self.reference($0, of: request) }
        let size = pictures.map(\.size).max { $0.width * $0.height < $1.width * $1.height } ?? request.sketch.size
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
        guard let segmenter = segmenters.picture else { continue }
        for index in references {
          guard let picture = Self.reference(index, of: request) else { continue }
          let found = try await segmenter.mask(of: picture, as: .picture, progress: tell)
          if index == 0 {
            request.referenceMask = found.mask
          } else {
            request.furtherReferences[index - 1].mask = found.mask
          }
          let isOnly = request.furtherReferences.isEmpty
          note(found.finding(of: isOnly ? "the reference's" : "reference \(index + 1)'s"))
        }
      }
      records[index].seconds = ((clock.now - start) / .seconds(1) * 1000).rounded() / 1000
    }
    await segmenters.picture?.releaseWeights()
    await segmenters.drawing?.releaseWeights()
  }

  private func segmenter(for task: Task) -> FigureSegmenter? {
    task == .sketchMask ? segmenters.drawing : segmenters.picture
  }

  private static func reference(_ index: Int, of request: ColorizeRequest) -> Image? {
    if case .image(let image) = request.references[index].reference { return image }
    return nil
  }
}
