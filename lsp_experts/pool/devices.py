"""How much of a model goes to the GPU: pure arithmetic over what the GPUs reported free before the load."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lsp_experts.engine.protocol import Device

# The first model on a CUDA device brings the driver's context with it, 0.3 to 0.5 GiB, which only the end of the
# process gives back; other programs on the same GPU (the display) need room to move too.
CONTEXT_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True)
class DeviceNeed:
    """GPU memory that a model asks for: `layers` is the most that may go there, the fixed bytes are buffers."""

    layers: int
    bytes_per_layer: int
    fixed_bytes: int

    def bytes_for(self, layers: int) -> int:
        """What `layers` layers take; none takes nothing."""
        return self.fixed_bytes + layers * self.bytes_per_layer if layers > 0 else 0

    def layers_within(self, free_bytes: int) -> int:
        """As many layers as fit into `free_bytes`; 0: the CPU does it."""
        if free_bytes < self.fixed_bytes + self.bytes_per_layer:
            return 0
        return min(self.layers, (free_bytes - self.fixed_bytes) // max(1, self.bytes_per_layer))


def free_bytes(devices: Iterable[Device], *, in_use: bool) -> int:
    """What a load may count on, over all GPUs. `in_use`: a model is there already, so the driver's context is too."""
    reserve = 0 if in_use else CONTEXT_BYTES
    return sum(max(0, device.free_bytes - reserve) for device in devices)
