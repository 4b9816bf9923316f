// SPDX-License-Identifier: Apache-2.0

/// Weight files in order of precedence: a checkpoint, and files that complete it.
///
/// ```swift
/// var source = WeightSource(try SafetensorsFile(path: "switch.safetensors"))
/// source.append(try SafetensorsFile(path: "open_clip.safetensors"), renaming: .openCLIP)
/// ```
///
/// Where two files hold the same key, the earlier file wins and the later tensor is listed in ``shadowed``.
public struct WeightSource: Sendable {
  /// Where a key's tensor really is.
  public struct Origin: Sendable {
    /// The file that holds it.
    public let file: any WeightFile
    /// Its name in that file, before renaming.
    public let fileKey: String
    /// What the file's header says of it.
    public let entry: SafetensorsFile.Entry
  }

  /// A tensor that is not used because another one has its key.
  public struct Shadowed: Sendable, Hashable {
    /// The key after renaming, which both have.
    public let key: String
    /// The file whose tensor is used.
    public let usedFile: String
    /// The file whose tensor is not used.
    public let file: String
    /// The name of the unused tensor in its file.
    public let fileKey: String
  }

  /// The files, in order of precedence.
  public private(set) var files: [any WeightFile] = []
  /// The tensors that lost their key to another, in the order of files and keys.
  public private(set) var shadowed: [Shadowed] = []

  private var origins: [String: Origin] = [:]

  /// An empty set of files.
  public init() {}

  /// A set of one file.
  public init(_ file: any WeightFile, renaming: KeyRenaming = .none) {
    append(file, renaming: renaming)
  }

  /// Adds a file that supplies what the files before it lack.
  ///
  /// - Parameter owner: the name of another file whose tensor is to be taken instead; nil for none.
  public mutating func append(
    _ file: any WeightFile, renaming: KeyRenaming = .none, owner: (_ fileKey: String) -> String? = { _ in nil }
  ) {
    files.append(file)
    for fileKey in file.keys {
      guard let entry = file[fileKey] else { continue }
      let key = renaming(fileKey)
      if let owner = owner(fileKey) {
        shadowed.append(Shadowed(key: key, usedFile: owner, file: file.name, fileKey: fileKey))
      } else if let winner = origins[key] {
        shadowed.append(Shadowed(key: key, usedFile: winner.file.name, file: file.name, fileKey: fileKey))
      } else {
        origins[key] = Origin(file: file, fileKey: fileKey, entry: entry)
      }
    }
  }

  /// Adds a file whose tensors stand for those that the files before it have under the same keys.
  mutating func replace(with file: SafetensorsFile) {
    files.append(file)
    for key in file.keys {
      guard let entry = file[key] else { continue }
      origins[key] = Origin(file: file, fileKey: key, entry: entry)
    }
  }

  /// All keys after renaming, sorted.
  public var keys: [String] { origins.keys.sorted() }

  /// Where a key's tensor is, or `nil` if no file has it.
  public subscript(key: String) -> Origin? { origins[key] }

  /// The bytes of a tensor, in place.
  ///
  /// - Throws: ``WeightError/keyNotFound(file:key:)``, which names all files.
  public func bytes(of key: String) throws(WeightError) -> MappedBytes {
    let origin = try origin(of: key)
    return try origin.file.bytes(of: origin.fileKey)
  }

  /// The elements of a tensor, converted to `Float`.
  ///
  /// - Throws: ``WeightError/keyNotFound(file:key:)`` or ``WeightError/notFloatingPoint(file:key:dtype:)``.
  public func floats(of key: String) throws(WeightError) -> [Float] {
    let origin = try origin(of: key)
    return try origin.file.floats(of: origin.fileKey)
  }

  private func origin(of key: String) throws(WeightError) -> Origin {
    guard let origin = origins[key] else {
      throw .keyNotFound(file: files.map(\.name).joined(separator: ", "), key: key)
    }
    return origin
  }
}
