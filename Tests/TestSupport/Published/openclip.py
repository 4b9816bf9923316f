# SPDX-License-Identifier: Apache-2.0
"""Makes a small random text tower and what open_clip itself computes with it, for the test that IRODORI_OPENCLIP enables.

    python openclip.py FOLDER     # needs torch, safetensors, open_clip_torch
"""
import json
import sys

import torch
from open_clip.tokenizer import SimpleTokenizer
from open_clip.transformer import TextTransformer
from safetensors.torch import save_file

folder = sys.argv[1]
torch.manual_seed(5)
tower = TextTransformer(context_length=77, vocab_size=49408, width=128, heads=2, layers=3, output_dim=96).eval()
for parameter in tower.parameters():
    parameter.data += 0.02 * torch.randn_like(parameter)
texts = ["a girl with long blonde hair", "blue sky", "", "don’t &amp; won't ＦＵＬＬ 한국 ½", "castle " * 120]
with torch.no_grad():
    embeddings = tower(SimpleTokenizer()(texts))
    embeddings = embeddings / embeddings.norm(dim=-1, keepdim=True)
save_file({k: v.contiguous() for k, v in tower.state_dict().items() if k != "attn_mask"}, f"{folder}/openclip.safetensors")
with open(f"{folder}/openclip.json", "w") as file:
    json.dump({"texts": texts, "embeddings": embeddings.tolist()}, file)
