// SPDX-License-Identifier: Apache-2.0

import CKernels

extension HostMemory {
  /// Lets all threads of the process share one heap, where the address space is short: each would reserve 64 MiB of it.
  package static func shareHeap() { ck_share_heap() }
}
