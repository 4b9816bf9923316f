// SPDX-License-Identifier: Apache-2.0

import Colorize

let colorizer = try await Colorizer()
let sketch = try Image.load(CommandLine.arguments[1])
let reference = try await colorizer.encode(.load(CommandLine.arguments[2]))

var request = colorizer.request(sketch: sketch, reference: .encoded(reference))
request.seed = 7
for try await event in colorizer.events(for: request) {
  switch event {
  case .step(let completed, let total): print("step \(completed) of \(total)")
  case .finished(let result): try result.image.write(to: CommandLine.arguments[3])
  default: break
  }
}
