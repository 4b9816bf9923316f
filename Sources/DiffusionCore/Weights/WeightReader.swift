// SPDX-License-Identifier: Apache-2.0

/// A place in the tree of a checkpoint's keys, from which a model takes its weights.
///
/// ```swift
/// let unet = WeightReader(source)["model"]["diffusion_model"]
/// let weight = try unet["input_blocks"][0][0].take("weight", shape: [320, 4, 3, 3])
/// ...
/// let report = try unet.finish()
/// ```
///
/// A weight that is missing or of the wrong shape does not stop the building: a placeholder of zeros comes in its
/// place, and ``finish()`` throws one error that lists every fault. All readers that stem from one share its books.
public struct WeightReader: Sendable {
  /// The key up to here, without a dot at its end; empty at the root.
  public let prefix: String
  /// Whether weights are searched for infinities and not-a-numbers.
  public let checksFinite: Bool

  private let ledger: WeightLedger

  /// A reader at the root of the keys, with empty books.
  ///
  /// - Parameters:
  ///   - source: The files.
  ///   - checksFinite: Whether every weight is read once when it is taken, to find an infinity or a not-a-number.
  public init(_ source: WeightSource, checksFinite: Bool = true) {
    self.init(prefix: "", checksFinite: checksFinite, ledger: WeightLedger(source))
  }

  private init(prefix: String, checksFinite: Bool, ledger: WeightLedger) {
    self.prefix = prefix
    self.checksFinite = checksFinite
    self.ledger = ledger
  }

  /// The files.
  public var source: WeightSource { ledger.source }

  /// The full key of a name below this place; the empty name is this place itself.
  public func key(_ name: String) -> String {
    if prefix.isEmpty { return name }
    return name.isEmpty ? prefix : prefix + "." + name
  }

  /// The place of a name, which may have dots, below this one.
  public subscript(name: String) -> WeightReader {
    WeightReader(prefix: key(name), checksFinite: checksFinite, ledger: ledger)
  }

  /// The place of a numbered child below this one.
  public subscript(index: Int) -> WeightReader { self[String(index)] }

  /// The place of a name below another: `reader / "mid" / "block_1"`.
  public static func / (reader: WeightReader, name: String) -> WeightReader { reader[name] }

  /// The place of a numbered child below another.
  public static func / (reader: WeightReader, index: Int) -> WeightReader { reader[index] }

  /// Whether a file has this weight, or any weight below it: asked of parts that a checkpoint may lack.
  public func has(_ name: String) -> Bool { ledger.has(key(name)) }

  /// The number of children named 0, 1, 2 ... without a gap, for instance the layers of a transformer.
  package var childCount: Int {
    var count = 0
    while has(String(count)) { count += 1 }
    return count
  }

  /// The shape of a weight in its file, from which a configuration can be inferred, or `nil` if there is none.
  public func shape(of name: String) -> [Int]? { ledger.source[key(name)]?.entry.shape }

  /// Takes a weight of the given shape.
  ///
  /// - Returns: The weight, or a placeholder of zeros of that shape if it is missing, of another shape, or not of
  ///   floats; the fault is kept for ``finish()``.
  /// - Throws: ``WeightError/impossibleShape(key:shape:)`` if the shape asked for has a negative dimension or a size
  ///   beyond the address space.
  public func take(_ name: String, shape: [Int]) throws(WeightError) -> WeightEntry {
    try ledger.take(key(name), shape: shape, checksFinite: checksFinite)
  }

  /// Takes a weight that may be absent, and `nil` where it is.
  ///
  /// - Throws: As ``take(_:shape:)``.
  package func takeIfPresent(_ name: String, shape: [Int]) throws(WeightError) -> WeightEntry? {
    guard ledger.source[key(name)] != nil else { return nil }
    return try take(name, shape: shape)
  }

  /// Says that what lies below a name is known and not needed, so that it is not unexpected.
  ///
  /// The prefix ends at a dot: `betas` covers `betas` and `betas.x` but not `betas_scaled`.
  public func ignore(prefix: String, reason: String) {
    ledger.ignore(UnusedPart(prefix: key(prefix), reason: reason))
  }

  /// Says that parts are known and not needed.
  public func ignore(_ parts: [UnusedPart]) {
    for part in parts { ignore(prefix: part.prefix, reason: part.reason) }
  }

  /// The books as they stand, for the whole tree and not only below this place.
  public func report() -> LoadReport { ledger.report() }

  /// Closes the loading: what is neither taken nor ignored is unexpected.
  ///
  /// - Returns: The report of a complete loading.
  /// - Throws: ``WeightError/mismatch(_:)`` with the report if anything is missing, unexpected, of another shape, or
  ///   not finite.
  @discardableResult
  public func finish() throws(WeightError) -> LoadReport {
    let report = ledger.report()
    guard report.isComplete else { throw .mismatch(report) }
    return report
  }
}
