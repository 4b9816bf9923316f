import Colorize
import DiffusionCore
import Testing

/// The model that is part of the library colours after its reference.
struct EmbeddedModelTests {
  /// The same picture with its colour channels swapped round: other colours, same shapes.
  private func recoloured(_ image: Image) throws -> Image {
    let rgb = image.composited()
    let pixels = stride(from: 0, to: rgb.pixels.count, by: 3).flatMap { i in
      [rgb.pixels[i + 1], rgb.pixels[i + 2], rgb.pixels[i]]
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

  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) }
  }

  /// Figure and background each come out nearer to their own region of the reference than to that of a recoloured one,
  /// and the other way round with the recoloured reference.
  @Test func eachRegionTakesTheReferencesColours() async throws {
    let colorizer = try await Colorizer()
    #expect(InferenceMode.allCases.allSatisfy { colorizer.supports($0) })
    let reference = try Sample.reference().composited()
    let other = try recoloured(reference)
    var request = ColorizeRequest(sketch: try Sample.sketch(), reference: reference)
    request.mode = .full
    request.sketchMask = try Sample.sketchMask()
    request.referenceMask = try Sample.referenceMask()
    request.steps = 10
    let made = try await colorizer.colorize(request).image
    request.reference = .image(other)
    let madeOther = try await colorizer.colorize(request).image
    for inside in [true, false] {
      let mine = try meanColour(made, Sample.sketchMask(), inside: inside)
      let theirs = try meanColour(madeOther, Sample.sketchMask(), inside: inside)
      let wanted = try meanColour(reference, Sample.referenceMask(), inside: inside)
      let wantedOther = try meanColour(other, Sample.referenceMask(), inside: inside)
      let region = inside ? "figure" : "background"
      #expect(distance(mine, wanted) < distance(mine, wantedOther), "\(region): \(mine) for \(wanted)")
      #expect(distance(theirs, wantedOther) < distance(theirs, wanted), "\(region): \(theirs) for \(wantedOther)")
    }
  }
}
