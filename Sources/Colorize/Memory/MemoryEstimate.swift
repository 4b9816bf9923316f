// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// How much memory a request will take, found out without computing it: its stages run on a backend that only counts.
///
/// Bytes are those that are resident: buffers, blocks kept for reuse, and the pages of the model's file in use.
public struct MemoryEstimate: Sendable, Hashable {
  /// While the model is loaded.
  public internal(set) var loadingBytes = 0
  /// The most in each stage, with the weights that are loaded meanwhile.
  public internal(set) var stageBytes: [ColorizeEvent.Stage: Int] = [:]
  /// What each stage needs besides what there is when it begins.
  var stageDemands: [ColorizeEvent.Stage: MemoryDemand] = [:]
  /// What is loaded when a run begins.
  public internal(set) var weightBytes = 0
  /// The largest buffer.
  public internal(set) var largestBufferBytes = 0

  /// What the program itself takes: code, libraries, and the buffers of OpenBLAS.
  package static let programBytes = 48 << 20

  /// The most in the whole job, from loading to the last picture.
  public var peakBytes: Int { max(loadingBytes, stageBytes.values.max() ?? 0) }

  /// What the job needs besides what there is.
  ///
  /// - Parameter isLoaded: whether the model is loaded, or will be for this job.
  public func demand(isLoaded: Bool) -> MemoryDemand {
    let peak = isLoaded ? max(0, (stageBytes.values.max() ?? 0) - weightBytes - Self.programBytes) : peakBytes
    return MemoryDemand(peakBytes: peak, largestBufferBytes: largestBufferBytes)
  }

  /// Counts a request's memory.
  ///
  /// - Parameters:
  ///   - memory: how the colorizer keeps its network.
  ///   - meter: that of the backend that will run it.
  /// - Throws: ``ColorizeError`` if the request cannot be carried out at all.
  init(_ request: ColorizeRequest, model: Model, memory: MemoryUse, meter: MemoryMeter) throws {
    let configuration = model.configuration
    let account = meter.account
    let parts = NetworkParts(
      MeteredParameters(model: model, meter: meter), configuration: configuration,
      hasSplit: NetworkParts.hasSplit(model.weights, configuration: configuration),
      textConfiguration: model.textConfiguration)
    if memory == .normal {
      try parts.load(ColorizeEvent.Stage.allParts)
      account.releaseMappedPages()
    }
    loadingBytes = account.peakByteCount + Self.programBytes
    weightBytes = account.liveByteCount
    // A step with a reference takes the most, and of those one in which it is injected, whatever part of the run has one.
    var metered = request
    (metered.guidance.interval, metered.guidance.excluded) = (0...1, nil)
    metered.injection?.start = 0
    let pipeline = Pipeline(
      metered, network: Conditioning(parts: parts, backend: meter.backend, vocabulary: model.vocabulary),
      memory: memory)
    let driver = MeteringDriver(pipeline, account: account)
    try pipeline.run(driver)
    let costs = driver.costs
    stageBytes = costs.mapValues { $0.peakBytes + Self.programBytes }
    stageDemands = costs.mapValues(\.demand)
    largestBufferBytes = account.largestByteCount
  }
}

/// Weights that take memory as those of a checkpoint do, and have no content.
private struct MeteredParameters: ParameterSource {
  let model: Model
  let meter: MemoryMeter

  func parameter(_ key: String, shape: Shape) throws -> Tensor {
    let dtype = model.weights[key]?.entry.dtype.dtype ?? .f32
    // Whoever loads a model gives the pages back that it has read, now and then.
    if meter.account.mappedByteCount > 64 << 20 { meter.account.releaseMappedPages() }
    let stored = try meter.mappedTensor(shape, dtype: dtype)
    guard case .converted(let target) = model.storage else { return stored }
    return try stored.cast(to: target)
  }

  func contains(_ key: String) -> Bool { true }
}
