// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import DiffusionTraining

/// How views of pictures are made.
public struct ViewSettings: Sendable, Hashable, Codable {
  /// How many different views of each picture there are: crops, mirrorings, drawings of lines and references.
  public var variantCount: Int
  /// How often a picture that is its own reference gets other colours, both alike, 0...1.
  public var recoloringShare: Double
  /// How much the ground counts beside the figure where the reference is another picture, 0...1: a character's drawings
  /// have grounds of their own, and a model that learned to guess them would no longer take them from the reference.
  public var groundWeight: Double
  /// How far crops go, as a share of the picture's side, 0...0.5.
  public var cropShare: Double

  /// What suits most folders.
  public init(variantCount: Int = 4, recoloringShare: Double = 0.5, groundWeight: Double = 0, cropShare: Double = 0.12)
  {
    self.variantCount = variantCount
    self.recoloringShare = recoloringShare
    self.groundWeight = groundWeight
    self.cropShare = cropShare
  }
}

/// One way to see a picture, its lines and its reference: what a sample is made of.
struct TrainingView: Sendable {
  /// Red, green and blue, 0...1.
  let target: Plane
  /// +1 line, -1 paper.
  let lines: [Float]
  /// 1 where the figure is.
  let mask: Plane?
  /// Red, green and blue, 0...1, of any size.
  let reference: Plane
  /// 1 where the reference's figure is.
  let referenceMask: Plane?
  /// Whether the reference is another picture.
  let isReferenceAnother: Bool
}

/// Makes views of the pictures of a folder.
struct ViewMaker: Sendable {
  let pictures: [TrainingPicture]
  let buckets: AspectBuckets
  let settings: ViewSettings
  let seed: UInt64
  /// Which pictures may serve as a reference; those held out do not serve those that are trained on.
  let isReference: [Bool]

  /// Raise it when views come out otherwise, so that nothing older is taken from a cache.
  static let version = 2

  /// The picture that a view takes its colours from; the picture itself if its group has no other.
  func reference(of index: Int, variant: Int) -> Int {
    let others = pictures.indices.filter {
      $0 != index && isReference[$0] && pictures[$0].group != nil && pictures[$0].group == pictures[index].group
    }
    guard !others.isEmpty else { return index }
    // Through all others before one comes again.
    var random = TrainingRandom(seed: seed, 11, pictures[index].contentHash)
    return others[random.order(others.count)[variant % others.count]]
  }

  /// What decides a view, for a cache.
  func key(of index: Int, variant: Int) -> StableHash {
    var hash = StableHash()
    let size = buckets.size(for: pictures[index].size)
    let other = reference(of: index, variant: variant)
    hash.add(
      "view \(Self.version) \(size.width) \(size.height) \(variant) \(seed) \(settings.recoloringShare) \(settings.groundWeight) \(settings.cropShare)"
    )
    hash.add(pictures[index].contentHash)
    hash.add(pictures[other].contentHash)
    let frame = buckets.size(for: pictures[other].size)
    hash.add("\(frame.width) \(frame.height)")
    return hash
  }

