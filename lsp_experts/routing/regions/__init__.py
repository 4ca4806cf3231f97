"""Which stretches of a document are in another language than the document.

`find.py` looks for them: from the nodes round an offset (HOSTS names what each host language can hold) to a Spot,
from a Spot to a Region. Nothing here walks a whole tree on a keystroke.
"""

from lsp_experts.routing.regions.find import region_at, regions
from lsp_experts.routing.regions.region import Region

__all__ = ["Region", "region_at", "regions"]
