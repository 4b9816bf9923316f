// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Synchronization
import Testing

/// What a job is said to need, and what is said where that is too much.
struct MemoryEstimateTests {
  /// Computes nothing, and says how much memory it has.
  private final class LimitedBackend: ForwardingBackend, CallReceiver {
    let name = "limited"
    let memoryLimits: MemoryLimits
    let base: any Backend = ShapeOnlyBackend()

    init(_ bytes: Int) { memoryLimits = MemoryLimits(availableBytes: bytes) }

    func receive(_ call: BackendCall) throws {}
    // The other backend's would compare with the other's limits.
    func prepareMemory(for demand: MemoryDemand) throws {
      if let shortage = memoryLimits.shortage(for: demand, backend: name) {
        throw BackendError.insufficientMemory(shortage)
      }
    }
  }

  private static let published = Model(name: "published", weights: WeightSource(), configuration: .v1_5)

  private func request(_ size: Int, _ mode: InferenceMode = .vanilla) throws -> ColorizeRequest {
    let picture = try Image(width: 64, height: 64, color: [1, 2, 3])
    var request = ColorizeRequest(sketch: picture, reference: picture)
    request.mode = mode
    request.size = size
    request.sketchMask = Mask(picture)
    request.referenceMask = Mask(picture)
    return request
  }

  private func peak(
    _ stage: ColorizeEvent.Stage, _ size: Int, _ memory: MemoryUse = .normal,
    _ change: (inout ColorizeRequest) -> Void = { _ in }
  ) throws -> Int {
    var request = try request(size)
    change(&request)
    let estimate = try Self.published.memoryEstimate(for: request, backend: CPUBackend(threads: 2), memory: memory)
    return try #require(estimate.stageBytes[stage])
  }

  @Test func whatTakesMoreIsSaidToTakeMore() throws {
    let base = try peak(.sampling, 512)
    #expect(try peak(.sampling, 1024) > base)
    #expect(try peak(.sampling, 256) < base)
    #expect(try peak(.sampling, 512, .low) < base)
    #expect(try peak(.sampling, 512) { $0.count = 4 } > base)
    #expect(try peak(.sampling, 512) { $0.batching = .whole } == base)
    #expect(try peak(.sampling, 512) { $0.batching = .rows(1) } < base)
    #expect(try peak(.sampling, 1024) == peak(.sampling, 1024) { $0.batching = .rows(1) })
    #expect(try peak(.sampling, 1024) { $0.batching = .whole } > peak(.sampling, 1024))
    let tiled = try peak(.decoding, 1024)
    #expect(try peak(.decoding, 1024) { $0.vaeTiling = .off } > tiled)
  }

  @Test(arguments: MemoryUse.allCases) func everyStageThatRunsIsMeteredAndTimed(memory: MemoryUse) async throws {
    let colorizer = try await Colorizer(model: TinyModel().model(), backend: CPUBackend(threads: 1), memory: memory)
    for fill in FillStyle.allCases {
      var request = try request(64, .full)
      (request.steps, request.fill, request.lines) = (1, fill, .network)
      let stages = Mutex<[ColorizeEvent.Stage]>([])
      let result = try await colorizer.colorize(request) { event in
        if case .stage(let stage) = event { stages.withLock { $0.append(stage) } }
      }
      let told = stages.withLock { $0 }
      #expect(told.contains(.finishing) == (fill == .flats))
      let estimate = try colorizer.memoryEstimate(for: request)
      #expect(Set(estimate.stageBytes.keys) == Set(told))
      #expect(Set(result.summary.seconds.keys) == Set(told.map(\.rawValue)))
    }
  }

  @Test func saysWhatWouldFitBeforeAnythingIsComputed() throws {
    func advice(_ bytes: Int, _ change: (inout ColorizeRequest) -> Void = { _ in }) throws -> MemoryAdvice? {
      var request = try request(768)
      change(&request)
      do {
        try Self.published.checkMemory(for: request, backend: LimitedBackend(bytes))
        return nil
      } catch ColorizeError.insufficientMemory(let shortage, let advice) {
        #expect(shortage.neededBytes > bytes && shortage.fittingBytes == bytes)
        #expect(advice.neededBytes.map { $0 <= bytes } != false)
        return advice
      }
    }
    #expect(try advice(.max) == nil)
    let normal = try Self.published.memoryEstimate(for: request(768), backend: LimitedBackend(0)).peakBytes
    let low = try Self.published.memoryEstimate(for: request(768), backend: LimitedBackend(0), memory: .low).peakBytes
    #expect(try advice(normal) == nil)
    #expect(try advice(normal - 1) == MemoryAdvice(memory: .low, neededBytes: low))
    let smaller = try #require(try advice(low - 1))
    #expect(smaller.vaeTile == 256 && smaller.memory == .low && smaller.count == nil)
    let single = try #require(try advice(low - 1) { $0.count = 4 })
    #expect(single.count == 1)
    #expect(try advice(1 << 20) == MemoryAdvice())
    #expect(MemoryAdvice().description == "no size fits; free some memory")
    #expect(
      MemoryAdvice(memory: .low, vaeTile: 256, size: 512, neededBytes: 5 << 20).description
        == "with memory use .low, tiles of 256 and size 512 it needs 5 MiB")
  }

  @Test func aColorizerChecksUnlessTold() async throws {
    let model = try TinyModel().model()
    let colorizer = try await Colorizer(model: model, backend: LimitedBackend(1000))
    var request = try request(64, .vanilla)
    request.steps = 1
    let error = await #expect(throws: ColorizeError.self) { try await colorizer.colorize(request) }
    guard case .insufficientMemory(let shortage, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(shortage.fittingBytes == 1000)
    // What is not loaded any more has to be loaded again.
    try await colorizer.releaseWeights()
    let again = request
    let released = await #expect(throws: ColorizeError.self) { try await colorizer.colorize(again) }
    guard case .insufficientMemory(let larger, _) = released else {
      Issue.record("\(String(describing: released))")
      return
    }
    #expect(larger.neededBytes > shortage.neededBytes)
    request.checksMemory = false
    #expect(try await colorizer.colorize(request).image.width == 64)
  }
}
