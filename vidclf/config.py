"""The one tree of settings: one YAML file a run, checked as a whole, overridden by dotted path.

Every name that a setting may take is a literal here, and a test pins the literals to what the code really
offers. `vidclf config schema` prints this tree.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeGuard, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from vidclf.errors import ConfigError

Backbone = Literal[
    "small", "medium", "plain", "residual", "residual_grid",
    "alexnet",
    "convnext_base", "convnext_large", "convnext_small", "convnext_tiny",
    "densenet121", "densenet161", "densenet169", "densenet201",
    "efficientnet_b0", "efficientnet_b1", "efficientnet_b2", "efficientnet_b3", "efficientnet_b4",
    "efficientnet_b5", "efficientnet_b6", "efficientnet_b7",
    "efficientnet_v2_l", "efficientnet_v2_m", "efficientnet_v2_s",
    "googlenet", "inception_v3", "maxvit_t",
    "mnasnet0_5", "mnasnet0_75", "mnasnet1_0", "mnasnet1_3",
    "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small",
    "regnet_x_16gf", "regnet_x_1_6gf", "regnet_x_32gf", "regnet_x_3_2gf", "regnet_x_400mf",
    "regnet_x_800mf", "regnet_x_8gf", "regnet_y_128gf", "regnet_y_16gf", "regnet_y_1_6gf",
    "regnet_y_32gf", "regnet_y_3_2gf", "regnet_y_400mf", "regnet_y_800mf", "regnet_y_8gf",
    "resnet101", "resnet152", "resnet18", "resnet34", "resnet50",
    "resnext101_32x8d", "resnext101_64x4d", "resnext50_32x4d",
    "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0",
    "squeezenet1_0", "squeezenet1_1",
    "swin_b", "swin_s", "swin_t", "swin_v2_b", "swin_v2_s", "swin_v2_t",
    "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn",
    "vit_b_16", "vit_b_32", "vit_h_14", "vit_l_16", "vit_l_32",
    "wide_resnet101_2", "wide_resnet50_2",
]  # fmt: skip
Head = Literal["lstm", "bilstm", "gru", "tcn", "attention", "mean", "moments", "frame"]
Pooling = Literal["last", "mean", "attention"]
Sampling = Literal["uniform", "center", "rate", "dense"]
Crop = Literal["none", "center", "clip", "causal"]
CropPart = Literal["upper", "body"]
Detector = Literal["motion", "yolox", "yunet"]
Motion = Literal["none", "add", "only", "picture", "two_stream"]
Normalise = Literal["auto", "imagenet", "half", "ink", "clip", "frame"]
MetricLoss = Literal["contrastive", "triplet", "prototypical"]
Mining = Literal["all", "hard", "semi-hard"]
Freeze = Literal["none", "backbone", "staged"]
Optimizer = Literal["sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw"]
Schedule = Literal["constant", "cosine"]
ClassWeights = Literal["none", "balanced"]
Amp = Literal["no", "fp16", "bf16"]
Cache = Literal["none", "memory", "disk", "features"]
Device = Literal["auto", "cpu", "cuda", "mps"]

# Of pydantic's kinds of findings, those that say what a value must be.
_OUT_OF_BOUNDS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number")


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        allow_inf_nan=False,
        coerce_numbers_to_str=True,  # YAML reads a folder 2024 or a label 1 as a number
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_all_defaults(cls, values: Any) -> Any:
        return {} if values is None else values  # "train:" with all its lines commented out


class SplitConfig(_Section):
    """Used where the manifest has no `split` column."""

    val: float = Field(0.2, ge=0, lt=1, description="share of the clips to validate on while training")
    test: float = Field(0.2, ge=0, lt=1, description="share of the clips to test on at the end")
    seed: int = Field(0, ge=0, lt=2**32, description="which split; one seed is always the same split")

    @model_validator(mode="after")
    def _leaves_something(self) -> SplitConfig:
        if self.val + self.test >= 1:
            raise ValueError(f"val {self.val} and test {self.test} leave nothing to train on")
        return self


class DataConfig(_Section):
    """Which clips, and how they are read."""

    manifest: str | None = Field(None, description="CSV with path,label[,group,...], or a folder per class")
    root: str | None = Field(None, description="folder that the manifest's paths start from; default: its own")
    split: SplitConfig = SplitConfig()
    workers: int = Field(2, ge=1, le=256, description="threads that read and change clips while the network learns")
    cache: Cache = Field(
        "none",
        description="memory: decode once and keep the resized frames in memory; disk: keep them in files, for other "
        "trainings too; features: keep what a frozen backbone makes of them, and train the head alone",
    )
    cache_dir: str | None = Field(
        None, description="folder of disk and features; default: VIDCLF_CACHE, else vidclf in the user's cache folder"
    )
    classes: list[str] | None = Field(None, description="use the clips of these labels only; default: of all")
    max_bad_share: float = Field(0.05, ge=0, le=1, description="stop when more than this share cannot be read")
    on_truncated: Literal["error", "keep"] = Field("error", description="keep: use a damaged clip's good part")


class PrepConfig(_Section):
    """From frames to the network's input; the same in training, validation, prediction and live."""

    sampling: Sampling = Field(
        "uniform",
        description="uniform: `frames` steps spread over the clip; center: `frames` steps at `fps` around its "
        "middle; rate: steps at `fps` over the whole clip; dense: every frame",
    )
    frames: int | None = Field(16, ge=1, le=10_000, description="steps of uniform and center")
    fps: float | None = Field(None, gt=0, description="steps a second of center and rate")
    size: int | tuple[int, int] = Field(112, description="side, or [height, width], in pixels")
    crop: Crop = Field(
        "none",
        description="none: whole frame; center: largest centred part of the size's shape; clip: one square around "
        "the largest moving person over the whole clip; causal: a square that follows, and only looks back",
    )
    detector: Detector | None = Field(
        None,
        description="what clip and causal look for: yolox (people), yunet (faces), motion (before a still camera)",
    )
    detector_weights: str | None = Field(
        None, description="yolox, yunet: an ONNX file, or default (the one that its authors publish)"
    )
    crop_part: CropPart = Field(
        "upper", description="yolox, yunet: the square holds head, arms and hips (upper), or all of the person (body)"
    )
    crop_scale: float = Field(1.0, gt=0, le=4, description="side of the square over the one that holds just that")
    motion: Motion = Field(
        "none",
        description="grey difference over time: a fourth channel (add), or the only one; picture: its strength as a "
        "grey picture, for backbones that learned from photographs; two_stream: colours and such a picture, each "
        "through the backbone",
    )
    motion_seconds: float = Field(0.1, gt=0, description="how far apart in time the two frames of a difference are")
    normalise: Normalise = Field(
        "auto",
        description="auto: as the weights want it, else half; imagenet: its mean and deviation; half: to -1..1; "
        "ink: black to 1 and white to 0, for drawings on paper; "
        "clip: each clip by its own mean and deviation; frame: each frame by its own, as live can",
    )

    mirror: bool = Field(
        False,
        description="look at each clip mirrored as well and take the mean of both answers, where nothing is trained; "
        "augment.flip_labels says what a mirrored label is",
    )

    @model_validator(mode="after")
    def _complete(self) -> PrepConfig:
        if self.sampling in ("uniform", "center") and self.frames is None:
            raise ValueError(f"sampling {self.sampling} needs prep.frames")
        if self.sampling in ("center", "rate") and self.fps is None:
            raise ValueError(f"sampling {self.sampling} needs prep.fps")
        if not 8 <= min(self.height_width) <= max(self.height_width) <= 4096:
            raise ValueError(f"size {self.size} is not between 8 and 4096 pixels")
        if self.crop in ("clip", "causal"):
            self._finds_the_person()
        return self

    def _finds_the_person(self) -> None:
        if self.detector is None:
            raise ValueError(f"crop {self.crop} needs prep.detector: {', '.join(get_args(Detector))}")
        if self.detector == "motion" and self.detector_weights is not None:
            raise ValueError("detector motion has no weights; leave prep.detector_weights out")
        if self.detector != "motion" and self.detector_weights is None:
            raise ValueError(
                f"detector {self.detector} needs prep.detector_weights: an ONNX file, or default (the published one)"
            )
        if self.height_width[0] != self.height_width[1]:
            raise ValueError(f"crop {self.crop} takes a square, so prep.size must be one number, not {self.size}")

    @property
    def height_width(self) -> tuple[int, int]:
        """The network's input size as (height, width)."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size


class AugmentConfig(_Section):
    """One draw a clip: every frame of a clip is changed alike. Training only."""

    scale: float = Field(0.0, ge=0, lt=1, description="zoom by 1 - scale to 1 + scale")
    shift: float = Field(0.0, ge=0, lt=1, description="move by up to this share of the picture")
    rotate: float = Field(0.0, ge=0, le=180, description="turn by up to this many degrees")
    shear: float = Field(0.0, ge=0, le=60, description="slant by up to this many degrees; embed, stills in memory")
    elastic: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="bend smoothly, by up to this share of the picture; embed, stills in memory",
    )
    quarter_turns: bool = Field(
        False,
        description="what is turned by 90, 180 or 270 degrees is an identity of its own; embed, stills in memory",
    )
    colour: float = Field(0.0, ge=0, le=1, description="change of brightness, contrast and saturation")
    speed: float = Field(0.0, ge=0, lt=1, description="play 1 - speed to 1 + speed times as fast")
    trim: float = Field(0.0, ge=0, lt=0.5, description="leave out up to this share of the clip at each end")
    erase: float = Field(0.0, ge=0, le=1, description="chance of one erased rectangle")
    background: float = Field(
        0.0, ge=0, lt=1, description="blend colours with a still frame of another clip, by up to this share"
    )
    mixup: float = Field(
        0.0, ge=0, le=10, description="blend whole clips and their labels, by a share of Beta(mixup, mixup); 0: off"
    )
    flip_labels: dict[str, str] | None = Field(
        None,
        description="mirror half of the clips; says what a mirrored label becomes (left: right, right: left); "
        "labels not named stay; {}: all stay; null: never mirror",
    )

    @model_validator(mode="after")
    def _flips_back(self) -> AugmentConfig:
        for label, mirrored in (self.flip_labels or {}).items():
            if (self.flip_labels or {}).get(mirrored, mirrored) != label:
                raise ValueError(
                    f"flip_labels says that {label} becomes {mirrored}, so {mirrored} must become {label}"
                )
        return self


class ModelConfig(_Section):
    """The network: a CNN over frames, a head over time."""

    backbone: Backbone = Field(
        "small",
        description="small, medium, plain, residual or residual_grid (our own, for low resolutions and CPUs), or a "
        "torchvision name",
    )
    weights: str = Field("none", description="none, default (torchvision's best), or a state_dict file")
    init_from: str | None = Field(
        None, description="start from a trained run (its folder, or its model folder), in place of weights"
    )
    features_at: str | None = Field(
        None,
        description="layer of the backbone whose output, averaged over the picture, is the features; those behind "
        "are left out; `vidclf config layers BACKBONE` lists the names; default: the last before the classifier",
    )
    freeze: Freeze = Field("none", description="backbone: never trained; staged: head first, then the backbone too")
    freeze_batch_norm: bool = Field(False, description="keep the statistics of batch normalisation as loaded")
    head: Head = Field(
        "lstm",
        description="what looks over time; lstm, gru, tcn, attention and mean only look back and can run live; "
        "attention, mean and moments see no order; frame sees the middle step alone",
    )
    hidden: int = Field(
        128, ge=1, le=8192, description="width of lstm, gru, tcn, attention and of each direction of bilstm"
    )
    layers: int = Field(
        1, ge=1, le=16, description="recurrent layers; of tcn, rounds of four blocks: each sees 60 steps back"
    )
    pooling: Pooling = Field("last", description="which steps of lstm, bilstm, gru and tcn count")
    feature_dropout: float = Field(0.0, ge=0, lt=1, description="of the backbone's features, before the head")
    dropout: float = Field(0.3, ge=0, lt=1, description="before the last layer, and within lstm, bilstm, gru and tcn")
    embedding_dim: int = Field(128, ge=2, le=8192, description="embed: length of the vectors")
    loss: MetricLoss = Field(
        "prototypical",
        description="embed: contrastive: pairs through two legs that share their weights; triplet: nearer to its own "
        "than to others, by a margin; prototypical: which of the batch's identities is it",
    )

    def untrained(self) -> ModelConfig:
        """The same network, with random weights: nothing is read to build it."""
        return self.model_copy(update={"weights": "none", "init_from": None})


class EmbedConfig(_Section):
    """What an embedder learns from; for task embed. Batches are of groups x identities x samples a process."""

    groups: int | None = Field(
        None,
        ge=1,
        le=4096,
        description="groups (alphabets, places) that a batch's identities come from, so that most of what must be "
        "told apart is of one group; episodes stay within a group too; null: identities of any group",
    )
    identities: int = Field(16, ge=2, le=65_536, description="identities of a batch, of each group where groups are")
    samples: int = Field(2, ge=2, le=4096, description="clips of each identity")
    margin: float | Literal["soft"] = Field(
        0.2,
        description="triplet: how much further others must be (soft: no fixed margin); contrastive: how far",
    )
    mining: Mining = Field("semi-hard", description="which triplets of a batch count; hard falls back to semi-hard")
    scale: float = Field(24.0, gt=0, le=1000, description="sharpness of prototypical and of the classifier")
    classifier: float = Field(
        0.0, ge=0, lt=1, description="share of the loss that is a cosine classifier over all training identities"
    )
    classifier_margin: float = Field(0.1, ge=0, lt=1, description="cosine by which it must be surer than it needs")
    val_ways: int = Field(20, ge=2, le=4096, description="identities of an episode to validate on, one clip each")
    val_episodes: int = Field(200, ge=1, le=100_000, description="how many episodes; the same each time")

    @field_validator("margin")
    @classmethod
    def _is_a_margin(cls, margin: float | str) -> float | str:
        if isinstance(margin, float) and not 0 < margin <= 2:
            raise ValueError(
                f"a margin lies above 0 and up to 2, the longest distance of two embeddings, not {margin}"
            )
        return margin


class TrainConfig(_Section):
    """How it is trained."""

    epochs: int = Field(30, ge=1, le=1_000_000)
    batch: int = Field(16, ge=1, le=65_536, description="clips a step and process; embed: clips validated at once")
    optimizer: Optimizer = "adamw"
    lr: float = Field(1e-3, gt=0)
    backbone_lr_scale: float = Field(1.0, gt=0, le=1, description="learning rate of the backbone over the head's")
    unfreeze_epoch: int = Field(5, ge=1, description="staged: the epoch from which the backbone is trained")
    schedule: Schedule = "cosine"
    warmup: float = Field(1.0, ge=0, le=1_000_000, description="epochs of linear warm-up")
    weight_decay: float = Field(0.01, ge=0)
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    class_weights: ClassWeights = Field("none", description="balanced: rare classes count more")
    amp: Amp = Field("no", description="mixed precision")
    compile: bool = Field(
        False, description="compile the backbone (torch.compile), which takes a while at first and a C++ compiler"
    )
    clip: float = Field(1.0, ge=0, description="largest norm of the gradient; 0: any")
    accumulate: int = Field(1, ge=1, le=65_536, description="batches a step of the optimizer")
    ema: float = Field(0.0, ge=0, lt=1, description="decay of the averaged weights that are kept; 0: off")
    early_stop: int = Field(0, ge=0, description="stop after so many epochs without a better score; 0: off")
    seed: int = Field(0, ge=0, lt=2**32)
    tensorboard: bool = Field(False, description="write event files as well (extra: tensorboard)")

    @field_validator("amp", mode="before")
    @classmethod
    def _no_is_a_word(cls, value: Any) -> Any:
        return "no" if value is False else value  # YAML 1.1 reads it as false


class Config(_Section):
    """A whole run."""

    task: Literal["classify", "embed"] = Field(
        "classify", description="classify: which of the classes; embed: vectors that tell who or what is the same"
    )
    data: DataConfig = DataConfig()
    prep: PrepConfig = PrepConfig()
    augment: AugmentConfig = AugmentConfig()
    model: ModelConfig = ModelConfig()
    embed: EmbedConfig = EmbedConfig()
    train: TrainConfig = TrainConfig()
    cv: str = Field(
        "none",
        description="cross-validation, in place of data.split.test: group:K (K folds that no group crosses), "
        "leave-one-group-out, or file:FOLDS.csv (path,fold); none: one training",
    )
    device: Device = Field("auto", description="only auto falls back; a device that is not there is an error")
    out: str | None = Field(None, description="the run folder; default: runs/<name of the config>")

    @field_validator("cv")
    @classmethod
    def _is_a_cross_validation(cls, cv: str) -> str:
        kind, _, rest = cv.partition(":")
        counted = kind == "group" and rest.isdecimal() and int(rest) >= 2
        if not (cv in ("none", "leave-one-group-out") or counted or (kind == "file" and rest)):
            raise ValueError(
                f"{cv!r} is none of none, group:K with K folds, 2 or more, leave-one-group-out, file:FOLDS.csv"
            )
        return cv

    @model_validator(mode="after")
    def _knows_what_mirrored_labels_are(self) -> Config:
        if self.prep.mirror and self.augment.flip_labels is None:
            raise ValueError(
                "prep.mirror needs augment.flip_labels: what a mirrored label becomes, {} where all stay as they are"
            )
        return self

    @model_validator(mode="after")
    def _has_colours_to_mix(self) -> Config:
        if self.augment.background and self.prep.motion in ("only", "picture"):
            raise ValueError(f"augment.background changes colours, and prep.motion={self.prep.motion} shows none")
        return self

    @model_validator(mode="after")
    def _embeds_what_it_can(self) -> Config:
        if self.task == "embed":
            if self.cv != "none":
                raise ValueError("cv divides clips by class; for task embed name the split of each clip")
            if self.augment.mixup or self.augment.background or self.train.class_weights != "none":
                raise ValueError("augment.mixup, augment.background and train.class_weights are for task classify")
            if self.embed.margin == "soft" and self.model.loss == "contrastive":
                raise ValueError("embed.margin=soft is for model.loss=triplet; contrastive needs a number")
        stills_only = self.augment.shear or self.augment.elastic or self.augment.quarter_turns
        if stills_only and not self.embeds_stills:
            raise ValueError(
                "augment.shear, elastic and quarter_turns are for task embed on pictures in memory: prep.frames=1, "
                "prep.motion=none, prep.normalise neither clip nor frame, data.cache=memory"
            )
        if self.augment.quarter_turns and len(set(self.prep.height_width)) > 1:
            raise ValueError(f"augment.quarter_turns needs square pictures, and prep.size is {self.prep.size}")
        return self

    @property
    def embeds_stills(self) -> bool:
        """Whether pictures, kept in memory, are changed and normalised a whole batch at a time."""
        still = self.prep.sampling in ("uniform", "center") and self.prep.frames == 1 and self.prep.motion == "none"
        fixed = self.prep.normalise not in ("clip", "frame")
        return self.task == "embed" and still and fixed and self.data.cache == "memory"

    @model_validator(mode="after")
    def _features_stay_as_they_are(self) -> Config:
        if self.data.cache == "features" and self.model.freeze != "backbone":
            raise ValueError("data.cache=features needs model.freeze=backbone: what a trained one sees changes")
        if self.data.cache == "features" and self.augment != AugmentConfig():
            raise ValueError("data.cache=features keeps no frames that augment could change; leave augment out")
        if self.data.cache == "features" and self.train.compile:
            raise ValueError(
                "data.cache=features trains the head alone, and train.compile the backbone; leave it out"
            )
        return self


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read a YAML config.

    Args:
        path: the file.
        overrides: `key=value` with dotted keys; values are read as YAML.

    Raises:
        ConfigError: lists everything that is wrong, with the nearest valid names.
    """
    path = Path(path)
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"it cannot be read ({error.strerror})"], where=str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError([f"it is no YAML ({' '.join(str(error).split())})"], where=str(path)) from None
    if not isinstance(tree, dict | None):
        raise ConfigError([f"it must hold a tree of keys, not a {type(tree).__name__}"], where=str(path))
    return make_config(tree or {}, overrides, where=str(path))


