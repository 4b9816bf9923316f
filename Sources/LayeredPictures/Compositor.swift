// SPDX-License-Identifier: Apache-2.0

import Colorize

extension LayeredPicture {
  /// What the layers show together: RGB where all of it is opaque, else RGBA.
  ///
  /// From the lowest layer to the topmost, each visible layer with the alpha `as` (its own times its opacity) and the
  /// colour `cs` is laid over what is there, `cb` with `ab`, by the formula of W3C Compositing and Blending Level 1, in
  /// which `B` is the ``BlendMode``:
  ///
  ///     co = cs as (1 - ab) + as ab B(cb, cs) + (1 - as) ab cb,   ao = as + ab - as ab
  ///
  /// Colours are taken as they stand, as painting programs do, not as linear light. The sums are kept in single
  /// precision, and rounded once, at the end: `co / ao` and `ao` to the nearest 255th. Programs that round after each
  /// layer may differ from it by one level, or by more under many half-transparent layers. Where nothing is seen, the
  /// colour is black.
  ///
  /// - Parameter progress: Called now and then with how much is done, 0...1.
  /// - Throws: `CancellationError` where the task is cancelled.
  public func merged(progress: ((Double) -> Void)? = nil) throws -> Image {
    let nodes = CompositorNode.nodes(layers, canvas: box)
    var pixels = [UInt8](repeating: 0, count: width * height * 4)
    var isOpaque = true
    let rows = RowStack(width: width, depth: LayeredPicture.maximumDepth + 1)
    for y in 0..<height {
      if y % 64 == 0 {
        try Task.checkCancellation()
        progress?(Double(y) / Double(height))
      }
      let row = rows.cleared(depth: 0, columns: 0..<width)
      for node in nodes { node.compose(row: y, depth: 0, rows: rows) }
      let rowIsOpaque = pixels.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return true }
        return Self.round(row, count: width, to: base + y * width * 4)
      }
      isOpaque = isOpaque && rowIsOpaque
    }
    progress?(1)
    guard isOpaque else { return try Image(width: width, height: height, channels: 4, pixels: pixels) }
    // In place: a picture may take 256 MiB.
    for pixel in 0..<width * height {
      pixels[3 * pixel] = pixels[4 * pixel]
      pixels[3 * pixel + 1] = pixels[4 * pixel + 1]
      pixels[3 * pixel + 2] = pixels[4 * pixel + 2]
    }
    pixels.removeLast(width * height)
    return try Image(width: width, height: height, channels: 3, pixels: pixels)
  }

  /// - Returns: Whether all of the row is opaque.
  private static func round(
    _ row: UnsafeMutablePointer<SIMD4<Float>>, count: Int, to target: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    var isOpaque = true
    for x in 0..<count {
      let value = row[x]
      let alpha = UInt8(value.w * 255 + 0.5)
      isOpaque = isOpaque && alpha == 255
      guard alpha > 0 else { continue }
      let scaled = (value * (255 / value.w) + 0.5).clamped(lowerBound: .zero, upperBound: .init(repeating: 255))
      target[4 * x] = UInt8(scaled.x)
      target[4 * x + 1] = UInt8(scaled.y)
      target[4 * x + 2] = UInt8(scaled.z)
      target[4 * x + 3] = alpha
    }
    return isOpaque
  }
}

/// Rows of the canvas that groups are composed in, one for each depth: premultiplied RGBA, in 0...1.
final class RowStack {
  private let width: Int
  private var rows: [UnsafeMutablePointer<SIMD4<Float>>?]
  /// Room for one row of a layer's own pixels.
  let bytes: UnsafeMutablePointer<UInt8>

  init(width: Int, depth: Int) {
    self.width = width
    rows = Array(repeating: nil, count: depth)
    bytes = .allocate(capacity: 4 * width)
    bytes.initialize(repeating: 0, count: 4 * width)
  }

  deinit {
    for row in rows { row?.deallocate() }
    bytes.deallocate()
  }

  subscript(depth: Int) -> UnsafeMutablePointer<SIMD4<Float>> {
    if let row = rows[depth] { return row }
    let row = UnsafeMutablePointer<SIMD4<Float>>.allocate(capacity: width)
    row.initialize(repeating: .zero, count: width)
    rows[depth] = row
    return row
  }

  func cleared(depth: Int, columns: Range<Int>) -> UnsafeMutablePointer<SIMD4<Float>> {
    let row = self[depth]
    (row + columns.lowerBound).update(repeating: .zero, count: columns.count)
    return row
  }
}

/// A visible layer with the part of the canvas it touches.
struct CompositorNode {
  private let content: LayerContent
  private let children: [CompositorNode]
  private let opacity: Float
  private let mode: BlendMode
  private let box: LayerBox

  static func nodes(_ layers: [Layer], canvas: LayerBox) -> [CompositorNode] {
    layers.compactMap { layer in
      guard layer.isVisible, layer.opacityByte > 0 else { return nil }
      let children = nodes(layer.layers ?? [], canvas: canvas)
      let own = children.reduce(layer.content.box) { $0.union($1.box) }
      let box = own.intersection(canvas)
      guard !box.isEmpty else { return nil }
      return CompositorNode(
        content: layer.content, children: children, opacity: Float(layer.opacityByte) / 255, mode: layer.blendMode,
        box: box)
    }
  }

  /// Lays a row over that of the given depth.
  func compose(row y: Int, depth: Int, rows: RowStack) {
    guard y >= box.y, y < box.bottom else { return }
    let columns = box.x..<box.right
    let target = rows[depth]
    switch content {
    case .fill(let color, let coverage):
      let source = SIMD4(Float(color.red), Float(color.green), Float(color.blue), 255) / 255
      for run in coverage.runs(inRow: y) {
        for x in run.columns.clamped(to: columns) { lay(source, alpha: opacity, over: &target[x]) }
      }
    case .image, .tint:
      content.writeRow(y, columns: columns, to: rows.bytes)
      for (index, x) in columns.enumerated() {
        let pixel = rows.bytes + 4 * index
        guard pixel[3] > 0 else { continue }
        let source = SIMD4(Float(pixel[0]), Float(pixel[1]), Float(pixel[2]), Float(pixel[3])) / 255
        lay(source, alpha: source.w * opacity, over: &target[x])
      }
    case .group:
      let own = rows.cleared(depth: depth + 1, columns: columns)
      for child in children { child.compose(row: y, depth: depth + 1, rows: rows) }
      for x in columns where own[x].w > 0 { lay(own[x] / own[x].w, alpha: own[x].w * opacity, over: &target[x]) }
    }
  }

  /// - Parameters:
  ///   - source: straight colours; the last number means nothing.
  ///   - alpha: of the layer, its opacity included.
  ///   - target: premultiplied.
  @inline(__always)
  private func lay(_ source: SIMD4<Float>, alpha: Float, over target: inout SIMD4<Float>) {
    var above = source
    above.w = 1
    let below = target
    if mode != .normal, below.w > 0 {
      // With the backdrop's own colour where it is opaque, and that of the layer where nothing is below.
      let blended = mode.blend(below / below.w, above)
      above += below.w * (blended - above)
      above.w = 1
    }
    target = above * alpha + below * (1 - alpha)
  }
}
