// SPDX-License-Identifier: Apache-2.0

extension SafetensorsWriter {
  /// The header's bytes, padded by spaces so that the data begins at a multiple of eight, and every tensor's size.
  static func header(
    _ tensors: [Tensor], _ metadata: [String: String], file: String
  ) throws(WeightError) -> (header: [UInt8], byteCounts: [Int]) {
    var members: [String] = []
    if !metadata.isEmpty {
      // Sorted, so that equal content makes equal files.
      let texts = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      members.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    }
    var keys: Set<String> = ["__metadata__"]
    var byteCounts: [Int] = []
    var end = 0
    for tensor in tensors {
      guard keys.insert(tensor.key).inserted else {
        throw .duplicateKey(file: file, key: tensor.key, offset: members.reduce(1) { $0 + $1.utf8.count + 1 })
      }
      guard let size = tensor.dtype.size(of: tensor.shape),
        case let (sum, overflow) = end.addingReportingOverflow(size.bytes), !overflow
      else { throw .shapeOverflow(file: file, key: tensor.key, shape: tensor.shape, dtype: tensor.dtype) }
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(quoted(tensor.key)):{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(end),\(sum)]}")
      byteCounts.append(size.bytes)
      end = sum
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    guard header.count <= SafetensorsFile.maximumHeaderLength else {
      throw .headerTooLarge(file: file, length: UInt64(header.count))
    }
    return (header, byteCounts)
  }

  /// A JSON string: quotes, backslashes and control characters are escaped, all else stands as it is.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{00}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