def make_config(tree: Mapping[str, Any], overrides: Sequence[str] = (), *, where: str = "the config") -> Config:
    """Check a tree of settings; see `load_config`."""
    merged, problems = _merge(tree, overrides)
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        # A value that may be of two types is found wrong once for each; that is one problem.
        problems += dict.fromkeys(_sentence(detail, merged) for detail in error.errors())
    if problems:
        raise ConfigError(problems, where=where)
    return config


def dump_config(config: Config) -> str:
    """The config as YAML; `load_config` reads it back to an equal one."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def describe_schema() -> Iterator[tuple[str, str, str, str]]:
    """Every key as (dotted path, type, default, description), in order."""
    yield from _describe(Config, "")


def _describe(section: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in section.model_fields.items():
        inner = field.annotation
        if _is_section(inner):
            yield from _describe(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _type_name(inner), _yaml_value(field.default), field.description or ""


def _type_name(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " | ".join(map(str, get_args(annotation)))
    if get_origin(annotation) in (Union, types.UnionType):
        return " | ".join(_type_name(part) for part in get_args(annotation))
    if annotation is type(None):
        return "null"
    if get_origin(annotation) is tuple:
        return f"[{', '.join(map(_type_name, get_args(annotation)))}]"
    if get_origin(annotation) is dict:
        return "{" + ": ".join(map(_type_name, get_args(annotation))) + "}"
    return str(getattr(annotation, "__name__", annotation))


def _yaml_value(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True).removesuffix("\n...\n").strip()


def _merge(tree: Mapping[str, Any], overrides: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    merged = _copied(tree)
    problems = []
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key:
            problems.append(f"{override}: an override is written key=value, as in train.epochs=10")
            continue
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            problems.append(f"{override}: the value is no YAML; put it in quotes")
            continue
        problems += _put(merged, key.split("."), value)
    return merged, problems


def _copied(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): _copied(value) if isinstance(value, Mapping) else value for key, value in tree.items()}


def _put(tree: dict[str, Any], keys: list[str], value: Any) -> list[str]:
    at = tree
    for depth, key in enumerate(keys[:-1]):
        inner = at.get(key)
        if inner is None:
            inner = at[key] = {}
        if not isinstance(inner, dict):
            return [f"{'.'.join(keys)}: {'.'.join(keys[: depth + 1])} holds a value, no keys"]
        at = inner
    at[keys[-1]] = value
    return []


def _sentence(detail: Mapping[str, Any], tree: Mapping[str, Any]) -> str:
    """What is wrong with one key of a tree, from one of pydantic's findings."""
    kind, location = detail["type"], [str(part) for part in detail["loc"]]
    if kind == "extra_forbidden":
        return f"{'.'.join(location)}: there is no such key{_nearest(location[-1], _keys_of(location[:-1]))}"
    keys, annotation = _deepest_key(location)
    path, given = ".".join(keys) or "the config", _value_at(tree, keys)
    message = str(detail["msg"]).removeprefix("Value error, ")
    if kind == "value_error":
        return f"{path}: {message}"
    if kind in _OUT_OF_BOUNDS:
        return f"{path}: {message.removeprefix('Input ')}, not {given!r}"
    if kind == "literal_error":
        return f"{path}: {given!r} is none of its values{_nearest(str(given), _names(annotation))}"
    if _is_section(annotation):
        return f"{path}: should hold keys of its own, not {given!r}"
    return f"{path}: should be {_type_name(annotation)}, not {given!r}"


def _deepest_key(location: Sequence[str]) -> tuple[list[str], Any]:
    """The key that a finding is about, without the parts of its value that pydantic names too, and its type."""
    annotation: Any = Config
    for depth, key in enumerate(location):
        if not (_is_section(annotation) and key in annotation.model_fields):
            return list(location[:depth]), annotation
        annotation = annotation.model_fields[key].annotation
    return list(location), annotation


def _is_section(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _keys_of(location: Sequence[str]) -> list[str]:
    _, annotation = _deepest_key(location)
    return list(annotation.model_fields)


def _names(annotation: Any) -> list[str]:
    return [str(choice) for choice in get_args(annotation)]


def _value_at(tree: Any, keys: Sequence[str]) -> Any:
    return _value_at(tree[keys[0]], keys[1:]) if keys else tree


def _nearest(given: str, choices: Sequence[str]) -> str:
    """The part of a sentence that names what was probably meant, or all there is when it is little."""
    near = difflib.get_close_matches(given, choices, n=3, cutoff=0.6)
    if near:
        return f"; nearest: {', '.join(near)}"
    return f"; there are {', '.join(choices)}" if 0 < len(choices) <= 16 else ""
