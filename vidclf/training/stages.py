"""Transfer learning: which part of the network is trained, and when."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from vidclf.config import Config
from vidclf.models import ClipClassifier


def backbone_is_trained(config: Config, epoch: int) -> bool:
    """Whether the backbone learns in an epoch, counted from 1."""
    if config.model.freeze == "staged":
        return epoch >= config.train.unfreeze_epoch
    return config.model.freeze == "none"


def set_training_mode(network: ClipClassifier, config: Config, epoch: int) -> None:
    """Put each part of the network into the mode that an epoch wants.

    A frozen backbone runs as in prediction: no dropout, batch normalisation with the statistics it came with.
    """
    trained = backbone_is_trained(config, epoch)
    network.train()
    network.backbone.requires_grad_(trained)
    if not trained:
        network.backbone.eval()
    elif config.model.freeze_batch_norm:
        for module in network.backbone.modules():
            if isinstance(module, _BatchNorm):
                module.eval()


def describe_stages(config: Config) -> str:
    """In words, for the first lines of a training."""
    if config.model.freeze == "backbone":
        return "the backbone stays as it is, the head is trained"
    if config.model.freeze == "staged":
        return (
            f"the head is trained first, from epoch {config.train.unfreeze_epoch} the backbone too, "
            f"at {config.train.backbone_lr_scale:g} of the learning rate"
        )
    return "the whole network is trained"


def count_parameters(module: nn.Module) -> int:
    """Number of weights, buffers left out."""
    return sum(parameter.numel() for parameter in module.parameters())
