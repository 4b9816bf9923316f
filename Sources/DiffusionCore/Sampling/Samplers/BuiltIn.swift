// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// The samplers of this library, as lists of names have them.
  static let builtIn: [Sampler] = [
    .euler, .eulerAncestral, .heun, .lms, .dpm2, .dpm2Ancestral, .dpmpp2SAncestral, .dpmppSDE, .dpmpp2M, .dpmpp2MSDE,
    .dpmpp2MSDEHeun, .dpmpp3MSDE, .dpmFast, .dpmAdaptive, .ddim, .dpmSolver, .lmsDiffusers, .pndm,
  ]
}
