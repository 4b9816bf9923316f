// SPDX-License-Identifier: Apache-2.0

import Colorize

/// The options that decide a request besides its pictures: what `run` and `shot` share.
struct RequestOptions {
  let output: OutputOptions
  let finish: FinishOptions
  let strengths: StrengthOptions
  let sampling: SamplingOptions
  let memory: MemoryOptions

  /// Sets everything but the inputs, what is done to them, and the mode.
  func apply(to request: inout ColorizeRequest, model: Model) throws {
    request.size = output.size
    request.frame = output.frame
    request.count = output.count
    request.vaeTiling = memory.vaeTile.tiling
    request.checksMemory = !memory.force
    request.previewInterval = output.previews
    try finish.apply(to: &request, defaults: model.configuration.finish)
    try sampling.apply(to: &request, defaults: model.configuration.sampling)
    request.seed = sampling.seed.resolved
    request.noise = sampling.noise
    request.schedule = sampling.schedule
    request.injection = strengths.injection
    request.referenceStrength = strengths.referenceStrength
    request.foregroundStrength = strengths.foregroundStrength
    request.backgroundStrength = strengths.backgroundStrength
    request.sketchStrength = strengths.sketchStrength
    request.merge = strengths.merge
    request.sketchThreshold = strengths.sketchThreshold
    request.referenceThreshold = strengths.referenceThreshold
    request.contextLayout = strengths.contextLayout
    request.maskShaping = strengths.masks.shaping
    try strengths.texts.check()
    request.manipulation = try strengths.texts.manipulation()
  }
}
