// SPDX-License-Identifier: Apache-2.0

/// A backend that computes nothing and holds no memory: running a model on it checks shapes and nothing else.
///
/// Building a model on it lists the model's parameters without having them.
public final class ShapeOnlyBackend: CallReceiver {
  private final class Nothing: Buffer {
    let byteCount: Int
    init(byteCount: Int) { self.byteCount = byteCount }
  }

  public let name = "shape-only"
  public var takesDilationAndGroups: Bool { true }

  /// A backend that computes nothing.
  public init() {}

  public func makeBuffer(byteCount: Int) throws -> any Buffer { Nothing(byteCount: byteCount) }
  public func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer { Nothing(byteCount: bytes.count) }
  /// Gives zeros.
  public func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    target.initializeMemory(as: UInt8.self, repeating: 0)
  }
  /// Does nothing.
  public func receive(_ call: BackendCall) throws {}
}
