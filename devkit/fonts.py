"""A font for the Chinese names of the demo, for Chromium alone."""

from . import debian, home, process

PACKAGE = "fonts-wqy-microhei"
LAYOUT = "1"
CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
    <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
    <dir>{folder}</dir>
    <cachedir>{folder}/cache</cachedir>
</fontconfig>
"""


def ensure(the_home, step):
    """What Chromium's environment needs to show Chinese, fetched when the machine has
    no such font.

    :raises DevError: no mirror, no network, or a broken download
    """
    if process.output(["fc-list", ":lang=zh-cn"]):
        return {}
    folder = the_home.path("fonts")
    configuration = folder / "fonts.conf"
    if not home.is_finished(folder, LAYOUT):
        waiting_for = "another command that is fetching a font"
        with the_home.lock("fonts", waiting_for=waiting_for), step:
            _fetch(the_home, folder)
            home.write_atomically(configuration, CONFIGURATION.format(folder=folder))
            home.mark_finished(folder, LAYOUT)
    return {"FONTCONFIG_FILE": str(configuration)}


def _fetch(the_home, folder):
    mirror = debian.need_mirror("a Chinese font")
    log = the_home.log("fonts")
    log.write_text("")
    apt = debian.PrivateApt(mirror, mirror.suite, the_home.path("apt"), log)
    apt.update()
    downloads = the_home.path("downloads", "fonts")
    home.remove(downloads)
    apt.download([PACKAGE], downloads)
    home.remove(folder)
    folder.mkdir()
    for package in downloads.glob("*.deb"):
        debian.unpack(package, folder, log)
    home.remove(downloads)
