"""Write the samples: `python -m data.samples`."""

from data.samples import write

write()
