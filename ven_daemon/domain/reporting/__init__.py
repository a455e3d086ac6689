"""Reports, decided: what is owed and when, what it says, and what becomes of it on its way.

grids, slots, schedules   an event's intervals, and when reports of them are due
obligations, standing     the reports that are owed
measures, filling         readings folded into the values that are asked for
reports                   a report as it is sent: named, described, small enough
outbox, sending           how a report stands, and what an answer makes of it
retention                 what is given up at last, and counted
"""
