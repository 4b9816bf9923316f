// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import TestSupport
import Testing

/// A cancelled task ends within a block of whichever network is running, not at the end of its pass.
struct CancellationTests {
  /// Counts calls, and cancels the task that makes them.
  private final class CancellingBackend: ForwardingBackend, CallReceiver {
    let base: any Backend
    private let calls = Locked((made: 0, limit: Int.max))

    init(_ base: any Backend) { self.base = base }

    var made: Int { calls.value.made }

    /// Cancels the task in the call after the next `count`.
    func cancel(after count: Int) { calls.mutate { $0 = (0, count) } }

    func receive(_ call: BackendCall) throws {
      calls.mutate { calls in
        calls.made += 1
        if calls.made > calls.limit { withUnsafeCurrentTask { $0?.cancel() } }
      }
      try call.perform(on: base)
    }
  }

  /// Cancels a pass at its start and in its middle; at most `most` calls may follow.
  private func check(
    on backend: CancellingBackend, most: Int, _ pass: @escaping @Sendable () throws -> Void
  ) async throws {
    backend.cancel(after: .max)
    try pass()
    let whole = backend.made
    #expect(whole > 3 * most, "\(whole) calls cannot show that \(most) are few")
    for count in [0, whole / 2] {
      backend.cancel(after: count)
      await #expect(throws: CancellationError.self) { try await Task { try pass() }.value }
      #expect(backend.made <= count + most, "\(backend.made) calls, cancelled in the one after \(count)")
    }
  }

  private let backend: CancellingBackend
  private let parameters: Parameters

  init() throws {
    backend = CancellingBackend(ShapeOnlyBackend())
    parameters = Parameters(SeededParameters(backend: backend))
  }

  private func blank(_ shape: Shape) throws -> Tensor { try Tensor(uninitialized: shape, on: backend) }

  @Test func unet() async throws {
    let sizes = TinyNetwork.configuration
    let unet = try UNet(parameters, configuration: sizes.unet, lora: sizes.lora, normGroups: sizes.normGroups)
    let base = sizes.unet.modelChannels
    let multipliers = sizes.unet.channelMultipliers
    let hints =
      try [blank([1, 16, 16, base])]
      + multipliers.enumerated().map { level, multiplier in
        let side = 16 >> min(level + 1, multipliers.count - 1)
        return try blank([1, side, side, base * multiplier])
      }
    let context = try unet.prepare(ReferenceContext(whole: blank([1, 4, sizes.unet.contextWidth])))
    let x = try blank([1, 16, 16, sizes.unet.inChannels])
    let control = AttentionControl(
      referenceScales: [Float](repeating: 1, count: sizes.unet.transformerBlockCount))
    try await check(on: backend, most: 30) {
      _ = try unet(x, timestep: 1, context: context, hints: hints, control: control)
    }
  }

  @Test func autoencoder() async throws {
    let sizes = VAEConfiguration(channels: 8, channelMultipliers: [1, 1, 2, 2], residualBlocks: 2, latentChannels: 4)
    let decoder = try VAEDecoder(parameters, configuration: sizes, normGroups: 4)
    let encoder = try VAEEncoder(parameters, configuration: sizes, normGroups: 4)
    let (latent, picture) = (try blank([1, 4, 4, 4]), try blank([1, 32, 32, 3]))
    try await check(on: backend, most: 12) { _ = try decoder(latent) }
    try await check(on: backend, most: 12) { _ = try encoder(picture) }
  }

  @Test func imageEncoder() async throws {
    var sizes = TinyNetwork.configuration.imageEncoder
    sizes.layers = 8
    let tower = try OpenCLIPVisionTower(parameters, configuration: sizes)
    let picture = try blank([1, 32, 32, 3])
    try await check(on: backend, most: 12) { _ = try tower(picture) }
  }
}
