"""JupyterHub's configuration: assignments only. Every value comes from `hub.settings`."""

from hub import roles
from hub.authenticator import PortalAuthenticator
from hub.guards import detect, warnings
from hub.settings import CHECKOUT, Settings
from hub.spawner import AttemptSpawner

settings = Settings()
c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.JupyterHub.bind_url = settings.public_url
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.hub_port}"
c.JupyterHub.db_url = f"sqlite:///{settings.hub_folder / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(settings.secrets_folder / "hub_cookie")
c.JupyterHub.default_url = "/services/portal/"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False
c.JupyterHub.template_paths = [str(CHECKOUT / "hub" / "hub_templates")]

c.JupyterHub.template_vars = {"announcement": " ".join(warnings(detect(settings)))}
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}

c.JupyterHub.allow_named_servers = True
c.JupyterHub.redirect_to_server = False
c.JupyterHub.authenticator_class = PortalAuthenticator
c.Authenticator.allow_all = True
c.Authenticator.manage_groups = True
c.Authenticator.auth_refresh_age = 60

c.JupyterHub.spawner_class = AttemptSpawner
c.Spawner.poll_interval = 5
c.Spawner.start_timeout = 90
c.Spawner.http_timeout = 30

c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.auth_token = settings.secret("proxy_token")
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings.proxy_api_port}"

c.JupyterHub.custom_scopes = roles.CUSTOM_SCOPES
c.JupyterHub.load_roles = roles.ROLES
c.JupyterHub.services = roles.services(
    f"http://127.0.0.1:{settings.service_port}",
    settings.secret("service_token"),
    settings.secret("sync_token"),
)
