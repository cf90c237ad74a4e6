"""What people look at: film strips, contact sheets, plots, and the HTML page of a run."""

from vidclf.draw.comparison import plot_comparison
from vidclf.draw.confusion import plot_confusion
from vidclf.draw.curves import EpochRow, plot_curves
from vidclf.draw.images import save_png
from vidclf.draw.page import write_report
from vidclf.draw.report import Breakdown, ClassFigures, DataSplit, Failure, Figure, Mistake, PartFigures, Report
from vidclf.draw.strips import SheetRow, contact_sheet, film_strip

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
    "SheetRow",
    "contact_sheet",
    "film_strip",
    "plot_comparison",
    "plot_confusion",
    "plot_curves",
    "save_png",
    "write_report",
]
