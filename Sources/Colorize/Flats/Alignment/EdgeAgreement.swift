// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How well the edges of a drawing and of a reference agree where both show something.
///
/// A reference may show a part of the drawing only, its head say, and a drawing a part of the reference: what the other one
/// does not show says nothing against a place. The less is compared, however, the likelier it agrees by chance.
struct EdgeAgreement {
  /// The sum of the products of both.
  var product: Float = 0
  /// The drawing's energy where the reference shows something, and the reference's in the drawing's frame.
  var drawn: Float = 0
  var seen: Float = 0

  /// The least energy that is compared, as a share of the drawing's.
  private static let least: (drawn: Float, seen: Float) = (0.08, 0.02)
  /// What chance gives for each halving of the part that is compared: of the picture that shows more of the other one, and
  /// of the other. Measured on pairs of which the answer is known.
  private static let chance: (more: Float, less: Float) = (0.25, 0.06)

  /// The cosine between the strengths by place and direction, less what is due to chance; 0 where there is too little to
  /// compare.
  ///
  /// - Parameters:
  ///   - drawing: the energy of the whole drawing.
  ///   - reference: the energy of the whole reference.
  func score(drawing: Float, reference: Float) -> Float {
    guard drawing > 0, reference > 0, drawn > Self.least.drawn * drawing, seen > Self.least.seen * drawing else {
      return 0
    }
    let shares = (min(drawn / drawing, 1), min(seen / reference, 1))
    let cosine = product / (drawn * seen).squareRoot()
    return cosine + Self.chance.more * log2f(max(shares.0, shares.1)) + Self.chance.less
      * log2f(min(shares.0, shares.1))
  }
}

extension EdgeAgreement {
  /// Compares a drawing's pixels with a reference's.
  struct Run {
    private let drawing: EdgePlanes
    private let reference: EdgePlanes

    init(_ drawing: EdgePlanes, _ reference: EdgePlanes) {
      self.drawing = drawing
      self.reference = reference
    }

    /// What agrees in a box of the reference.
    ///
    /// - Parameters:
    ///   - shift: where in the reference the drawing's first pixel lies.
    ///   - seen: the reference's energy in the box.
    func agreement(x: Range<Int>, y: Range<Int>, shiftedBy shift: (x: Int, y: Int), seen: Float) -> EdgeAgreement {
      var products = SIMD8<Float>.zero
      var drawn = Sum()
      drawing.values.withUnsafeBufferPointer { own in
        reference.values.withUnsafeBufferPointer { other in
          for row in y {
            products += EdgeAgreement.products(
              own, (row - shift.y) * drawing.width - shift.x + x.lowerBound, other,
              row * reference.width + x.lowerBound, count: x.count)
          }
        }
      }
      drawing.squares.withUnsafeBytes { own in
        reference.shown.withUnsafeBytes { shown in
          for row in y {
            drawn.add(
              own, (row - shift.y) * drawing.width - shift.x + x.lowerBound, shown,
              row * reference.width + x.lowerBound, count: x.count)
          }
        }
      }
      return EdgeAgreement(product: products.sum(), drawn: drawn.value, seen: seen)
    }
  }

  /// The products of two runs of pixels, added up lane by lane.
  @inline(__always)
  static func products(
    _ own: UnsafeBufferPointer<SIMD8<Float>>, _ from: Int, _ other: UnsafeBufferPointer<SIMD8<Float>>, _ to: Int,
    count: Int
  ) -> SIMD8<Float> {
    // Two sums at once, as each waits for its last addition.
    var (first, second) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    var place = 0
    while place + 1 < count {
      first += own[from + place] * other[to + place]
      second += own[from + place + 1] * other[to + place + 1]
      place += 2
    }
    if place < count { first += own[from + place] * other[to + place] }
    return first + second
  }

  /// A sum of the products of numbers, eight at a time.
  struct Sum {
    private var lanes = SIMD8<Float>.zero
    private var rest: Float = 0

    var value: Float { lanes.sum() + rest }

    @inline(__always)
    mutating func add(
      _ own: UnsafeRawBufferPointer, _ from: Int, _ other: UnsafeRawBufferPointer, _ to: Int, count: Int
    ) {
      let size = MemoryLayout<Float>.size
      var place = 0
      while place + 8 <= count {
        lanes +=
          own.loadUnaligned(fromByteOffset: (from + place) * size, as: SIMD8<Float>.self)
          * other.loadUnaligned(fromByteOffset: (to + place) * size, as: SIMD8<Float>.self)
        place += 8
      }
      while place < count {
        rest +=
          own.loadUnaligned(fromByteOffset: (from + place) * size, as: Float.self)
          * other.loadUnaligned(fromByteOffset: (to + place) * size, as: Float.self)
        place += 1
      }
    }
  }
}
