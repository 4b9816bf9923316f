// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// Whether some pixel is not fully opaque. Always false without an alpha channel.
  public var hasTransparency: Bool {
    guard channels == 4 else { return false }
    return pixels.withUnsafeBufferPointer { source in
      stride(from: 3, to: source.count, by: 4).contains { source[$0] != 255 }
    }
  }

  /// The alpha channel as a grey image (255 = opaque), or nil for an image without one.
  public var alpha: Image? {
    guard channels == 4 else { return nil }
    return mapPixels(to: 1) { source, target in target[0] = source[3] }
  }

  /// The Rec. 601 luma, `round(0.299 R + 0.587 G + 0.114 B)` in 16-bit fixed point, as one channel.
  ///
  /// A grey image is returned as it is. Alpha is ignored: compose the image first if it has some.
  public var grey: Image {
    guard channels != 1 else { return self }
    return mapPixels(to: 1) { source, target in
      target[0] = Self.luma(red: source[0], green: source[1], blue: source[2])
    }
  }

  /// The image over a plain background: three channels, none of them alpha.
  ///
  /// Each sample is `round((a * c + (255 - a) * b) / 255)`. Without an alpha channel the colours stay as they are;
  /// grey is repeated three times.
  ///
  /// - Parameter background: Red, green and blue, 0...255.
  public func composited(over background: (UInt8, UInt8, UInt8) = (255, 255, 255)) -> Image {
    switch channels {
    case 3:
      return self
    case 1:
      return mapPixels(to: 3) { source, target in
        target[0] = source[0]
        target[1] = source[0]
        target[2] = source[0]
      }
    default:
      return mapPixels(to: 3) { source, target in
        target[0] = Self.blend(source[0], over: background.0, alpha: source[3])
        target[1] = Self.blend(source[1], over: background.1, alpha: source[3])
        target[2] = Self.blend(source[2], over: background.2, alpha: source[3])
      }
    }
  }

  /// The weights are 0.299, 0.587 and 0.114 in 1/65536, and add up to it, so that white stays 255.
  static func luma(red: UInt8, green: UInt8, blue: UInt8) -> UInt8 {
    var sum: UInt32 = 32_768
    sum += UInt32(red) * 19_595
    sum += UInt32(green) * 38_470
    sum += UInt32(blue) * 7_471
    return UInt8(sum >> 16)
  }

  /// `round((a * c + (255 - a) * b) / 255)`. As 255 is odd, no half occurs.
  static func blend(_ color: UInt8, over background: UInt8, alpha: UInt8) -> UInt8 {
    let opacity = UInt32(alpha)
    let sum: UInt32 = opacity * UInt32(color) + (255 - opacity) * UInt32(background)
    return UInt8((sum + 127) / 255)
  }

  /// Applies `transform` to each pixel; the result has the same size.
  func mapPixels(
    to newChannels: Int,
    _ transform: (_ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) -> Void
  ) -> Image {
    let total = width * height
    let mapped = [UInt8](unsafeUninitializedCapacity: total * newChannels) { target, count in
      pixels.withUnsafeBufferPointer { source in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        // `transform` assigns, which in Swift asks for initialised memory.
        to.initialize(repeating: 0, count: total * newChannels)
        for index in 0..<total { transform(from + index * channels, to + index * newChannels) }
        count = total * newChannels
      }
    }
    return Image(checkedWidth: width, height: height, channels: newChannels, pixels: mapped)
  }
}
