"""The only place that stores people: enrolment, search, strangers, forgetting."""

from vidclf.gallery.calibration import Calibration
from vidclf.gallery.checking import Finding
from vidclf.gallery.decisions import Candidate, Ranked
from vidclf.gallery.gallery import Enrolment, Gallery
from vidclf.gallery.people import Person
from vidclf.gallery.records import Template

__all__ = ["Calibration", "Candidate", "Enrolment", "Finding", "Gallery", "Person", "Ranked", "Template"]
