// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What commands have in common that work on one picture with a model and its texts.
struct ModelRunOptions: ParsableArguments {
  @OptionGroup var texts: TextOptions
  @OptionGroup var replacing: OverwriteOptions
  @OptionGroup(title: "Model and device") var model: ModelOptions
  @OptionGroup(title: "Model and device") var backend: BackendOptions
  @OptionGroup(title: "Reports") var report: ReportOptions
}
