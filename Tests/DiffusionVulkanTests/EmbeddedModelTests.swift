// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import DiffusionVulkan
import Glibc
import TestSupport
import Testing

/// The model that the library carries, end to end on Vulkan, compared with the CPU backend.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct EmbeddedModelTests {
  /// A picture of a size with some structure.
  private func picture(_ side: Int, phase: Int) throws -> Image {
    let pixels = (0..<side * side * 3).map { index -> UInt8 in
      let (x, y, channel) = (index / 3 % side, index / 3 / side, index % 3)
      return UInt8(truncatingIfNeeded: (x * (3 + phase) + y * (5 - channel)) * (1 + channel * phase) % 256)
    }
    return try Image(width: side, height: side, channels: 3, pixels: pixels)
  }

  private func sketch(_ side: Int) throws -> Image {
    let pixels = (0..<side * side * 3).map { index -> UInt8 in
      let (x, y) = (index / 3 % side, index / 3 / side)
      return (x - 30) * (x - 30) + (y - 34) * (y - 34) / 2 % 97 < 60 || x == y ? 20 : 255
    }
    return try Image(width: side, height: side, channels: 3, pixels: pixels)
  }

  /// With seeded parameters: a model that was never trained predicts nothing but zeros, which any backend gets right.
  @Test func unetOfEmbeddedSizeAgreesWithCPU() throws {
    let configuration = try Model.embedded().configuration
    func predict(on backend: any Backend) throws -> [Float] {
      let inputs = SeededParameters(backend: backend)
      let unet = try UNet(
        Parameters(inputs), configuration: configuration.unet, lora: nil, normGroups: configuration.normGroups)
      let sketchEncoder = try SketchEncoder(
        Parameters(inputs), configuration: #require(configuration.sketchEncoder))
      let context = try unet.prepare(
        ReferenceContext(whole: inputs.parameter("context", shape: [1, 9, configuration.unet.contextWidth]) * 4))
      let hints = try sketchEncoder(inputs.parameter("sketch", shape: [1, 64, 64, 3]))
      let control = AttentionControl(
        referenceScales: [Float](repeating: 1, count: configuration.unet.transformerBlockCount))
      let latent = try inputs.parameter("latent", shape: [1, 8, 8, configuration.unet.inChannels]) * 2
      (backend as? VulkanBackend)?.resetStatistics()
      return try unet(latent, timestep: 500, context: context, hints: hints, control: control).floats()
    }
    let backend = try TestDevice.makeBackend()
    let (actual, expected) = (try predict(on: backend), try predict(on: CPUBackend()))
    let size = expected.map(abs).max() ?? 0
    #expect(size > 0)
    let error = (zip(actual, expected).map { abs($0 - $1) }.max() ?? 0) / size
    print("U-Net of the embedded size at 64 x 64: relative difference \(error); \(backend.statistics)")
    #expect(error < 1e-3)
    #expect(backend.validationMessages == [])
  }

  @Test func pictureAgreesWithCPU() async throws {
    var request = try ColorizeRequest(sketch: sketch(64), reference: picture(96, phase: 2))
    request.size = 64
    request.steps = 2
    let backend = try TestDevice.makeBackend()
    let onDevice = try await Colorizer(backend: backend)
    backend.resetStatistics()
    let actual = try await onDevice.colorize(request).image
    print("picture: \(backend.statistics)")
    let expected = try await Colorizer(backend: CPUBackend()).colorize(request).image
    let distances = zip(actual.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
    #expect(actual.pixels.count == expected.pixels.count && !distances.isEmpty)
    // Rounding to bytes turns the smallest difference into one level.
    #expect((distances.max() ?? 255) <= 1)
    #expect(backend.validationMessages == [])
  }

  /// Storing numbers in `f16` must not be seen: 40 dB is an error of 1 % of the range, 8-bit rounding alone is 59 dB.
  @Test(arguments: InferenceMode.allCases) func shortStorageAgreesWithLong(mode: InferenceMode) async throws {
    var request = try ColorizeRequest(sketch: Sample.sketch(), reference: Sample.reference())
    request.sketchMask = try Sample.sketchMask()
    request.referenceMask = try Sample.referenceMask()
    request.mode = mode
    request.size = 64
    request.steps = 3
    func picture(_ storageType: DType) async throws -> Image {
      let backend = try TestDevice.makeBackend(storageType: storageType)
      let image = try await Colorizer(backend: backend).colorize(request).image
      #expect(backend.validationMessages == [])
      return image
    }
    let (short, long) = (try await picture(.f16), try await picture(.f32))
    #expect(short.pixels.count == long.pixels.count && short.pixels != long.pixels)
    let squares = zip(short.pixels, long.pixels).reduce(0.0) {
      $0 + Double((Int($1.0) - Int($1.1)) * (Int($1.0) - Int($1.1)))
    }
    let ratio = 10 * log10(255 * 255 * Double(long.pixels.count) / max(squares, 1e-9))
    print("f16 against f32, \(mode): \(ratio) dB")
    #expect(ratio > 40)
  }
}
