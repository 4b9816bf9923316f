// SPDX-License-Identifier: Apache-2.0

/// A file of named tensors, mapped into memory: ``SafetensorsFile`` or ``PyTorchFile``.
public protocol WeightFile: AnyObject, Sendable {
  /// The path, or the name that was given to embedded bytes; it begins every error text.
  var name: String { get }
  /// The free text of the file.
  var metadata: [String: String] { get }
  /// The keys of all tensors, sorted.
  var keys: [String] { get }
  /// The size of all tensors in bytes.
  var dataByteCount: Int { get }

  /// What the file says of a tensor, or `nil` if there is none of that name.
  subscript(key: String) -> SafetensorsFile.Entry? { get }

  /// The bytes of a tensor, of any element type, in row-major order.
  ///
  /// - Throws: ``WeightError/keyNotFound(file:key:)``.
  func bytes(of key: String) throws(WeightError) -> MappedBytes

  /// Gives memory that holds pages of the file back to the system. Tensors in use stay valid.
  func releasePages()

  /// Makes sure that nobody has shortened the file since it was opened.
  ///
  /// - Throws: ``WeightError/shortened(file:expected:found:)``.
  func checkLength() throws(WeightError)
}

extension WeightFile {
  /// Calls the closure with the bytes of a tensor of any element type; the pointer is valid only during the call.
  ///
  /// - Throws: ``WeightError/keyNotFound(file:key:)``, or what the closure throws.
  package func withBytes<R>(of key: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
    try bytes(of: key).withUnsafeBytes(body)
  }

  /// The elements of a tensor, converted to `Float`, which is exact for all three readable types.
  ///
  /// - Throws: ``WeightError/keyNotFound(file:key:)``; ``WeightError/notFloatingPoint(file:key:dtype:)`` if the
  ///   elements are integers, truth values or floats of another width.
  public func floats(of key: String) throws(WeightError) -> [Float] {
    let (bytes, dtype) = try floatBytes(of: key)
    return bytes.withUnsafeBytes { FloatDecoding.floats($0, dtype) }
  }

  /// The index of the first element that is infinite or not a number, or `nil` if all are finite.
  ///
  /// - Throws: As ``floats(of:)``.
  public func firstNonFinite(of key: String) throws(WeightError) -> Int? {
    let (bytes, dtype) = try floatBytes(of: key)
    return bytes.withUnsafeBytes { FloatDecoding.firstNonFinite($0, dtype) }
  }

  private func floatBytes(of key: String) throws(WeightError) -> (MappedBytes, DType) {
    guard let entry = self[key] else { throw .keyNotFound(file: name, key: key) }
    guard let dtype = entry.dtype.dtype else {
      throw .notFloatingPoint(file: name, key: key, dtype: entry.dtype)
    }
    return (try bytes(of: key), dtype)
  }
}

/// Opens files of weights, whatever their names are.
public enum WeightFiles {
  /// A safetensors file, or a checkpoint of PyTorch (`.ckpt`, `.pt`, `.pth`, `.bin`), by its content.
  ///
  /// - Throws: ``WeightError``, as ``SafetensorsFile/init(path:)`` and ``PyTorchFile/init(path:)``.
  public static func open(_ path: String) throws(WeightError) -> any WeightFile {
    let region = try MappedRegion.file(path)
    if PyTorchFile.resembles(region.bytes) { return try PyTorchFile(region: region, name: path) }
    return try SafetensorsFile(region: region, name: path)
  }
}
