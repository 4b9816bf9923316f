// SPDX-License-Identifier: Apache-2.0

/// Work that the peer is asked for: a name that its script knows, and the sizes.
struct PeerWork: Encodable {
  let work: String
  let sizes: [String: Int]

  init(_ work: String, _ sizes: [String: Int]) {
    self.work = work
    self.sizes = sizes
  }
}
