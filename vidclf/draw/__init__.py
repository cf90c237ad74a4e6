"""What people look at: film strips, contact sheets, plots, and the HTML page of a run."""

from vidclf.draw.comparison import plot_comparison
from vidclf.draw.confusion import plot_confusion
from vidclf.draw.curves import EpochRow, plot_curves
from vidclf.draw.explanation import explanation_sheet
from vidclf.draw.heat import heated
from vidclf.draw.images import save_png
from vidclf.draw.over_time import Shares, plot_over_time
from vidclf.draw.page import write_report
from vidclf.draw.reliability import plot_reliability
from vidclf.draw.report import Breakdown, ClassFigures, DataSplit, Failure, Figure, Mistake, PartFigures, Report
from vidclf.draw.roc import plot_roc
from vidclf.draw.similarities import plot_similarities
from vidclf.draw.strips import SheetRow, contact_sheet, film_strip
from vidclf.draw.tuning import plot_search
from vidclf.draw.vector_map import plot_vector_map

__all__ = [
    "Breakdown",
    "ClassFigures",
    "DataSplit",
    "EpochRow",
    "Failure",
    "Figure",
    "Mistake",
    "PartFigures",
    "Report",
    "Shares",
    "SheetRow",
    "contact_sheet",
    "explanation_sheet",
    "film_strip",
    "heated",
    "plot_comparison",
    "plot_confusion",
    "plot_curves",
    "plot_over_time",
    "plot_reliability",
    "plot_roc",
    "plot_search",
    "plot_similarities",
    "plot_vector_map",
    "save_png",
    "write_report",
]
