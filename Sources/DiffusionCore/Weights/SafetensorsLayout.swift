// SPDX-License-Identifier: Apache-2.0

/// The check of a header's byte ranges against shapes, against each other and against the file.
enum SafetensorsLayout {
  /// The tensors by key, after every range has been proved to lie within `available` bytes of data.
  ///
  /// As in the reference implementation, the ranges must follow each other from zero to the end of the file: a hole
  /// or bytes after the last tensor are the mark of a file that was put together wrongly or tampered with.
  ///
  /// - Throws: ``WeightError/shapeOverflow(file:key:shape:dtype:)``, `sizeMismatch`, `overlap`, `hole`, `truncated` or
  ///   `trailingBytes`.
  static func entries(
    _ header: SafetensorsHeader, file: String, available: Int
  ) throws(WeightError) -> [String: SafetensorsFile.Entry] {
    var entries: [String: SafetensorsFile.Entry] = [:]
    entries.reserveCapacity(header.tensors.count)
    for tensor in header.tensors {
      guard let size = tensor.dtype.size(of: tensor.shape) else {
        throw .shapeOverflow(file: file, key: tensor.key, shape: tensor.shape, dtype: tensor.dtype)
      }
      // Neither bound is negative, so the difference cannot overflow.
      guard tensor.end - tensor.begin == size.bytes else {
        throw .sizeMismatch(
          file: file, key: tensor.key, shape: tensor.shape, dtype: tensor.dtype, expected: size.bytes,
          found: tensor.end - tensor.begin)
      }
      entries[tensor.key] = SafetensorsFile.Entry(
        dtype: tensor.dtype, shape: tensor.shape, elementCount: size.elements, byteRange: tensor.begin..<tensor.end)
    }
    try checkContiguous(header.tensors, file: file, available: available)
    return entries
  }

  private static func checkContiguous(
    _ tensors: [SafetensorsHeader.Tensor], file: String, available: Int
  ) throws(WeightError) {
    // The end is part of the order: a tensor without elements shares its begin with the one after it.
    let ordered = tensors.sorted { ($0.begin, $0.end, $0.key) < ($1.begin, $1.end, $1.key) }
    var end = 0
    var last: String?
    var firstCut: String?
    for tensor in ordered {
      if tensor.begin < end {
        throw .overlap(file: file, key: tensor.key, other: last ?? "", begin: tensor.begin, otherEnd: end)
      }
      if tensor.begin > end { throw .hole(file: file, key: tensor.key, begin: tensor.begin, previousEnd: end) }
      end = tensor.end
      last = tensor.key
      if end > available, firstCut == nil { firstCut = tensor.key }
    }
    if let firstCut { throw .truncated(file: file, key: firstCut, expected: end, found: available) }
    if end < available { throw .trailingBytes(file: file, expected: end, found: available) }
  }
}
