// SPDX-License-Identifier: Apache-2.0

/// Tells lines from areas.
struct LineThickness {
  private let image: Image
  /// What is as wide and as high is no line: 1.2 % of the picture's longer side, 4 ... 32 pixels.
  private let thickness: Int

  init(_ image: Image) {
    self.image = image
    let side = max(image.width, image.height)
    // A picture that is smaller than a line is thick has none.
    thickness = min(max((side * 12 + 500) / 1000, 4), 32, max(min(image.width, image.height) / 2, 1))
  }

  /// Whether the pixels of these bins hold hardly any square that is thicker than a line.
  func isLine(_ bins: [Int]) -> Bool {
    var isMember = [Bool](
      repeating: false,
      count: FlatPixels.binsPerChannel * FlatPixels.binsPerChannel * FlatPixels.binsPerChannel)
    for bin in bins { isMember[bin] = true }
    let (width, channels) = (image.width, image.channels)
    // Rows in which a run of the needed length has ended at each column, counted upwards from this one.
    var rows = [Int32](repeating: 0, count: width)
    var (members, squares) = (0, 0)
    image.pixels.withUnsafeBufferPointer { pixels in
      for y in 0..<image.height {
        var run = 0
        for x in 0..<width {
          let pixel = (y * width + x) * channels
          let (green, blue) = channels == 1 ? (pixel, pixel) : (pixel + 1, pixel + 2)
          let bin = FlatPixels.bin(red: pixels[pixel], green: pixels[green], blue: pixels[blue])
          if isMember[bin], channels != 4 || pixels[pixel + 3] >= 128 {
            run += 1
            members += 1
          } else {
            run = 0
          }
          rows[x] = run >= thickness ? rows[x] + 1 : 0
          if rows[x] >= thickness { squares += 1 }
        }
      }
    }
    // Crossings and blots make some squares in the thinnest drawing.
    return squares * 50 < members
  }
}
