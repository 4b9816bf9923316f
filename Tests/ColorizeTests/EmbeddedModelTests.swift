// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Testing

/// The model that is part of the library colours after its reference.
struct EmbeddedModelTests {
  /// The same picture with its colour channels swapped round: other colours, same shapes.
  private func recoloured(_ image: Image) throws -> Image {
    let rgb = image.composited()
    var pixels = rgb.pixels
    for start in stride(from: 0, to: pixels.count, by: 3) {
      for channel in 0..<3 { pixels[start + channel] = rgb.pixels[start + (channel + 1) % 3] }
    }
    return try Image(width: rgb.width, height: rgb.height, channels: 3, pixels: pixels)
  }

  /// The mean colour where the mask is above a half, or below it.
  private func meanColour(_ image: Image, _ mask: Mask, inside: Bool) throws -> [Double] {
    let fitted = try mask.resized(width: image.width, height: image.height)
    var sum = [0.0, 0, 0]
    var count = 0.0
    for (index, value) in fitted.values.enumerated() where (value > 0.5) == inside {
      for channel in 0..<3 { sum[channel] += Double(image.pixels[3 * index + channel]) }
      count += 1
    }
    return sum.map { $0 / max(count, 1) }
  }

  /// Whether two changes of colour go the same way, apart from lightness, which swapping channels keeps.
  private func agreement(_ a: [Double], _ b: [Double]) -> Double {
    let (greyA, greyB) = (a.reduce(0, +) / 3, b.reduce(0, +) / 3)
    return zip(a, b).reduce(0) { $0 + ($1.0 - greyA) * ($1.1 - greyB) }
  }

  /// When the reference is recoloured, figure and background of the result change as those of the reference do.
  @Test func eachRegionTakesTheReferencesColours() async throws {
    let colorizer = try await Colorizer()
    #expect(InferenceMode.allCases.allSatisfy { colorizer.supports($0) })
    let reference = try Sample.reference().composited()
    let other = try recoloured(reference)
    var request = colorizer.request(sketch: try Sample.sketch(), reference: .image(reference))
    request.mode = .full
    request.sketchMask = try Sample.sketchMask()
    request.referenceMask = try Sample.referenceMask()
    let made = try await colorizer.colorize(request).image
    request.reference = .image(other)
    let madeOther = try await colorizer.colorize(request).image
    for inside in [true, false] {
      let mine = try meanColour(made, Sample.sketchMask(), inside: inside)
      let theirs = try meanColour(madeOther, Sample.sketchMask(), inside: inside)
      let wanted = try meanColour(reference, Sample.referenceMask(), inside: inside)
      let wantedOther = try meanColour(other, Sample.referenceMask(), inside: inside)
      let change = zip(mine, theirs).map { $0 - $1 }
      let wantedChange = zip(wanted, wantedOther).map { $0 - $1 }
      #expect(
        agreement(change, wantedChange) > 0,
        "\(inside ? "figure" : "background"): \(change) where the reference changes by \(wantedChange)")
    }
  }

  /// Products of `bf16` must not be seen: 35 dB is the least; 8-bit rounding alone is 59 dB.
  @Test(arguments: ["emulated-avx512bf16", "emulated-amx"])
  func shortProductsAgreeWithLong(instructionSet: String) async throws {
    var request = try ColorizeRequest(sketch: Sample.sketch(), reference: Sample.reference())
    request.sketchMask = try Sample.sketchMask()
    request.referenceMask = try Sample.referenceMask()
    request.mode = .full
    request.size = 128
    request.steps = 4
    func picture(_ backend: CPUBackend) async throws -> Image {
      try await Colorizer(backend: backend).colorize(request).image
    }
    let short = try await picture(CPUBackend(instructionSet: instructionSet, precision: .bf16))
    let long = try await picture(CPUBackend())
    #expect(short.pixels.count == long.pixels.count && short.pixels != long.pixels)
    let squares = zip(short.pixels, long.pixels).reduce(0.0) {
      $0 + Double((Int($1.0) - Int($1.1)) * (Int($1.0) - Int($1.1)))
    }
    let ratio = 10 * log10(255 * 255 * Double(long.pixels.count) / max(squares, 1e-9))
    print("bf16 (\(instructionSet)) against f32: \(ratio) dB")
    #expect(ratio > 35)
  }

  /// A picture decoded in tiles differs from the same decoded whole by less than can be seen: 35 dB on average, where
  /// the usual way, statistics of each tile's own, has 33 on this picture, and nowhere more near a seam than elsewhere.
  @Test func tilesCannotBeSeen() throws {
    let backend = try CPUBackend()
    let model = try Model.embedded()
    let network = try ColorizationNetwork.load(
      model.weights, configuration: model.configuration, backend: backend, storage: .converted(.f32)
    ).network
    let conditioning = Conditioning(network: network, backend: backend)
    let picture = try Sample.reference().resized(width: 512, height: 512).composited()
    let image = try Tensor(picture.floats(.signed), shape: [1, 512, 512, 3], on: backend)
    let scale = Float(model.configuration.scaleFactor)
    let latent = try network.vaeEncoder(image).mean * scale
    let whole = try conditioning.decode(latent).floats()
    for side in [128, 256, 384] {
      let tiled = try conditioning.decode(latent, tiling: .pixels(side)).floats()
      let squares = zip(whole, tiled).map { pair in
        let difference = min(max(pair.0, -1), 1) - min(max(pair.1, -1), 1)
        return Double(difference * difference)
      }
      let mean = squares.reduce(0, +) / Double(squares.count)
      print("tiles of \(side): \(10 * log10(4 / mean)) dB")
      #expect(10 * log10(4 / mean) > 35)
    }
  }
}
