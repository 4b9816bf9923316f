import Glibc

/// The text of an `errno`.
func systemError(_ code: Int32) -> String {
  guard let text = strerror(code) else { return "system error \(code)" }
  return String(cString: text)
}

/// `write(2)` under a name that a method called `write` does not hide.
func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
