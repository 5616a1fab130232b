"""Who wrote a mail, as far as DNS can prove it: SPF, DKIM, DMARC and ARC, evaluated by us as the MX (I4).

It runs before the pipeline's transaction and hands it one `Proof`; what follows from that is decided in core.identity.
"""

from .evaluate import Evaluator
from .resolver import Kind, Resolver

__all__ = ["Evaluator", "Kind", "Resolver"]
