// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import TestSupport
import Testing

/// Every part of the network against the published implementation, in f32.
///
/// The tolerance is 1e-4 in relative L2: both sides compute in f32 with sums in another order, which was measured to
/// differ by 1e-6 to 1e-5; a wrong constant, axis or branch differs by more than 1e-2.
struct PublishedParityTests {
  static let tolerance = 1e-4

  private func expectClose(_ differences: [PublishedComparison.Difference]) {
    #expect(!differences.isEmpty)
    for found in differences { #expect(found.error < Self.tolerance, "\(found.what): \(found.error)") }
  }

  @Test(arguments: GoldenSet.all) func thresholdEmbedderAndRecovery(set: GoldenSet) throws {
    let comparison = try PublishedComparison(set)
    expectClose(try comparison.thresholdEmbedder() + comparison.recovery())
  }

  @Test(arguments: GoldenSet.all) func sketchEncoder(set: GoldenSet) throws {
    expectClose(try PublishedComparison(set).sketchEncoder())
  }

  @Test(arguments: GoldenSet.all) func autoencoder(set: GoldenSet) throws {
    let comparison = try PublishedComparison(set)
    expectClose(try comparison.vaeEncoder() + comparison.vaeDecoder())
  }

  @Test(arguments: GoldenSet.all) func imageEncoder(set: GoldenSet) throws {
    expectClose(try PublishedComparison(set).imageEncoder())
  }

  @Test(arguments: GoldenSet.all) func unet(set: GoldenSet) throws {
    let comparison = try PublishedComparison(set)
    let golden = try set.file("unet", on: comparison.backend)
    let cases = try set.decode(UNetCase.List.self, from: "unet_cases").cases
    // All that was recorded is checked, and each mode is there.
    #expect(Set(cases.map(\.output)) == Set(golden.file.keys.filter { $0.contains(".out.") }))
    #expect(Set(cases.map { [$0.mask != nil, $0.useForeground, $0.useBackground] }).count >= 4)
    expectClose(try cases.map { try comparison.unet($0, golden) })
  }

  @Test(arguments: GoldenSet.all) func sinusoidalEmbeddings(set: GoldenSet) throws {
    let backend = try CPUBackend(threads: 1)
    let golden = try set.file("modules", on: backend)
    let t = try golden.tensor("timestep_embedding.t").floats()
    for name in try PublishedComparison.names(golden, "timestep_embedding.dim*") {
      let dim = try #require(Int(name))
      let made = try Tensor(sinusoidalEmbedding(t, dim: dim), shape: [t.count, dim], on: backend)
      let error = try made.relativeError(to: golden.tensor("timestep_embedding.dim\(dim)"))
      #expect(error < Self.tolerance, "dim \(dim): \(error)")
    }
  }

  @Test(arguments: GoldenSet.all) func masks(set: GoldenSet) throws {
    let golden = try set.file("modules", on: CPUBackend(threads: 1))
    for size in try PublishedComparison.names(golden, "mask.*.in") {
      let mask = try golden.image("mask.\(size).in")
      let prefix = "mask.\(size).\(size == "pixel" ? "scaled_resize_" : "x")"
      for name in try PublishedComparison.names(golden, prefix + "*") {
        let scale = try #require(Double(name))
        // PyTorch keeps the factor as the scale even where the size does not divide.
        let made = try mask.resizedBicubic(factor: Int(1 / scale))
        let error = try made.relativeError(to: golden.image(prefix + name))
        #expect(error < Self.tolerance, "\(prefix + name): \(error)")
      }
    }
  }
}
