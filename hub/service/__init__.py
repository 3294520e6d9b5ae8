"""The portal service: pages, HTTP API and live events under `/services/portal`."""
