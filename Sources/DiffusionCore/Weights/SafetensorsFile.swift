// SPDX-License-Identifier: Apache-2.0

/// A safetensors file, mapped into memory and checked from end to end before any tensor is handed out.
///
/// The layout is eight bytes of header length, a JSON header, and the tensors' bytes
/// (<https://github.com/huggingface/safetensors>). Opening reads the header only; the tensors' pages come in when they
/// are read. Nothing in the file can make the reading trap: see ``MappedBytes`` for the one thing that can go wrong
/// later, another process that shortens the file.
public final class SafetensorsFile: WeightFile {
  /// What the header says of one tensor.
  public struct Entry: Sendable, Hashable {
    /// The element type, which need not be one that can be read as weights.
    public let dtype: SafetensorsDType
    /// The dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// The product of the dimensions.
    public let elementCount: Int
    /// Where the bytes are, counted from the first byte after the header; in a ``PyTorchFile`` from the file's first.
    public let byteRange: Range<Int>
  }

  /// The longest header that is read, in bytes, as in the reference implementation.
  public static let maximumHeaderLength = 100_000_000

  /// The path, or the name that was given to embedded bytes; it begins every error text.
  public let name: String
  /// The free text of the header's `__metadata__`.
  public let metadata: [String: String]
  /// The keys of all tensors, sorted.
  public let keys: [String]
  /// The size of all tensors in bytes.
  public let dataByteCount: Int

  private let entries: [String: Entry]
  private let region: MappedRegion
  private let dataStart: Int

  /// Maps and checks a file.
  ///
  /// - Throws: ``WeightError``, which names the file, the key, the numbers and the way out: the file is missing,
  ///   unreadable, a directory, empty or cut short; the header is not well formed; or tensors and file do not fit.
  public convenience init(path: String) throws(WeightError) {
    try self.init(region: MappedRegion.file(path), name: path)
  }

  /// Checks and uses a file's content that is in memory already, for instance embedded in the program, without a copy.
  ///
  /// - Parameters:
  ///   - bytes: The whole file. It must stay in place and unchanged for as long as `owner` lives, or for ever.
  ///   - name: What errors call it.
  ///   - owner: Kept until the last ``MappedBytes`` of the file is gone.
  /// - Throws: ``WeightError``, as for a file on disk.
  public convenience init(
    bytes: UnsafeRawBufferPointer, name: String, owner: AnyObject? = nil
  ) throws(WeightError) {
    try self.init(region: MappedRegion(borrowing: bytes, owner: owner), name: name)
  }

  init(region: MappedRegion, name: String) throws(WeightError) {
    let bytes = region.bytes
    guard bytes.count > 0 else { throw .emptyFile(file: name) }
    // A header begins with a brace, after a length that begins no other file.
    if bytes.count < 9 || bytes[8] != UInt8(ascii: "{"), let content = ForeignContent(bytes) {
      throw .foreign(file: name, content: content)
    }
    guard bytes.count >= 8 else { throw .tooShort(file: name, count: bytes.count) }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length > 0 else { throw .headerEmpty(file: name) }
    guard length <= UInt64(Self.maximumHeaderLength) else {
      throw .headerTooLarge(file: name, length: length)
    }
    guard length <= UInt64(bytes.count - 8) else {
      throw .headerPastEnd(file: name, length: length, available: bytes.count - 8)
    }
    let dataStart = 8 + Int(length)
    let header = try SafetensorsHeader(parsing: [UInt8](bytes[8..<dataStart]), file: name)
    self.entries = try SafetensorsLayout.entries(
      header, file: name, available: bytes.count - dataStart)
    self.name = name
    self.metadata = header.metadata
    self.keys = entries.keys.sorted()
    self.dataByteCount = bytes.count - dataStart
    self.region = region
    self.dataStart = dataStart
  }

  /// What the header says of a tensor, or `nil` if there is none of that name.
  public subscript(key: String) -> Entry? { entries[key] }

  /// The bytes of a tensor, of any element type, in place.
  ///
  /// - Throws: ``WeightError/keyNotFound(file:key:)``.
  public func bytes(of key: String) throws(WeightError) -> MappedBytes {
    guard let entry = entries[key] else { throw .keyNotFound(file: name, key: key) }
    return bytes(of: entry)
  }

  /// Gives memory that holds pages of the file back to the system. Tensors in use stay valid: their pages are read
  /// again, from the system's cache as a rule, when they are next touched.
  public func releasePages() { region.releasePages() }

  /// Makes sure that nobody has shortened the file since it was opened.
  ///
  /// - Throws: ``WeightError/shortened(file:expected:found:)``.
  public func checkLength() throws(WeightError) { try region.checkLength() }

  private func bytes(of entry: Entry) -> MappedBytes {
    MappedBytes(
      region, (dataStart + entry.byteRange.lowerBound)..<(dataStart + entry.byteRange.upperBound))
  }
}
