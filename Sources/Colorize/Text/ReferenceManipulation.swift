// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Changes of the reference by texts, one after another: `blue hair` where `blonde hair` is.
///
/// ```swift
/// request.manipulation = ReferenceManipulation([
///   .init(target: "the girl's blue hair", anchor: "the girl's blonde hair", control: "the girl's hair")
/// ])
/// ```
///
/// They change what the network sees of the reference's picture, see `TokenManipulation`; its background stays as it is.
public struct ReferenceManipulation: Sendable, Hashable, Codable {
  /// The most steps.
  public static let maximumStepCount = 32
  /// The most bytes of a text in UTF-8; the network looks at some seventy words.
  public static let maximumTextLength = 1 << 16
  /// How far a step goes if nothing is said.
  public static let defaultScale: Float = 8

  /// One change.
  public struct Step: Sendable, Hashable {
    /// What shall be there.
    public var target: String
    /// What is there and shall go; nil for none.
    public var anchor: String?
    /// Which parts of the picture are meant: those that are most like this text. Nil for all parts alike.
    public var control: String?
    /// How far, 0...15. Steps do nothing unless one has more than 0.
    public var scale: Float
    /// Whether parts that are like the anchor change by that much more.
    public var enhances: Bool
    /// Four numbers of 0...1, none below the one before it: see `TokenManipulation.weight(_:distance:thresholds:)`.
    public var thresholds: [Float]

    /// A change.
    public init(
      target: String, anchor: String? = nil, control: String? = nil, scale: Float = ReferenceManipulation.defaultScale,
      enhances: Bool = false, thresholds: [Float] = TokenManipulation.defaultThresholds
    ) {
      self.target = target
      self.anchor = anchor
      self.control = control
      self.scale = scale
      self.enhances = enhances
      self.thresholds = thresholds
    }
  }

  /// The changes, in the order in which they are made.
  public var steps: [Step]
  /// Whether the text tower's last block is run, as in OpenCLIP. The published colorizers leave it out.
  public var runsLastTextBlock: Bool

  /// Changes in that order.
  public init(_ steps: [Step] = [], runsLastTextBlock: Bool = false) {
    self.steps = steps
    self.runsLastTextBlock = runsLastTextBlock
  }

  /// All texts.
  var texts: [String] { steps.flatMap { [$0.target, $0.anchor, $0.control].compactMap(\.self) } }

  /// Checks every number and text.
  ///
  /// - Throws: ``ColorizeError/invalidOption(_:value:expected:)``.
  func validate() throws(ColorizeError) {
    func fail(_ value: String, _ expected: String) -> ColorizeError {
      .invalidOption(.manipulation, value: value, expected: expected)
    }
    guard steps.count <= Self.maximumStepCount else {
      throw fail("\(steps.count) steps", "at most \(Self.maximumStepCount)")
    }
    for step in steps {
      guard step.target.contains(where: { !$0.isWhitespace }) else {
        throw fail("a step without a target", "a text that says what shall be there")
      }
      guard step.scale >= 0, step.scale <= 15 else { throw fail("a step of scale \(step.scale)", "a scale of 0 to 15") }
      try Self.check(step.thresholds)
    }
    for text in texts where text.utf8.count > Self.maximumTextLength {
      throw fail("a text of \(text.utf8.count) bytes", "at most \(Self.maximumTextLength)")
    }
  }

  /// Checks the thresholds of a step or a heat map.
  static func check(_ thresholds: [Float]) throws(ColorizeError) {
    guard thresholds.count == 4, thresholds.allSatisfy({ (0...1).contains($0) }),
      zip(thresholds, thresholds.dropFirst()).allSatisfy({ $0 <= $1 })
    else {
      throw .invalidOption(
        .manipulation, value: "thresholds of \(thresholds.map { "\($0)" }.joined(separator: ", "))",
        expected: "four numbers of 0 to 1, none below the one before it")
    }
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    steps = try values.decode([Step].self, forKey: .steps)
    runsLastTextBlock = try values.decodeIfPresent(Bool.self, forKey: .runsLastTextBlock) ?? false
  }
}

extension ReferenceManipulation.Step: Codable {
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(target: try values.decode(String.self, forKey: .target))
    anchor = try values.decodeIfPresent(String.self, forKey: .anchor)
    control = try values.decodeIfPresent(String.self, forKey: .control)
    scale = try values.decodeIfPresent(Float.self, forKey: .scale) ?? scale
    enhances = try values.decodeIfPresent(Bool.self, forKey: .enhances) ?? enhances
    thresholds = try values.decodeIfPresent([Float].self, forKey: .thresholds) ?? thresholds
  }
}
