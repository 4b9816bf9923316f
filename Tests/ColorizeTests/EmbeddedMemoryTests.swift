// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Synchronization
import Testing

/// What a job with the built-in model was said to take, and what it takes.
struct EmbeddedMemoryTests {
  @Test(arguments: [256, 512], MemoryUse.allCases)
  func takesWhatWasExpected(size: Int, memory: MemoryUse) async throws {
    let backend = try CPUBackend(threads: 2)
    let model = try Model.embedded()
    let colorizer = try await Colorizer(model: model, backend: backend, memory: memory)
    let reference = try Sample.reference()
    var request = try colorizer.request(sketch: Sample.sketch(), reference: .image(reference))
    request.sketchMask = try Sample.sketchMask()
    request.referenceMask = try Sample.referenceMask()
    request.mode = .full
    // Regions and flats are no work of the backend.
    (request.fill, request.lines) = (.painting, .network)
    request.size = size
    request.steps = 1
    let account = backend.memoryAccount
    // Each stage begins a new peak.
    let peaks = Mutex<[(stage: ColorizeEvent.Stage, bytes: Int)]>([])
    @Sendable func note() {
      peaks.withLock { if let last = $0.indices.last { $0[last].bytes = account.peakByteCount } }
    }
    _ = try await colorizer.colorize(request) { event in
      guard case .stage(let stage) = event else { return }
      note()
      peaks.withLock { $0.append((stage, 0)) }
      account.resetPeak()
    }
    note()
    let estimate = try model.memoryEstimate(for: request, backend: backend, memory: memory)
    let measured = peaks.withLock { $0 }
    #expect(measured.map(\.stage) == ColorizeEvent.Stage.allCases.filter { $0 != .finishing })
    // Pictures on their way are not in the backend's account, and are in the estimate.
    let pictures = 30 * size * size + 12 * reference.width * reference.height
    for (stage, bytes) in measured {
      let expected = try #require(estimate.stageBytes[stage]) - MemoryEstimate.programBytes
      #expect(Double(expected) > 0.97 * Double(bytes), "\(stage): \(bytes), expected \(expected)")
      #expect(Double(expected - pictures) < 1.03 * Double(bytes), "\(stage): \(bytes), expected \(expected)")
    }
  }
}
