// SPDX-License-Identifier: Apache-2.0

extension NetworkContent {
  /// Makes sure that a source holds all that a network needs, and nothing else: every fault in one error, and no memory
  /// taken.
  ///
  /// - Parameter make: makes the network.
  /// - Throws: ``WeightError/mismatch(_:)``.
  public static func check<Network>(
    _ source: WeightSource, unused: [UnusedPart] = [], _ make: (Parameters) throws -> Network
  ) throws -> LoadReport {
    let reader = WeightReader(source)
    reader.ignore(unused)
    _ = try make(Parameters(InferenceParameters(reader, backend: ShapeOnlyBackend())))
    return try reader.finish()
  }

  /// Loads a network whose source was checked.
  ///
  /// - Throws: ``WeightError``, ``BackendError``.
  public static func load<Network>(
    _ source: WeightSource, backend: any Backend, _ make: (Parameters) throws -> Network
  ) throws -> Network {
    let reader = WeightReader(source, checksFinite: false)
    let network = try make(Parameters(InferenceParameters(reader, backend: backend)))
    for file in source.files { file.releasePages() }
    return network
  }

  /// What a network takes of a backend's memory while it works, with its weights: it runs on a backend that counts.
  ///
  /// - Parameters:
  ///   - source: a source that was checked.
  ///   - run: makes the network and runs it on blanks.
  /// - Throws: ``BackendError``.
  public static func demand(
    _ source: WeightSource, on backend: any Backend, _ run: (Parameters, any Backend) throws -> Void
  ) throws -> MemoryDemand {
    let meter = backend.makeMeter()
    try run(Parameters(MeteredParameters(source: source, meter: meter)), meter.backend)
    return MemoryDemand(
      peakBytes: meter.account.peakByteCount, largestBufferBytes: meter.account.largestByteCount)
  }
}

/// The parameters of a file, in the backend's own element type, without what only training needs.
private struct InferenceParameters: ParameterSource {
  private let reader: WeightReader
  private let base: CheckpointParameters
  private let readBytes = Locked(0)
  /// How many bytes of the file may be in memory beside the weights that are made of them.
  static let mostPages = 64 << 20

  init(_ reader: WeightReader, backend: any Backend) {
    self.reader = reader
    // Norms are folded into weights, which is to be done with all digits.
    base = CheckpointParameters(reader, backend: backend, storage: .converted(.f32))
  }

  func parameter(_ key: String, shape: Shape) throws -> Tensor {
    let pages = readBytes.mutate { count in
      count += shape.elementCount * 4
      let isMuch = count > Self.mostPages
      if isMuch { count = 0 }
      return isMuch
    }
    if pages { for file in reader.source.files { file.releasePages() } }
    let statistic = "running_var"
    if key.hasSuffix(statistic) {
      reader.ignore(
        prefix: key.dropLast(statistic.count) + "num_batches_tracked", reason: "counts of steps, used in training only")
    }
    return try base.parameter(key, shape: shape)
  }

  func contains(_ key: String) -> Bool { base.contains(key) }
}

/// Weights that take memory as those of a file do, and have no content.
private struct MeteredParameters: ParameterSource {
  let source: WeightSource
  let meter: MemoryMeter

  func parameter(_ key: String, shape: Shape) throws -> Tensor {
    // Loading gives the pages back that it has read, now and then.
    if meter.account.mappedByteCount > InferenceParameters.mostPages { meter.account.releaseMappedPages() }
    return try meter.mappedTensor(shape, dtype: source[key]?.entry.dtype.dtype ?? .f32).cast(
      to: meter.backend.storageType)
  }

  func contains(_ key: String) -> Bool { true }
}
