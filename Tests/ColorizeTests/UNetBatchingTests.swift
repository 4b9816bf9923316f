// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import Colorize
import DiffusionCore
import TestSupport
import Testing

/// Rows of a step that run in several passes give what they give in one.
struct UNetBatchingTests {
  @Test func passesCoverTheRowsInOrder() {
    let choices: [UNetBatching] = [.automatic, .whole, .rows(1), .rows(2), .rows(3), .rows(100)]
    for (batching, positions) in choices.flatMap({ choice in [64, 4096, 5000, 1 << 20].map { (choice, $0) } }) {
      for (branches, pictures) in (1...3).flatMap({ branches in [1, 2, 5, 64].map { (branches, $0) } }) {
        let passes = batching.passes(branches: branches, pictures: pictures, positions: positions)
        let rows = passes.flatMap { pass in
          pass.branches.flatMap { branch in pass.pictures.map { [branch, $0] } }
        }
        #expect(rows == (0..<branches).flatMap { branch in (0..<pictures).map { [branch, $0] } })
        let largest = passes.map { $0.branches.count * $0.pictures.count }.max() ?? 0
        switch batching {
        case .whole: #expect(passes.count == 1)
        case .rows(let limit): #expect(largest <= limit)
        case .automatic: #expect(largest == 1 || largest * positions <= UNetBatching.automaticPositions)
        }
      }
    }
    // Two branches of 512 x 512 run together, those of anything larger apart.
    #expect(UNetBatching.automatic.passes(branches: 2, pictures: 1, positions: 64 * 64).count == 1)
    #expect(UNetBatching.automatic.passes(branches: 2, pictures: 1, positions: 64 * 72).count == 2)
    let even = UNetBatching.rows(4).passes(branches: 2, pictures: 6, positions: 1)
    #expect(even.map(\.branches) == [0..<1, 0..<1, 1..<2, 1..<2])
    #expect(even.map(\.pictures) == [0..<3, 3..<6, 0..<3, 3..<6])
  }

  private func prediction(
    _ batching: UNetBatching, _ mode: InferenceMode?, _ guidance: Guidance, on backend: any Backend, pictures: Int = 3
  ) throws -> [Float] {
    let setup = try TinyNetworkTests.Setup(on: backend)
    let sketch = try setup.image("sketch")
    let denoiser = try GuidedDenoiser(
      unet: setup.network.unet, schedule: NoiseSchedule(TinyNetwork.configuration.schedule), predictionType: .v,
      context: mode.map { try setup.context($0, batch: pictures) }, hints: setup.hints(sketch),
      emptyHints: setup.hints(Tensor(repeating: -1, shape: sketch.shape, on: backend)), guidance: guidance,
      control: setup.control, batch: pictures, batching: batching)
    // No two pictures are the same.
    let x = try Tensor.concatenate((1...pictures).map { try setup.image("x") * (1 / Float($0)) }, axis: 0)
    // The second has no reference.
    return try [613.25, 100].flatMap { try denoiser.prediction(x, timestep: $0).floats() }
  }

  private static let guidances = [
    Guidance(reference: 1), Guidance(reference: 3), Guidance(reference: 3, sketch: 1.5),
    Guidance(reference: 1, sketch: 2), Guidance(reference: 3, sketch: 1.5, interval: 0...0.5),
  ]

  /// On the processor a row's sums are taken in the same order whatever stands beside it: equal bit for bit.
  @Test(arguments: [InferenceMode.vanilla, .full, nil], guidances)
  func areTheSameBitForBit(mode: InferenceMode?, guidance: Guidance) throws {
    for instructionSet in ["portable", nil] {
      let backend = try CPUBackend(threads: 2, instructionSet: instructionSet)
      let whole = try prediction(.whole, mode, guidance, on: backend)
      #expect(Set(whole).count > whole.count / 2)
      for rows in 1...2 { #expect(try prediction(.rows(rows), mode, guidance, on: backend) == whole) }
    }
  }

  /// General matrix products may be cut where another row begins, and sum in another order there.
  ///
  /// How far that takes them apart is OpenBLAS's choice of a kernel: 0.7e-6 of the largest value with those for AVX2,
  /// 1.2e-6 with those for AVX-512. Other orders of the same sums, by this package's own kernels, lie 1.4e-6 to 2.0e-6 from
  /// either, so 3e-6 is rounding.
  @Test func areTheSameOnPrimitivesAlone() throws {
    let guidance = Guidance(reference: 3, sketch: 1.5)
    let backend = PrimitivesOnly(try CPUBackend())
    let whole = try prediction(.whole, .full, guidance, on: backend)
    let apart = try prediction(.rows(1), .full, guidance, on: backend)
    let size = whole.map(abs).max() ?? 0
    #expect(zip(whole, apart).allSatisfy { abs($0 - $1) <= 3e-6 * size })
  }

  @Test func canBeCancelledBetweenPasses() async {
    let result = await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      // One pass of its own does not look.
      _ = try prediction(.whole, .full, Guidance(reference: 3), on: CPUBackend())
      return try prediction(.rows(1), .full, Guidance(reference: 3), on: CPUBackend())
    }.result
    #expect(throws: CancellationError.self) { try result.get() }
  }
}
