// SPDX-License-Identifier: Apache-2.0

/// The compute shaders of this folder as SPIR-V in base64: one constant for each `.comp` file, made by the build.
package enum ShaderBinaries {}
