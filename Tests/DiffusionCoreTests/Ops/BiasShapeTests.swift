// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

/// A bias of another shape ends the program before a kernel reads past its end.
@Suite struct BiasShapeTests {
  @Test func aBiasOfAnotherShapeIsRefused() async {
    // What is right ends well, so that it is the bias that does not.
    await #expect(processExitsWith: .success) {
      let x = try Tensor([1, 2], shape: [1, 2], on: CPUBackend(threads: 1))
      let weight = try Tensor([Float](repeating: 1, count: 8), shape: [4, 2], on: x.backend)
      let bias = try Tensor([1, 2, 3, 4], shape: [4], on: x.backend)
      _ = try x.linear(weight: weight, bias: bias).floats()
      _ = try x.gatedLinear(weight: weight, bias: bias).floats()
      let (image, kernel) = (try x.reshaped([1, 1, 1, 2]), try weight.reshaped([4, 1, 1, 2]))
      _ = try image.convolution(weight: kernel, bias: bias, geometry: ConvolutionGeometry()).floats()
    }
    await #expect(processExitsWith: .failure) {
      let x = try Tensor([1, 2], shape: [1, 2], on: CPUBackend(threads: 1))
      let weight = try Tensor([Float](repeating: 1, count: 8), shape: [4, 2], on: x.backend)
      _ = try x.linear(weight: weight, bias: Tensor([1, 2, 3], shape: [3], on: x.backend)).floats()
    }
    await #expect(processExitsWith: .failure) {
      let x = try Tensor([1, 2], shape: [1, 2], on: CPUBackend(threads: 1))
      let weight = try Tensor([Float](repeating: 1, count: 8), shape: [4, 2], on: x.backend)
      _ = try x.gatedLinear(weight: weight, bias: Tensor([1, 2], shape: [2], on: x.backend)).floats()
    }
    await #expect(processExitsWith: .failure) {
      let x = try Tensor([1, 2], shape: [1, 1, 1, 2], on: CPUBackend(threads: 1))
      let weight = try Tensor([Float](repeating: 1, count: 8), shape: [4, 1, 1, 2], on: x.backend)
      let bias = try Tensor([1, 2, 3], shape: [3], on: x.backend)
      _ = try x.convolution(weight: weight, bias: bias, geometry: ConvolutionGeometry()).floats()
    }
  }
}
