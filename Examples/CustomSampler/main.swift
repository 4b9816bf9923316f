// SPDX-License-Identifier: Apache-2.0

// Adds a sampler to those of the library, and runs it by its name.
//
// usage: CustomSampler SKETCH REFERENCE RESULT [SAMPLER]

import Colorize
import DiffusionCore
import Foundation

try SamplerRegistry.shared.register(.eulerChurn)

let arguments = CommandLine.arguments
guard arguments.count >= 4 else {
  print("usage: CustomSampler SKETCH REFERENCE RESULT [SAMPLER]")
  exit(2)
}
let name = arguments.count > 4 ? arguments[4] : "euler_churn"

let colorizer = try await Colorizer()
var request = colorizer.request(
  sketch: try .load(arguments[1]), reference: .image(try .load(arguments[2])))
// By name, as settings in a file say it; an unknown name is an error that lists all there are.
request.sampler = try Sampler(named: name)
request.steps = 6
let result = try await colorizer.colorize(request)
try result.image.write(to: arguments[3])

let stored = try JSONEncoder().encode(result.summary.settings)
let again = try JSONDecoder().decode(ColorizeSettings.self, from: stored)
print("coloured with \(result.summary.settings.sampler.name); as stored: \(again.sampler.name)")