  /// A view.
  ///
  /// - Parameter variant: 0 is the plain one: not mirrored, cropped as little as the size asks for.
  /// - Throws: ``ImageError``, or ``TrainingDataError/changed(path:)`` if a file has changed since the folder was read.
  func view(of index: Int, variant: Int) throws -> TrainingView {
    let picture = pictures[index]
    var random = TrainingRandom(seed: seed, 12, picture.contentHash, UInt64(variant))
    let content = try picture.load()
    let (colored, mask) = try Self.figure(of: content)
    let size = buckets.size(for: picture.size)
    let crop = Crop(
      picture.size, to: size, margin: variant == 0 ? 0 : random.uniform(0...settings.cropShare),
      x: variant == 0 ? 0.5 : random.unit(), y: variant == 0 ? 0.5 : random.unit(),
      isMirrored: variant > 0 && random.happens(0.5))
    var target = try crop(colored)
    let drawing = variant == 0 ? LineDrawing.plain : LineDrawing(&random)
    let lines = try lines(sketch: content.sketch, target: target, drawing: drawing, crop: crop, size: size)

    let other = reference(of: index, variant: variant)
    let isOwn = other == index
    let (referenceImage, referenceMask) = isOwn ? (colored, mask) : try Self.figure(of: pictures[other].load())
    let frame = buckets.size(for: pictures[other].size)
    let warp = Warp(&random, strength: isOwn ? 1 : 0.3)
    let whole = Crop(pictures[other].size, to: frame, margin: 0, x: 0.5, y: 0.5, isMirrored: false)
    var reference = warp(try whole(referenceImage), width: frame.width, height: frame.height, outside: 1)
    let warpedMask = try referenceMask.map { warp(try whole($0), width: frame.width, height: frame.height, outside: 0) }
    let targetMask = try mask.map { try crop($0) }
    if isOwn && random.happens(settings.recoloringShare) {
      let recoloring = Recoloring(&random)
      target = recoloring(target)
      reference = recoloring(reference)
    }
    return TrainingView(
      target: target, lines: lines, mask: targetMask, reference: reference, referenceMask: warpedMask,
      isReferenceAnother: !isOwn)
  }

  /// A picture on white, and where its figure is: its mask's file, its alpha channel, or what can be found.
  private static func figure(of content: TrainingPicture.Content) throws -> (image: Image, mask: Image?) {
    let image = content.image
    var mask: Image?
    if let own = content.mask {
      mask = try Mask(own).resized(width: image.width, height: image.height).image
    } else if let found = try? image.figureMask(), found.isPlausible {
      mask = found.mask.image
    }
    return (image.composited(), mask)
  }

  private func lines(
    sketch own: Image?, target: Plane, drawing: LineDrawing, crop: Crop, size: ImageSize
  ) throws -> [Float] {
    let sketch: Image
    var polarity = SketchPolarity.darkOnLight
    if let own {
      // Scaled as its picture is, whatever its own size.
      sketch = try crop.image(own.composited())
      polarity = .automatic
    } else {
      let ink = drawing.ink(of: target)
      sketch = try Image(
        width: size.width, height: size.height, channels: 1, floats: ink.values.map { 1 - min(1, $0) }, range: .unit)
    }
    return try sketch.prepared(.automatic, polarity: polarity, width: size.width, height: size.height).lines.values
  }
}

/// Which part of a picture a view shows.
struct Crop: Sendable {
  let scaled: ImageSize
  let size: ImageSize
  let left: Int
  let top: Int
  let isMirrored: Bool

  /// - Parameters:
  ///   - margin: by which share the picture is larger than it needs to be.
  ///   - x: where the part lies in what is too wide, 0...1.
  init(_ picture: ImageSize, to size: ImageSize, margin: Double, x: Double, y: Double, isMirrored: Bool) {
    let scale =
      (1 + margin)
      * max(
        Double(size.width) / Double(picture.width), Double(size.height) / Double(picture.height))
    scaled = ImageSize(
      width: max(size.width, Int((Double(picture.width) * scale).rounded())),
      height: max(size.height, Int((Double(picture.height) * scale).rounded())))
    self.size = size
    left = Int((Double(scaled.width - size.width) * x).rounded(.down))
    top = Int((Double(scaled.height - size.height) * y).rounded(.down))
    self.isMirrored = isMirrored
  }

  /// The part, as numbers 0...1.
  func callAsFunction(_ image: Image) throws -> Plane {
    let resized = try image.resized(width: scaled.width, height: scaled.height)
    return Plane(
      width: scaled.width, height: scaled.height, channels: resized.channels, values: resized.floats(.unit)
    ).cropped(left: left, top: top, width: size.width, height: size.height, isMirrored: isMirrored)
  }

  /// The part as an image.
  func image(_ image: Image) throws -> Image {
    let plane = try self(image)
    return try Image(
      width: plane.width, height: plane.height, channels: plane.channels, floats: plane.values, range: .unit)
  }
}
