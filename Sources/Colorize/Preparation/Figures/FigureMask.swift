// SPDX-License-Identifier: Apache-2.0

/// The figure of a picture: by its transparency, by a small network that the library brings along, by what its lines
/// enclose, or by the colours of its background.
///
/// A mask for the modes that keep figure and background apart. The network tells things of the background from the figure
/// as far as it has learned them (`Docs/Quality.md` has figures); lines and colours are right where the figure stands alone.
public struct FigureMask: Sendable, Hashable {
  /// How the figure was found.
  public enum Method: String, Sendable, Hashable, CaseIterable, Codable {
    /// By the alpha channel.
    case alpha
    /// By the library's own small network, whose result follows the lines or the colours of the picture.
    case builtIn = "built-in"
    /// What cannot be reached from the corners without crossing a line. Gaps in the lines are too narrow to pass.
    case lines
    /// What does not have the colours of the border, or is not connected with it.
    case colors
    /// By a network of the user's, see ``FigureSegmenter``.
    case network
  }

  /// White where the figure is, of the picture's size.
  public let mask: Mask
  /// How it was found.
  public let method: Method
  /// The share of the picture that is figure, 0...1.
  public let coverage: Float

  /// Whether it may be a figure at all: neither next to nothing nor nearly everything.
  public var isPlausible: Bool { (0.02...0.95).contains(coverage) }
}

extension Image {
  /// The figure of a picture.
  ///
  /// - Parameter method: how to look for it; nil takes the alpha channel of a cut-out, and the built-in network for
  ///   anything else.
  /// - Throws: ``ImageError/noTransparency(reason:)`` if the alpha channel is asked for and there is none;
  ///   ``ImageError/invalidValue(reason:)`` for the network's, which ``FigureSegmenter`` finds.
  public func figureMask(_ method: FigureMask.Method? = nil) throws(ImageError) -> FigureMask {
    if method == .network {
      throw .invalidValue(reason: "A network finds figures only from a file of its weights; give one")
    }
    let longer = max(width, height)
    let factor = min(1, 512 / Double(longer))
    let (w, h) = (max(1, Int(Double(width) * factor)), max(1, Int(Double(height) * factor)))
    if method == .alpha || (method == nil && isCutOut) {
      return FigureMask(try Mask(alphaOf: self), by: .alpha)
    }
    let sketch = try prepared(width: w, height: h)
    let isDrawing = sketch.report.kind != .painting
    var (plane, found) = ([Float](), method ?? .builtIn)
    if found == .builtIn {
      let picture = isDrawing ? sketch.image : try composited().resized(width: w, height: h)
      do {
        plane = try FigureFinder().figure(of: picture, isDrawing: isDrawing)
      } catch {
        // It takes a few megabytes; where there are none, the picture itself still says something.
        found = isDrawing ? .lines : .colors
      }
    }
    switch found {
    case .lines: plane = FigurePlane(lines: sketch.image).figure().map { $0 ? 1 : 0 }
    case .colors:
      plane = FigurePlane(colors: try composited().resized(width: w, height: h)).figure().map { $0 ? 1 : 0 }
    case .alpha, .builtIn, .network: break
    }
    let mask = try Mask(width: w, height: h, values: plane)
    return FigureMask(try mask.resized(width: width, height: height), by: found)
  }

  /// Whether the alpha channel is that of a figure and not of lines.
  private var isCutOut: Bool {
    guard hasTransparency, let alpha else { return false }
    let opaque = alpha.pixels.count { $0 >= 128 }
    return opaque * 10 >= alpha.pixels.count
  }
}

extension FigureMask {
  init(_ mask: Mask, by method: Method) {
    self.mask = mask
    self.method = method
    coverage = mask.values.reduce(0, +) / Float(max(mask.values.count, 1))
  }
}
