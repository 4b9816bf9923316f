// SPDX-License-Identifier: Apache-2.0

import Colorize

let colorizer = try await Colorizer()
let folder = CommandLine.arguments[1]
let sheet = try await colorizer.encode(
  .load("\(folder)/sheet.png"), mask: Mask(.load("\(folder)/sheet-mask.png")))

for frame in 1...2 {
  var request = colorizer.request(sketch: try .load("\(folder)/frame-\(frame).png"), reference: .encoded(sheet))
  request.sketchMask = Mask(try .load("\(folder)/mask-\(frame).png"))
  request.mode = .full
  request.seed = 7
  try await colorizer.colorize(request).image.write(to: "\(folder)/coloured-\(frame).png")
}
