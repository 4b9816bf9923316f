# SPDX-License-Identifier: Apache-2.0

"""Cuts the fixtures of this folder out of the golden tensors, and draws reference noise.

    python make_fixtures.py GOLDEN_FOLDER

Needs numpy, torch, safetensors and k-diffusion 0.1.1. Writes NAME.bin (little-endian float32, row-major) and NAME.json
({tensor: {"offset": in values, "shape": [...]}}) for NAME in sampling and noise. Run once more by itself with
ATEN_CPU_CAPABILITY=default, because that variable is read only when torch starts.
"""

import json
import math
import os
import subprocess
import sys

import numpy as np
import torch
from safetensors.numpy import load_file

HERE = os.path.dirname(os.path.abspath(__file__))
# The samplers act on each value alone, so a part of the latent is as good a test as all of it.
VALUES = 128


def write(name, tensors):
    index, parts, offset = {}, [], 0
    for key in sorted(tensors):
        array = np.ascontiguousarray(tensors[key], dtype="<f4")
        index[key] = {"offset": offset, "shape": list(array.shape)}
        parts.append(array.tobytes())
        offset += array.size
    with open(os.path.join(HERE, name + ".bin"), "wb") as file:
        file.write(b"".join(parts))
    with open(os.path.join(HERE, name + ".json"), "w") as file:
        file.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in index.items()) + "\n}\n")


def adaptive(sqrt_abar):
    """DPM adaptive on a denoiser in closed form: eps = tanh(2 u) (1 + 6 tanh((t - 700) / 2)), u of unit variance.

    It changes within a short time, so that steps are rejected."""
    from k_diffusion.sampling import sample_dpm_adaptive

    sigmas = torch.from_numpy(np.sqrt((1 - sqrt_abar**2) / sqrt_abar**2).astype(np.float32))
    logs = sigmas.log().double().numpy()

    def denoised(x, sigma):
        t = np.interp(math.log(sigma[0].item()), logs, np.arange(len(logs)))
        return x - sigma * torch.tanh(2 * x / (sigma**2 + 1).sqrt()) * (1 + 6 * math.tanh((t - 700) / 2))

    draws, generator = [], torch.Generator().manual_seed(3)

    def noise(*_):
        draws.append(torch.randn(1, 64, generator=generator))
        return draws[-1]

    x, info = sample_dpm_adaptive(
        denoised, noise() * sigmas[-1], sigmas[0].item(), sigmas[-1].item(), eta=1, noise_sampler=noise, disable=True,
        return_info=True)
    assert info["n_reject"] > 0 and len(draws) == 1 + info["n_accept"], info
    return {"dpm_adaptive.noise": torch.cat(draws), "dpm_adaptive.final": x}


def sampling(folder):
    out = {"sigmas." + k: v for k, v in load_file(os.path.join(folder, "sigmas.safetensors")).items()}
    schedule = load_file(os.path.join(folder, "schedule.safetensors"))
    for key, value in schedule.items():
        flat = value.reshape(value.shape[0], -1)
        # The tables whole, of the tensors [3, 4, 8, 8] a few values each.
        out["schedule." + key] = value if value.ndim == 1 else flat[:, :16]
    samplers = load_file(os.path.join(folder, "samplers.safetensors"))
    cut = lambda x: x.reshape(-1, 256)[:, :VALUES]
    for case in ("dpmpp_2m_karras_dual", "dpmpp_2m_bg_dual"):
        out[case + ".sigma"] = samplers[case + ".eval_sigma"]
        out[case + ".x"] = cut(np.concatenate([samplers[case + ".eval_x"], samplers[case + ".final"][None]]))
        out[case + ".denoised"] = cut(samplers[case + ".eval_denoised"])
    out["dpm_fast.sigma"] = samplers["dpm_fast.eval_sigma"]
    out["dpm_fast.x"] = cut(np.concatenate([samplers["dpm_fast.eval_x"], samplers["dpm_fast.final"][None]]))
    out["dpm_fast.denoised"] = cut(samplers["dpm_fast.eval_denoised"])
    out["dpm_fast.noise"] = cut(samplers["dpm_fast.noise"])
    out.update(adaptive(schedule["sqrt_alphas_cumprod"]))
    for case in ("ddim", "dpm", "dpm_dual", "dpm_karras", "dpm_eps", "lms", "pndm"):
        case = "diffuser_" + case
        x, x_prev, final = (samplers[f"{case}.{k}"] for k in ("x", "x_prev", "final"))
        assert np.array_equal(x[1:], x_prev[:-1]) and np.array_equal(x_prev[-1], final)
        out[case + ".timestep"] = samplers[case + ".timestep"]
        out[case + ".x"] = cut(np.concatenate([x, final[None]]))
        out[case + ".pred"] = cut(samplers[case + ".pred"])
    return out


SEEDS = (0, 42, 2**32 + 7, 2**63 + 5)
COUNTS = (1, 15, 16, 17, 40, 256)
SEQUENCE = (3, 20, 4, 16, 1)


def torch_noise(prefix):
    out = {}
    for seed in SEEDS:
        for count in COUNTS:
            torch.manual_seed(seed)
            out[f"{prefix}.{seed}.{count}"] = torch.randn(count).numpy()
    torch.manual_seed(7)
    out[f"{prefix}.sequence"] = np.concatenate([torch.randn(n).numpy() for n in SEQUENCE])
    return out


def numpy_noise():
    out = {}
    for seed in (0, 42, 2**32 - 1):
        state = np.random.RandomState(seed)
        out[f"numpy.{seed}"] = np.concatenate([state.randn(n) for n in (5, 1, 250)]).astype(np.float32)
    return out


def philox_noise():
    """Philox 4x32-10 and cuRAND's Box-Muller in whole-number and double arithmetic."""
    out = {}
    turn = float(np.float32(2.3283064e-10 * 6.2831855))
    for seed in (0, 42, 2**63 + 5):
        values = []
        for call, count in enumerate((12, 3)):
            for i in range(count):
                c, k = [call, 0, i, 0], [seed & 0xFFFFFFFF, seed >> 32]
                for _ in range(10):
                    p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
                    c = [q >> 32 ^ c[1] ^ k[0], q & 0xFFFFFFFF, p >> 32 ^ c[3] ^ k[1], p & 0xFFFFFFFF]
                    k = [k[0] + 0x9E3779B9 & 0xFFFFFFFF, k[1] + 0xBB67AE85 & 0xFFFFFFFF]
                u, v = c[0] * 2.0**-32 + 2.0**-33, c[1] * turn + turn / 2
                values.append(np.sqrt(-2 * np.log(u)) * np.sin(v))
        out[f"philox.{seed}"] = np.array(values)
    return out


if __name__ == "__main__":
    if sys.argv[1] == "--plain":
        np.savez(sys.argv[2], **torch_noise("torch.default"))
        sys.exit()
    write("sampling", sampling(sys.argv[1]))
    plain = os.path.join(HERE, "plain.npz")
    environment = dict(os.environ, ATEN_CPU_CAPABILITY="default")
    subprocess.run([sys.executable, __file__, "--plain", plain], env=environment, check=True)
    noise = {**torch_noise("torch.avx2"), **np.load(plain), **numpy_noise(), **philox_noise()}
    os.remove(plain)
    assert torch.backends.cpu.get_cpu_capability() == "AVX2"
    write("noise", noise)
