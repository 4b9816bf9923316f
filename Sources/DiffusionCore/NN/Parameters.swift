// SPDX-License-Identifier: Apache-2.0

/// Where a model's parameters come from: a checkpoint, or a list being made of what a checkpoint must hold.
public protocol ParameterSource: Sendable {
  /// The parameter of that key and shape, in PyTorch's order of axes (`[out, in]`, `[out, in, kh, kw]`).
  ///
  /// - Throws: what reading it can throw. A key that is missing or of another shape may be reported later, all at once;
  ///   a stand-in is returned meanwhile.
  func parameter(_ key: String, shape: Shape) throws -> Tensor
  /// A convolution's weight, `[out, in, kh, kw]` under that key, as `[out, kh, kw, in]`. Default: a copy of
  /// ``parameter(_:shape:)``. A source whose weights change, such as one of a model in training, gives the memory that
  /// it will change.
  ///
  /// - Throws: as ``parameter(_:shape:)``.
  func kernel(_ key: String, shape: Shape) throws -> Tensor
  /// Whether the source has the key.
  func contains(_ key: String) -> Bool
  /// A pair of thin matrices that learns beside a module's own low-rank branch. Default: nil.
  ///
  /// - Parameter module: the key up to the branch, such as `...attn2.to_q`.
  /// - Throws: as ``parameter(_:shape:)``.
  func addedBranch(_ branch: LoRABranch, of module: String, inputs: Int, outputs: Int) throws
    -> SplitLoRALinear.LowRank?
}

extension ParameterSource {
  public func addedBranch(_ branch: LoRABranch, of module: String, inputs: Int, outputs: Int) throws
    -> SplitLoRALinear.LowRank?
  { nil }

  public func kernel(_ key: String, shape: Shape) throws -> Tensor {
    try parameter(key, shape: shape).transposed(0, 2, 3, 1).contiguous()
  }
}

/// A place in the tree of a model's parameters: a source and a key prefix.
///
/// A layer's initialiser takes the place it is loaded from and names its own keys, each beside its property.
public struct Parameters: Sendable {
  let source: any ParameterSource
  let prefix: String

  /// The root of a source's tree, or the part below `prefix`.
  public init(_ source: any ParameterSource, prefix: String = "") {
    self.source = source
    self.prefix = prefix
  }

  /// The place below this one with that name.
  public subscript(name: String) -> Parameters {
    Parameters(source, prefix: prefix.isEmpty ? name : "\(prefix).\(name)")
  }

  /// The place of a checkpoint's section below this one.
  public subscript(section: CheckpointSection) -> Parameters { self[section.path] }

  /// The place below this one with that index.
  public subscript(index: Int) -> Parameters { self["\(index)"] }

  /// A parameter as the checkpoint has it.
  public func callAsFunction(_ name: String, _ shape: Shape) throws -> Tensor {
    try source.parameter(self[name].prefix, shape: shape)
  }

  /// A convolution's weight, `[out, in, kh, kw]` in the checkpoint, as `[out, kh, kw, in]`.
  public func kernel(_ name: String, _ shape: Shape) throws -> Tensor {
    try source.kernel(self[name].prefix, shape: shape)
  }

  /// The pair that learns beside this module's own low-rank branch, if there is one.
  func addedBranch(_ branch: LoRABranch, inputs: Int, outputs: Int) throws -> SplitLoRALinear.LowRank? {
    try source.addedBranch(branch, of: prefix, inputs: inputs, outputs: outputs)
  }

  /// Whether the source has this parameter.
  public func contains(_ name: String) -> Bool { source.contains(self[name].prefix) }
}

/// Lists the keys and shapes that a model asks for.
public final class ParameterRecorder: ParameterSource, Sendable {
  private let backend = ShapeOnlyBackend()
  private let recorded = Locked<[(key: String, shape: Shape)]>([])

  /// An empty list.
  public init() {}

  /// What was asked for, in order.
  public var entries: [(key: String, shape: Shape)] { recorded.value }

  public func parameter(_ key: String, shape: Shape) throws -> Tensor {
    recorded.mutate { $0.append((key, shape)) }
    return try Tensor(uninitialized: shape, on: backend)
  }

  public func contains(_ key: String) -> Bool { true }
}
