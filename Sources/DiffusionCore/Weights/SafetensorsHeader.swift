// SPDX-License-Identifier: Apache-2.0

/// What the header of a safetensors file says, before its byte ranges are checked against each other and the file.
///
/// Source of the rules: the format's description and the reference implementation
/// (<https://github.com/huggingface/safetensors>). As there, fields of a tensor other than the three known ones are
/// passed over. Stricter than there, two equal keys are refused, which the description demands; keys that differ only
/// in how Unicode composes a letter count as equal, as everywhere in Swift.
struct SafetensorsHeader {
  struct Tensor {
    var key: String
    var dtype: SafetensorsDType
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  var tensors: [Tensor] = []
  var metadata: [String: String] = [:]

  private let file: String
  private var keys: Set<String> = []

  init(parsing bytes: [UInt8], file: String) throws(WeightError) {
    self.file = file
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw .invalidUTF8(file: file, offset: error.byteOffsets.lowerBound)
    }
    var scanner = JSONScanner(bytes)
    guard bytes.first == UInt8(ascii: "{") else {
      throw .invalidJSON(file: file, offset: 0, reason: "the header does not begin with \"{\"")
    }
    try scanner.object({ Self.invalid(file, $0) }) { (scanner, key, offset) throws(WeightError) in
      guard keys.insert(key).inserted else { throw .duplicateKey(file: file, key: key, offset: offset) }
      if key == "__metadata__" {
        metadata = try Self.parseMetadata(&scanner, file)
      } else {
        tensors.append(try Self.parseTensor(&scanner, key, file))
      }
    }
    guard scanner.peek() == nil else {
      throw .invalidJSON(file: file, offset: scanner.position, reason: "something follows the header's object")
    }
    keys = []
  }

  private static func invalid(_ file: String, _ fault: JSONScanner.Fault) -> WeightError {
    .invalidJSON(file: file, offset: fault.offset, reason: fault.reason)
  }

  private static func parseMetadata(
    _ scanner: inout JSONScanner, _ file: String
  ) throws(WeightError) -> [String: String] {
    var metadata: [String: String] = [:]
    try scanner.object({ invalid(file, $0) }) { (scanner, key, offset) throws(WeightError) in
      guard metadata[key] == nil else {
        throw .duplicateKey(file: file, key: "__metadata__." + key, offset: offset)
      }
      do throws(JSONScanner.Fault) { metadata[key] = try scanner.string() } catch { throw invalid(file, error) }
    }
    return metadata
  }

  private static func parseTensor(
    _ scanner: inout JSONScanner, _ key: String, _ file: String
  ) throws(WeightError) -> Tensor {
    var fields: Set<String> = []
    var dtype: SafetensorsDType?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object({ invalid(file, $0) }) { (scanner, field, offset) throws(WeightError) in
      guard fields.insert(field).inserted else {
        throw .duplicateKey(file: file, key: key + "." + field, offset: offset)
      }
      switch field {
      case "dtype":
        let name = try scan(file) { () throws(JSONScanner.Fault) in try scanner.string() }
        guard let known = SafetensorsDType(rawValue: name) else {
          throw .unknownDType(file: file, key: key, dtype: name)
        }
        dtype = known
      case "shape":
        let numbers = try scan(file) { () throws(JSONScanner.Fault) in try scanner.integers() }
        shape = try values(numbers) { .invalidShape(file: file, key: key, shape: $0) }
      case "data_offsets":
        let numbers = try scan(file) { () throws(JSONScanner.Fault) in try scanner.integers() }
        offsets = try values(numbers) { .invalidOffsets(file: file, key: key, offsets: $0) }
      default:
        try scan(file) { () throws(JSONScanner.Fault) in try scanner.skipValue() }
      }
    }
    guard let dtype else { throw .missingField(file: file, key: key, field: "dtype") }
    guard let shape else { throw .missingField(file: file, key: key, field: "shape") }
    guard let offsets else { throw .missingField(file: file, key: key, field: "data_offsets") }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw .invalidOffsets(file: file, key: key, offsets: bracketed(offsets.prefix(8).map(String.init)))
    }
    return Tensor(key: key, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
  }

  private static func scan<T>(_ file: String, _ body: () throws(JSONScanner.Fault) -> T) throws(WeightError) -> T {
    do throws(JSONScanner.Fault) { return try body() } catch { throw invalid(file, error) }
  }

  /// The integers as `Int`, or the error made of their text if one is negative or does not fit.
  private static func values(
    _ numbers: [JSONScanner.Integer], _ fail: (String) -> WeightError
  ) throws(WeightError) -> [Int] {
    var values: [Int] = []
    values.reserveCapacity(numbers.count)
    for number in numbers {
      guard case .value(let value) = number else {
        throw fail(
          bracketed(
            numbers.prefix(8).map {
              switch $0 {
              case .value(let value): String(value)
              case .negative(let text), .tooLarge(let text): text
              }
            }))
      }
      values.append(value)
    }
    return values
  }

  private static func bracketed(_ texts: [String]) -> String { "[" + texts.joined(separator: ", ") + "]" }
}
