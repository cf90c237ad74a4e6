"""The label page: which label each clip of a folder gets, and where in it the gesture is."""

from vidclf.web.label.page import label_page
from vidclf.web.label.previews import Previews
from vidclf.web.label.proposals import Proposer
from vidclf.web.label.session import Session
from vidclf.web.label.store import LabelStore

__all__ = ["LabelStore", "Previews", "Proposer", "Session", "label_page"]
