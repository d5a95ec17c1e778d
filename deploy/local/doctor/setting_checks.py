"""Settings that no process can start with, and variables that nobody reads."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_settings import SettingsError

from deploy.local.doctor.findings import Finding, ok, wrong
from deploy.local.environment_names import KNOWN, SETTINGS, settings_of
from gateway.settings import GatewaySettings
from shared.settings import ENV_PREFIX, misspelt


def settings(shell: Mapping[str, str], environment: Mapping[str, str]) -> list[Finding]:
    found = [*_unreadable(environment), *_subgraphs(environment)]
    for name, nearest in misspelt({**shell, **environment}, KNOWN).items():
        meant = f"; {nearest} is meant?" if nearest else ""
        mend = f"unset {name}" if not nearest else f'export {nearest}="${name}"; unset {name}'
        found.append(
            wrong("spelling", f"nobody reads {name}{meant}", f"没有程序读取 {name}{f'，应为 {nearest}？' if nearest else ''}", mend)
        )
    return found or [ok("settings", "every MINYI_* variable is known and valid", "所有 MINYI_* 变量均有效")]


def _unreadable(environment: Mapping[str, str]) -> list[Finding]:
    faults: dict[str, str] = {}
    for kind in SETTINGS.values():
        try:
            settings_of(kind, environment)
        except ValidationError as error:
            for fault in error.errors():
                faults[f"{ENV_PREFIX}{fault['loc'][0]}".upper()] = fault["msg"]
        except SettingsError as error:
            # A list that is no JSON is refused before the model sees it; the text names the field.
            faults[_named_in(str(error))] = "it is not in the form that its setting has"
    # The value is not repeated: it may be an address with a password.
    return [wrong("settings", f"{name}: {why}", f"{name} 的值无效", f"unset {name}") for name, why in faults.items()]


def _named_in(text: str) -> str:
    return next(
        (f"{ENV_PREFIX}{word}".upper() for word in text.replace('"', " ").split() if word in GatewaySettings.model_fields), "MINYI_*"
    )


def _subgraphs(environment: Mapping[str, str]) -> list[Finding]:
    try:
        settings_of(GatewaySettings, environment).subgraph_urls()
    except (ValidationError, SettingsError):
        return []
    except ValueError as error:
        mend = "export MINYI_SUBGRAPHS=intake=http://HOST:8101/graphql,routing=…,feedback=…"
        return [wrong("settings", str(error), "MINYI_SUBGRAPHS 应为 名称=网址，以逗号分隔", mend)]
    return []
