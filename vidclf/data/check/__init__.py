"""What is wrong with a data set: `checking.check`; one file a kind of finding.

Nothing is loaded here, since the processes that decode files import this for `survey` alone.
"""
