// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Colours line art after a reference.
///
/// ```swift
/// let colorizer = try await Colorizer()
/// let picture = try await colorizer.colorize(sketch: .load("sketch.png"), reference: .load("reference.png"))
/// try picture.write(to: "result.png")
/// ```
///
/// A colorizer runs one request at a time, on a thread of its own; others wait for their turn. Cancelling the task that
/// waits for a request ends the request with a `CancellationError`: within one step if it runs, at once if it waits.
///
/// Memory that a stage of a run has used goes back to the system when the stage is over. What stays between requests is
/// the network, which ``releaseWeights()`` lets go, and with ``MemoryUse/low`` nothing.
///
/// Several colorizers may share a backend, and run at the same time: their calls are safe from any thread. They share its
/// threads and its memory then, and each checks its memory as if it were alone.
public actor Colorizer {
  /// The model.
  public nonisolated let model: Model
  /// Where it computes.
  public nonisolated let backend: any Backend
  /// What was read of the model's files.
  public nonisolated var loadReport: LoadReport { conditioning.parts.report }
  /// How much of the network stays in memory.
  public nonisolated let memory: MemoryUse

  nonisolated let conditioning: Conditioning
  private nonisolated let identity = Identity()
  private nonisolated let queue: WorkQueue

  /// Whether the whole network is in memory.
  nonisolated let isLoaded: Locked<Bool>

  private final class Identity: Sendable {}

  public nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

  /// Loads a model on a backend, on the colorizer's own thread. Cancelling the task that waits for it ends it soon.
  ///
  /// - Parameters:
  ///   - model: the embedded one, or a checkpoint.
  ///   - backend: nil for the processor.
  ///   - memory: how much of the network stays in memory. With ``MemoryUse/low`` the model is only checked here.
  ///   - progress: called on the colorizer's thread, now and then, with the share of the work that is done, 0...1.
  /// - Throws: `WeightError`, ``ColorizeError`` and `ConfigurationError` for a model that cannot be used,
  ///   `BackendError`, `CancellationError`, and what `progress` throws.
  public init(
    model: Model? = nil, backend: (any Backend)? = nil, memory: MemoryUse = .normal,
    progress: @escaping LoadProgress = { _ in }
  ) async throws {
    let model = try model ?? .embedded()
    let backend = try backend ?? CPUBackend()
    let queue = WorkQueue(label: "irodori.colorizer")
    let parts = try await queue.run { checkCancellation in
      // Checking reads every byte; of the parts, most is used where it lies.
      let share = memory == .normal ? 0.7 : 1
      let parts = try NetworkParts(
        model.weights, configuration: model.configuration, backend: backend, storage: model.storage
      ) {
        try checkCancellation()
        try progress($0 * share)
      }
      guard memory == .normal else { return parts }
      try parts.load(ColorizeEvent.Stage.allParts) {
        try checkCancellation()
        try progress(share + $0 * (1 - share))
      }
      return parts
    }
    self.model = model
    self.backend = backend
    self.memory = memory
    self.conditioning = Conditioning(parts: parts, backend: backend, vocabulary: model.vocabulary)
    self.queue = queue
    self.isLoaded = Locked(memory == .normal)
  }

  /// Lets the network's weights go, as soon as the requests before it are done. The next request reads again what it
  /// needs, with the same result; references that were encoded stay valid. For a program that goes idle.
  ///
  /// - Throws: `CancellationError`, while it waits.
  public nonisolated func releaseWeights() async throws {
    try await queue.inTurn { await performRelease() }
  }

  private func performRelease() {
    isLoaded.mutate { $0 = false }
    conditioning.parts.keep(only: [])
    conditioning.parts.releasePages()
    backend.releaseCachedMemory()
  }

  /// How much memory a request will take here, with what is loaded; see ``MemoryEstimate/demand(isLoaded:)`` for what it
  /// takes besides. Nothing is computed or loaded.
  ///
  /// - Throws: ``ColorizeError`` if the request cannot be carried out at all.
  public nonisolated func memoryEstimate(for request: ColorizeRequest) throws -> MemoryEstimate {
    try model.memoryEstimate(for: request, backend: backend, memory: memory)
  }

  /// Whether the model has the weights that a mode needs.
  public nonisolated func supports(_ mode: InferenceMode) -> Bool {
    mode == .vanilla || conditioning.parts.hasSplit
  }

  /// Colours a sketch after a reference, with good defaults.
  ///
  /// - Returns: a picture of the sketch's size.
  /// - Throws: as ``colorize(_:observer:)``.
  public nonisolated func colorize(sketch: Image, reference: Image) async throws -> Image {
    try await colorize(request(sketch: sketch, reference: .image(reference))).image
  }

  /// A request with the settings that suit the model, to be changed and carried out.
  public nonisolated func request(sketch: Image, reference: ColorizeRequest.ReferenceInput) -> ColorizeRequest {
    ColorizeRequest(
      sketch: sketch, reference: reference, sampling: model.configuration.sampling, finish: model.configuration.finish)
  }

  /// Carries out a request, once ``Model/validate(_:)`` has found no fault with it.
  ///
  /// - Parameter observer: called on the colorizer's thread for everything but the result. The run waits for it, and so do the
  ///   requests behind it: it must not wait for another request of this colorizer. It runs in the task that waits for the
  ///   result, so that it may cancel it (`withUnsafeCurrentTask { $0?.cancel() }`).
  /// - Throws: ``ColorizeError``, before any work where the request is at fault; `ScheduleError`, `NoiseError`,
  ///   ``ImageError``, `BackendError`, `CancellationError`. Where the parts of the network are read as they are needed,
  ///   with ``MemoryUse/low``, also `WeightError`.
  public nonisolated func colorize(
    _ request: ColorizeRequest, observer: @Sendable (ColorizeEvent) -> Void = { _ in }
  ) async throws -> ColorizeResult {
    // What cannot be done is told at once, and not when the runs before it are over.
    let run = try ColorizeRun(request: request, colorizer: self, owner: identity)
    return try await queue.inTurn { try await perform(run, observer: observer) }
  }

  private func perform(_ run: ColorizeRun, observer: @Sendable (ColorizeEvent) -> Void) throws -> ColorizeResult {
    try run.perform(observer: observer)
  }

  /// Carries out a request and reports on the way. The last event is the result; ending the iteration early cancels.
  /// The sequence throws what ``colorize(_:observer:)`` throws.
  public nonisolated func events(for request: ColorizeRequest) -> ColorizeEvents {
    ColorizeEvents(
      stream: AsyncThrowingStream { continuation in
        let task = Task {
          do {
            let result = try await self.colorize(request) { continuation.yield($0) }
            continuation.yield(.finished(result))
            continuation.finish()
          } catch {
            continuation.finish(throwing: error)
          }
        }
        continuation.onTermination = { _ in task.cancel() }
      })
  }

  /// Encodes a reference once, for many sketches.
  ///
  /// - Parameters:
  ///   - image: the reference.
  ///   - mask: where its figure is, of any size and of its aspect; needed for the modes `background` and `full`, unless
  ///     `background` is given.
  ///   - background: a picture whose colours the background takes instead. Not beside a mask.
  ///   - threshold: mask values from it on are figure, 0...1.
  /// - Throws: ``ColorizeError`` (``ColorizeError/unsupportedMode(mode:model:)`` for a mask or a background that the model
  ///   has no weights to use), ``ImageError``, `BackendError`, `CancellationError`; with ``MemoryUse/low`` also
  ///   `WeightError`.
  public nonisolated func encode(
    _ image: Image, mask: Mask? = nil, background: Image? = nil, threshold: Float = 0.5
  ) async throws -> Reference {
    // Either is for these modes only, and would be lost.
    if mask != nil || background != nil { try model.require(.full) }
    try ColorizeSettings.check(threshold, .referenceThreshold, in: 0...1)
    try ColorizeRequest.checkBackground(of: image, mask: mask, picture: background)
    return try await inTurn {
      try self.encoded(image, mask: mask, background: background, threshold: threshold)
    }
  }

  /// Does something with the network in turn with the requests, on the colorizer's thread, and lets go what it has taken.
  nonisolated func inTurn<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
    try await queue.inTurn { try await perform(work) }
  }

  private func perform<R: Sendable>(_ work: @Sendable () throws -> R) throws -> R {
    try Task.checkCancellation()
    defer {
      backend.releaseCachedMemory()
      if memory == .low { conditioning.parts.keep(only: []) }
      conditioning.parts.releasePages()
    }
    return try work()
  }

  private nonisolated func encoded(
    _ image: Image, mask: Mask?, background: Image?, threshold: Float
  ) throws -> Reference {
    let encoded = try conditioning.encode(
      image, mask: mask, background: background, threshold: threshold, from: HostPixels(backend: backend))
    return Reference(
      tokens: encoded.tokens, classToken: encoded.classToken, background: encoded.background, threshold: threshold,
      picture: image, mask: mask, backgroundPicture: background, owner: identity)
  }
}
