/// What the program calls itself.
enum Tool {
  static let name = "Irodori"
  static let version = "0.1.0"
}
