// SPDX-License-Identifier: Apache-2.0

import Colorize
import LayeredPictures
import Testing

struct CompositorTests {
  /// The library sums up in single precision, the oracle in double: where the exact value lies at a half, one of them
  /// may round up and the other down. Hence one level, and in few places.
  @Test(arguments: try TestPicture.all())
  func mergedPictureIsWhatTheFormulaSays(_ test: TestPicture) throws {
    let merged = try test.picture().merged()
    let expected = Oracle.merged(test)
    #expect(merged.size == ImageSize(width: test.width, height: test.height))
    #expect((merged.channels == 4) == stride(from: 3, to: expected.count, by: 4).contains { expected[$0] != 255 })
    var differing = 0
    for pixel in 0..<test.width * test.height {
      for channel in 0..<merged.channels {
        let difference = abs(Int(merged.pixels[pixel * merged.channels + channel]) - Int(expected[4 * pixel + channel]))
        // One level of alpha is a different colour where there is next to none.
        try #require(difference <= 1, "pixel \(pixel), channel \(channel)")
        differing += difference
      }
    }
    #expect(differing * 1000 <= merged.pixels.count)
  }

  @Test func linesOverColoursAreTheLibrarysOwnProduct() throws {
    let painting = try TestPicture.noise(37, 29, channels: 3, seed: 1)
    let lines = try TestPicture.noise(37, 29, channels: 4, seed: 2)
    let picture = try LayeredPicture(lines: lines, painting: painting)
    // Both are rounded once from the same exact value, and no half occurs in opaque products; through alpha the
    // library's older way rounds twice.
    let opaque = try LayeredPicture(lines: lines.composited(), painting: painting)
    #expect(try opaque.merged() == painting.multiplied(by: lines))
    let pairs = zip(try picture.merged().pixels, try painting.multiplied(by: lines).pixels)
    #expect(pairs.allSatisfy { abs(Int($0) - Int($1)) <= 1 })
  }

  @Test func aCancelledTaskStops() async throws {
    let picture = try TestPicture.all()[0].picture()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try picture.merged()
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func progressGrowsToOne() throws {
    let picture = try TestPicture.groups().picture()
    for format in LayeredFormat.allCases {
      var seen: [Double] = []
      _ = try picture.data(as: format) { seen.append($0) }
      #expect(seen == seen.sorted())
      #expect(seen.last == 1)
      #expect((seen.first ?? 1) < 0.5)
    }
  }
}
