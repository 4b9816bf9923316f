// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Writes an OpenRaster file: a zip archive of PNG files and an XML text that stacks them.
struct OpenRasterWriter {
  /// The longest side of the thumbnail that file managers show.
  private static let thumbnailSide = 256

  private let picture: LayeredPicture
  private let report: ((Double) -> Void)?
  private let total: Int
  private var zip: ZipWriter
  private var stack: StackXML
  private var count = 0

  init(picture: LayeredPicture, sink: ByteSink, progress: ((Double) -> Void)?) {
    self.picture = picture
    report = progress
    total = Self.count(picture.layers)
    zip = ZipWriter { try sink.append($0) }
    stack = StackXML(width: picture.width, height: picture.height, resolution: picture.writtenResolution)
  }

  consuming func write() throws {
    // First and uncompressed, so that a program knows the format by the first bytes of the file.
    try zip.add(Array("image/openraster".utf8), as: "mimetype")
    try add(picture.layers)
    stack.finish()
    try zip.add(Array(stack.text.utf8), as: "stack.xml", deflated: true)
    let done = 0.7
    let merged = try picture.merged { [report] in report?(done + 0.2 * $0) }
    try zip.add(merged.pngData(), as: "mergedimage.png")
    try zip.add(Self.thumbnail(of: merged).pngData(), as: "Thumbnails/thumbnail.png")
    try zip.finish()
    report?(1)
  }

  // The format lists the topmost first.
  private mutating func add(_ layers: [Layer]) throws {
    for layer in layers.reversed() {
      try Task.checkCancellation()
      count += 1
      if let children = layer.layers {
        stack.beginGroup(layer)
        try add(children)
        stack.endGroup()
      } else {
        let (image, box) = try Self.pixels(of: layer.content)
        let name = "data/layer\(count).png"
        try zip.add(image.pngData(), as: name)
        stack.add(layer, source: name, box: box)
      }
      report?(0.7 * Double(count) / Double(total))
    }
  }

  /// The visible part, always with alpha: a layer without it cannot be erased on in some programs.
  private static func pixels(of content: LayerContent) throws -> (image: Image, box: LayerBox) {
    let box = content.visibleBox
    // A PNG file has at least one pixel.
    guard !box.isEmpty else { return (try Image(width: 1, height: 1, color: [0, 0, 0, 0]), .empty) }
    if case .image(let image, _, _) = content, image.channels == 4, box == content.box { return (image, box) }
    let pixels = [UInt8](unsafeUninitializedCapacity: 4 * box.width * box.height) { buffer, count in
      guard let base = buffer.baseAddress else { return }
      base.initialize(repeating: 0, count: 4 * box.width * box.height)
      for y in 0..<box.height {
        content.writeRow(box.y + y, columns: box.x..<box.right, to: base + 4 * y * box.width)
      }
      count = 4 * box.width * box.height
    }
    return (try Image(width: box.width, height: box.height, channels: 4, pixels: pixels), box)
  }

  private static func thumbnail(of merged: Image) throws -> Image {
    let longest = max(merged.width, merged.height)
    guard longest > thumbnailSide else { return merged }
    func scaled(_ side: Int) -> Int { max(1, (2 * side * thumbnailSide + longest) / (2 * longest)) }
    return try merged.resized(width: scaled(merged.width), height: scaled(merged.height))
  }

  private static func count(_ layers: [Layer]) -> Int {
    layers.reduce(0) { $0 + 1 + count($1.layers ?? []) }
  }
}
