"""A loss of one's own: softmax over the cosines with a trained vector per class (Zhai and Wu 2019)."""

import torch
import torch.nn.functional as F
from torch import nn


class NormalizedSoftmax(nn.Module):
    def __init__(self, num_classes, embedding_size, temperature):
        super().__init__()
        self.temperature = temperature
        self.classes = nn.Parameter(torch.randn(num_classes, embedding_size))

    def forward(self, embeddings, labels):
        cosines = F.normalize(embeddings) @ F.normalize(self.classes).T
        return F.cross_entropy(cosines / self.temperature, labels)
