// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Glibc

/// Finished frames as they are looked at: one beside the other, or one after the other.
public struct FilmStrip: Sendable {
  /// One picture.
  public struct Picture: Sendable {
    /// The frame's number, or its place where frames have none.
    public let number: Int
    /// What stands beside it, where that is a number.
    public let label: String
    /// Its file.
    public let path: String
  }

  public let pictures: [Picture]

  /// The frames of a shot whose pictures are there.
  public init(_ frames: [ShotFrame]) {
    let present = frames.filter { access(FileName.cString($0.output), R_OK) == 0 }
    let areNumbered = present.allSatisfy { $0.number != nil }
    pictures = present.enumerated().map { place, frame in
      Picture(number: areNumbered ? frame.number ?? place : place, label: frame.label, path: frame.output)
    }
  }

  private static let background: (UInt8, UInt8, UInt8) = (255, 255, 255)

  /// A contact sheet: all pictures in rows, each under its number.
  ///
  /// - Parameter height: of a picture, in pixels, 16...2048; made less where the sheet would be too large.
  /// - Throws: `ImageError`, `CancellationError`.
  public func contactSheet(height: Int = 160) throws -> Image {
    guard let first = pictures.first else {
      throw ImageError.invalidShape(reason: "A contact sheet needs at least one finished frame")
    }
    let size = try Image.load(first.path).size
    let aspect = Double(size.width) / Double(size.height)
    // About as wide as a screen is.
    let columns = max(1, min(pictures.count, Int((Double(pictures.count) * 1.6 / aspect).squareRoot().rounded(.up))))
    let rows = (pictures.count + columns - 1) / columns
    let most = min(
      Double(Image.maximumSide / rows - 16), Double(Image.maximumSide / columns - 8) / aspect,
      (Double(Image.maximumPixelCount / 2) / Double(pictures.count) / aspect).squareRoot())
    let tall = max(8, min(Double(min(max(height, 16), 2048)), most))
    let (cellWidth, cellHeight) = (max(8, Int(tall * aspect)), Int(tall))
    let (stepX, stepY) = (cellWidth + 8, cellHeight + 16)
    let (width, total) = (columns * stepX, rows * stepY)
    var pixels = [UInt8](repeating: 255, count: width * total * 3)
    for (place, picture) in pictures.enumerated() {
      try Task.checkCancellation()
      let (left, top) = (place % columns * stepX + 4, place / columns * stepY + 14)
      let image = try Self.fitted(Image.load(picture.path), width: cellWidth, height: cellHeight)
      let offset = left + (cellWidth - image.width) / 2
      for y in 0..<image.height {
        let target = ((top + y) * width + offset) * 3
        pixels.replaceSubrange(
          target..<target + image.width * 3, with: image.pixels[y * image.width * 3..<(y + 1) * image.width * 3])
      }
      for (x, y) in Digits.pixels(of: picture.label) where x < cellWidth {
        let target = ((top - 10 + y) * width + left + x) * 3
        for channel in 0..<3 { pixels[target + channel] = 40 }
      }
    }
    return try Image(width: width, height: total, channels: 3, pixels: pixels)
  }

  /// Writes an animation: an APNG, in which a picture stands until the next one's number.
  ///
  /// - Parameters:
  ///   - path: where to; replaced in one step.
  ///   - rate: frames in a second, 1...240.
  ///   - size: the longer side of its pictures, at most.
  ///   - texts: keys and values for the file.
  ///   - existing: what happens to a file that is there.
  /// - Throws: `ImageError`, `CancellationError`.
  public func writeAnimation(
    to path: String, rate: Double = 24, size: Int = 640, texts: [(key: String, value: String)] = [],
    existing: ExistingFilePolicy = .replace
  ) throws {
    guard let first = pictures.first else {
      throw ImageError.invalidShape(reason: "An animation needs at least one finished frame")
    }
    guard (1...240).contains(rate) else {
      throw ImageError.invalidValue(reason: "An animation has 1 to 240 frames in a second, not \(rate)")
    }
    let own = try Image.load(first.path).size
    let factor = min(1, Double(max(16, size)) / Double(max(own.width, own.height)))
    let width = max(1, Int((Double(own.width) * factor).rounded()))
    let height = max(1, Int((Double(own.height) * factor).rounded()))
    var failure: (any Error)?
    do throws(UnwritableFile) {
      try AtomicFile.write(to: path, existing: existing) { descriptor in
        do {
          var animation = try AnimatedPNG(
            width: width, height: height, pictureCount: pictures.count, rate: rate, texts: texts, descriptor: descriptor
          )
          for (place, picture) in pictures.enumerated() {
            try Task.checkCancellation()
            let image = try Self.fitted(Image.load(picture.path), width: width, height: height)
            let next = place + 1 < pictures.count ? pictures[place + 1].number : picture.number + 1
            try animation.append(
              Self.framed(image, width: width, height: height), duration: next.subtractingClamped(picture.number))
          }
          try animation.finish()
          return 0
        } catch let error as WritingFailure {
          return error.code
        } catch {
          failure = error
          return EIO
        }
      }
    } catch {
      throw failure ?? ImageError(error)
    }
  }

  /// A picture as large as it can be within a box; RGB.
  private static func fitted(_ image: Image, width: Int, height: Int) throws -> Image {
    let factor = min(Double(width) / Double(image.width), Double(height) / Double(image.height))
    let size = (
      width: min(width, max(1, Int((Double(image.width) * factor).rounded()))),
      height: min(height, max(1, Int((Double(image.height) * factor).rounded())))
    )
    let scaled = try image.resized(width: size.width, height: size.height)
    return scaled.composited(over: background)
  }

  /// A picture in the middle of a box.
  private static func framed(_ image: Image, width: Int, height: Int) throws -> Image {
    guard image.width != width || image.height != height else { return image }
    var pixels = [UInt8](repeating: 255, count: width * height * 3)
    let (left, top) = ((width - image.width) / 2, (height - image.height) / 2)
    for y in 0..<image.height {
      let target = ((top + y) * width + left) * 3
      pixels.replaceSubrange(
        target..<target + image.width * 3, with: image.pixels[y * image.width * 3..<(y + 1) * image.width * 3])
    }
    return try Image(width: width, height: height, channels: 3, pixels: pixels)
  }
}

extension Int {
  /// The difference, at least 1 and at most 10 000: numbers of files may be anything.
  fileprivate func subtractingClamped(_ other: Int) -> Int {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? 10_000 : Swift.min(Swift.max(difference, 1), 10_000)
  }
}
