"""What people may see of an attempt, as JSON: for the API, the pages and the command line."""

from hub.views.attempt import attempt_view, attempts_view
from hub.views.story import timeline

__all__ = ["attempt_view", "attempts_view", "timeline"]
