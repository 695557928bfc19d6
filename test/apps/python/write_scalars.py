"""Writes a log folder as a training run does: the scalar `loss`, falling from 100 to 42 in three steps."""

import sys

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

writer = EventFileWriter(sys.argv[1])
for step, loss in enumerate([100.0, 71.0, 42.0]):
    summary = Summary(value=[Summary.Value(tag="loss", simple_value=loss)])
    writer.add_event(Event(step=step, wall_time=1_700_000_000 + step, summary=summary))
writer.close()
