// SPDX-License-Identifier: Apache-2.0

/// One of several references, and the area of the sketch that takes its colours from it.
public struct PlacedReference: Sendable {
  /// The picture, encoded before or not.
  public var reference: ColorizeRequest.ReferenceInput
  /// The area of the sketch, in the sketch's frame: white where the reference acts. Of any size and of the sketch's aspect.
  /// Nil for what no area covers, which all references without one share.
  public var region: Mask?
  /// The reference's foreground, as ``ColorizeRequest/referenceMask``. In a mode that needs the reference's background, a
  /// picture without it is its own background as a whole.
  public var mask: Mask?

  /// A reference for an area, or for the rest.
  public init(_ reference: ColorizeRequest.ReferenceInput, region: Mask? = nil, mask: Mask? = nil) {
    self.reference = reference
    self.region = region
    self.mask = mask
  }

  /// The same for a picture.
  public init(_ image: Image, region: Mask? = nil, mask: Mask? = nil) {
    self.init(.image(image), region: region, mask: mask)
  }
}

extension PlacedReference {
  /// Where flats take its colours from: the picture, its mask, and a picture of its background.
  var colorSources: (picture: Image?, mask: Mask?, background: Image?) {
    switch reference {
    case .none: (nil, nil, nil)
    case .image(let image): (image, mask, nil)
    case .encoded(let encoded): (encoded.picture, encoded.mask, encoded.backgroundPicture)
    }
  }

  /// What its picture looks like; nil without one.
  var look: ReferenceLook? {
    switch reference {
    case .none: nil
    case .image(let image): ReferenceLook(image)
    case .encoded(let encoded): encoded.look
    }
  }
}

extension ColorizeRequest {
  /// The most references that a request can have.
  public static let maximumReferenceCount = 16

  /// All references with their areas, the first one first; empty if there is none.
  package var references: [PlacedReference] {
    if case .none = reference { return furtherReferences }
    return [PlacedReference(reference, region: referenceRegion, mask: referenceMask)] + furtherReferences
  }
}
