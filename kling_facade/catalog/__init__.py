"""What Kling can and takes, as data with sources: models, rules, limits and prices."""

from .catalog import Catalog as Catalog
from .rows import Feature as Feature
from .rows import Model as Model
from .rows import Rule as Rule
