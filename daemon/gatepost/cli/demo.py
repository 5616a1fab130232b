"""`gatepost demo`: everything on one desk, to look at and to play with."""

from pathlib import Path

import click

from ..core import DAY, HOUR, MINUTE, Millis
from ..demo.place import Place
from ..demo.run import default_folder, run_demo, run_story
from ..errors import PermanentError

_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY}


class _Span(click.ParamType[Millis]):
    """A span of time such as 90m, 12h or 7d."""

    name = "span"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Millis:
        number, unit = value[:-1], _UNITS.get(value[-1:])
        if unit is None or not number.isdigit():
            self.fail(f"{value!r} is no span of time; write it like 90m, 12h or 7d", param, ctx)
        return int(number) * unit


@click.command()
@click.option("--story", is_flag=True, help="Tell the main job unattended, on free ports, and exit 0 if all was seen.")
@click.option("--json", "as_json", is_flag=True, help="With --story: one JSON object.")
@click.option("--push", type=_Span(), metavar="SPAN", help="Move the clock of the running demo, for example 7d.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the demo lives, else a temporary folder.")
def demo(story: bool, as_json: bool, push: Millis | None, folder: Path | None) -> int:
    """Run the daemon with a sample marketplace: mail goes in over SMTP and comes out on a page. Ctrl-C ends it."""
    place = Place(folder=folder or default_folder())
    if push is not None:
        return _push(place, push)
    if story:
        return run_story(click.echo, as_json=as_json)
    return run_demo(place.folder, click.echo)


def _push(place: Place, by: Millis) -> int:
    if not place.config_file.exists():
        raise PermanentError(f"no demo lives in {place.folder}", "Start it with gatepost demo.")
    ahead = place.push(by)
    click.echo(f"The demo's clock is {ahead / DAY:g} days ahead now.")
    return 0
