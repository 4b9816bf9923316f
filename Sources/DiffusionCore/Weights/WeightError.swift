// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with weight files and with their fit to a model.
///
/// Every case has a text (`description`) that names the file, the key and the numbers, and says what to do.
public enum WeightError: Error, Sendable {
  // MARK: The file

  /// No file has this path.
  case fileMissing(file: String)
  /// The file exists, and the system refuses to open or map it.
  case fileNotReadable(file: String, reason: String)
  /// The system has no more of what opening a file takes, memory to map it or a place among the open files: no fault of
  /// the file.
  case outOfResources(file: String, reason: String)
  /// The path leads to a directory.
  case isDirectory(file: String)
  /// The file has no bytes.
  case emptyFile(file: String)
  /// The file is something else altogether.
  case foreign(file: String, content: ForeignContent)
  /// The path is a symbolic link, and what it leads to is not there.
  case danglingLink(file: String, target: String)
  /// The file is shorter than the eight bytes of the header's length.
  case tooShort(file: String, count: Int)

  // MARK: The header

  /// The header's length is given as zero.
  case headerEmpty(file: String)
  /// The header's length is above ``SafetensorsFile/maximumHeaderLength``.
  case headerTooLarge(file: String, length: UInt64)
  /// The header is longer than what is left of the file.
  case headerPastEnd(file: String, length: UInt64, available: Int)
  /// The header is not UTF-8; the offset counts from the header's first byte.
  case invalidUTF8(file: String, offset: Int)
  /// The header is not the JSON it should be; the offset counts from the header's first byte.
  case invalidJSON(file: String, offset: Int, reason: String)
  /// The header names a tensor, or a field of it, twice.
  case duplicateKey(file: String, key: String, offset: Int)

  // MARK: The tensors

  /// A tensor's entry lacks `dtype`, `shape` or `data_offsets`.
  case missingField(file: String, key: String, field: String)
  /// The format knows no such element type.
  case unknownDType(file: String, key: String, dtype: String)
  /// A dimension is negative or does not fit in 64 bits.
  case invalidShape(file: String, key: String, shape: String)
  /// The dimensions are fine one by one, but their product is too large or does not fill whole bytes.
  case shapeOverflow(file: String, key: String, shape: [Int], dtype: SafetensorsDType)
  /// The offsets are not two integers in ascending order.
  case invalidOffsets(file: String, key: String, offsets: String)
  /// The byte range does not have the size that shape and element type demand.
  case sizeMismatch(
    file: String, key: String, shape: [Int], dtype: SafetensorsDType, expected: Int, found: Int)
  /// A tensor begins before another one has ended.
  case overlap(file: String, key: String, other: String, begin: Int, otherEnd: Int)
  /// There are bytes between two tensors, or before the first, that belong to none.
  case hole(file: String, key: String, begin: Int, previousEnd: Int)
  /// The file ends before the last tensor does; the key is that of the first tensor that is not whole.
  case truncated(file: String, key: String, expected: Int, found: Int)
  /// The file goes on after the last tensor.
  case trailingBytes(file: String, expected: Int, found: Int)

  // MARK: Checkpoints of PyTorch

  /// The file asks for more than a list of weights does, or is of a kind that is not read; the reason names it.
  case refusedPickle(file: String, reason: String)
  /// The file is damaged or cut short; the offset counts from its first byte.
  case damagedPickle(file: String, offset: Int, reason: String)

  // MARK: Reading

  /// The file was longer when it was opened: another program writes into it.
  case shortened(file: String, expected: Int, found: Int)

  /// The file has no tensor of this name.
  case keyNotFound(file: String, key: String)
  /// The tensor exists, and its elements cannot be read as weights.
  case notFloatingPoint(file: String, key: String, dtype: SafetensorsDType)
  /// A model asks for a shape that no memory can hold, which its configuration must have caused.
  case impossibleShape(key: String, shape: [Int])
  /// The files do not hold the weights of the model, or hold others as well.
  case mismatch(LoadReport)

  /// A checkpoint in several files lacks some of them, or its index cannot be used.
  case incompleteShards(file: String, reason: String)

  // MARK: Writing

  /// The system refuses to create, fill or rename the file.
  case fileNotWritable(file: String, reason: String)
  /// There is a file at the path, and it was not to be replaced: see ``ExistingFilePolicy``. With `keepBoth`, `savedAs` is
  /// where the weights are instead.
  case fileExists(file: String, savedAs: String?)
  /// The calls of a writer do not follow its list of tensors.
  case writeOutOfOrder(file: String, reason: String)
}
