// SPDX-License-Identifier: Apache-2.0

/// What a model took from its weight files, and everything that did not fit.
///
/// A model is used only if ``isComplete``: no key may be missing, left over, of the wrong shape, or not finite.
public struct LoadReport: Sendable, Hashable {
  /// A weight that the model needs and no file has.
  public struct Missing: Sendable, Hashable {
    /// The key.
    public let key: String
    /// The shape that the model expects.
    public let shape: [Int]
  }

  /// A tensor that the model does not know.
  public struct Unexpected: Sendable, Hashable {
    /// The key, after renaming.
    public let key: String
    /// The tensor's shape.
    public let shape: [Int]
    /// The file that holds it.
    public let file: String
  }

  /// A weight of another shape or element type than the model needs.
  public struct Misshaped: Sendable, Hashable {
    /// The key.
    public let key: String
    /// The shape that the model expects.
    public let expected: [Int]
    /// The shape in the file.
    public let found: [Int]
    /// The element type in the file.
    public let dtype: SafetensorsDType
    /// The file that holds it.
    public let file: String
  }

  /// A weight that holds an infinity or not-a-number.
  public struct NonFinite: Sendable, Hashable {
    /// The key.
    public let key: String
    /// The index of the first such element.
    public let index: Int
    /// The file that holds it.
    public let file: String
  }

  /// A stretch of zeros where a trained model has none: what an unfinished download leaves.
  public struct Hole: Sendable, Hashable {
    /// The first tensor that it reaches into.
    public let key: String
    /// The last one.
    public let lastKey: String
    /// How many tensors it reaches into.
    public let tensorCount: Int
    /// Where it begins in the file's data, in bytes.
    public let offset: Int
    /// Its length in bytes.
    public let byteCount: Int
    /// The file that has it.
    public let file: String
  }

  /// A tensor that is known and not needed.
  public struct Ignored: Sendable, Hashable {
    /// The key, after renaming.
    public let key: String
    /// Why it is not needed.
    public let reason: String
  }

  /// The number of weights that were taken.
  public var loadedCount = 0
  /// Their size in the files, in bytes.
  public var loadedBytes = 0
  /// The number of their elements.
  public var parameterCount = 0
  /// Weights that no file has.
  public var missing: [Missing] = []
  /// Tensors that nobody asked for.
  public var unexpected: [Unexpected] = []
  /// Weights of another shape or element type.
  public var misshaped: [Misshaped] = []
  /// Weights that are not finite.
  public var nonFinite: [NonFinite] = []
  /// Stretches of zeros that are no weights.
  public var holes: [Hole] = []
  /// Tensors that are known and not needed.
  public var ignored: [Ignored] = []
  /// Tensors that lost their key to an earlier file.
  public var shadowed: [WeightSource.Shadowed] = []
  /// What the user may have meant, guessed from the whole.
  public var hints: [String] = []

  /// An empty report.
  public init() {}

  /// Whether the model can be used.
  public var isComplete: Bool {
    isUsable && unexpected.isEmpty
  }

  /// Whether the files hold the whole model, and perhaps more.
  public var isUsable: Bool {
    missing.isEmpty && misshaped.isEmpty && nonFinite.isEmpty && holes.isEmpty
  }
}
