// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// The transformer of OpenCLIP's towers with the mask of a text.
@Suite struct TextTransformerTests {
  private func tensor(_ key: String, on backend: any Backend) throws -> Tensor {
    let path = try #require(
      Bundle.module.path(forResource: "models", ofType: "safetensors", inDirectory: "Golden/models"))
    let file = try SafetensorsFile(path: path)
    return try Tensor(file.floats(of: key), shape: Shape(file[key]?.shape ?? []), on: backend)
  }

  /// Two blocks against PyTorch in float64: 2e-6 in relative L2, the rounding of f32 in as many sums.
  @Test(arguments: [false, true]) func agreesWithOthers(primitivesOnly: Bool) throws {
    let cpu = try CPUBackend()
    let backend: any Backend = primitivesOnly ? PrimitivesOnly(cpu) : cpu
    let transformer = try OpenCLIPTransformer(
      Parameters(SeededParameters(backend: backend))["transformer"], width: 32, layers: 2, heads: 4)
    let x = try tensor("text.x", on: backend)
    let made = try transformer(x, mask: .causalMask(7, on: backend))
    let error = try made.relativeError(to: tensor("text.out", on: backend))
    #expect(error < 2e-6, "\(error)")
    // Without the mask the result is another.
    #expect(try transformer(x).relativeError(to: tensor("text.out", on: backend)) > 1e-2)
  }

  /// No token sees one that comes later.
  @Test func laterTokensChangeNothing() throws {
    let backend = try CPUBackend()
    let block = try OpenCLIPBlock(Parameters(SeededParameters(backend: backend)), width: 32, heads: 4)
    let x = try tensor("text.x", on: backend)
    let changed = try Tensor.concatenate(
      [x.sliced(axis: 1, 0..<4), x.sliced(axis: 1, 4..<7) * 3], axis: 1)
    let mask = try Tensor.causalMask(7, on: backend)
    let (one, other) = (try block(x, mask: mask), try block(changed, mask: mask))
    #expect(try one.sliced(axis: 1, 0..<4).floats() == other.sliced(axis: 1, 0..<4).floats())
    #expect(try one.sliced(axis: 1, 4..<5).floats() != other.sliced(axis: 1, 4..<5).floats())
  }

  /// A mask that hides nothing is no mask. The fused kernel sums in another order: 1e-6.
  @Test func anOpenMaskIsNone() throws {
    let backend = try CPUBackend()
    let block = try OpenCLIPBlock(Parameters(SeededParameters(backend: backend)), width: 32, heads: 4)
    let x = try tensor("text.x", on: backend)
    let open = try Tensor(repeating: 0, shape: [7, 7], on: backend)
    let error = try block(x, mask: open).relativeError(to: block(x))
    #expect(error < 1e-6, "\(error)")
  }
}
