"""What the channels that a person walks have in common. Pure."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels.contract import Copy, Hand, Prepared, Task, Words

STATES: dict[str, Words] = {
    "todo": _("to do"),
    "done": _("done, and it runs"),
    "cannot": _("could not be done"),
    "dropped": _("not needed any more"),
}


def way_in(task: Task) -> tuple[str, str]:
    """(address to open, address to show). What is no desk of ours is read, never opened: nobody is led to a hostile
    site by a click."""
    where = task.contact or (task.desk.url if task.desk else "")
    if task.known_desk and where.startswith("https://") and not (task.site and task.site in where):
        return where, ""
    return "", where


def arrive(task: Task) -> Words:
    """The first sentence: how to get there."""
    opens, shown = way_in(task)
    if opens:
        return _("Open the desk's own page with the button above. It opens without telling them where you come from.")
    if shown:
        return _("Type the address shown above yourself. It is no desk we know, so it is not a link.")
    if task.desk is not None and task.desk.url_status == "none":
        return _("Look the form up in the desk's own help pages: its address moves.")
    return _("Find the desk's own way in: nobody has written one down for us yet.")


def fields(task: Task) -> tuple[Copy, ...]:
    """The answers of the drafted notice where there is one; otherwise who asks, where, and what is asked."""
    if task.answers:
        return tuple(one for one in task.answers if one.value.strip())
    made = (
        Copy("name", _("Name"), ", ".join(filter(None, (task.organisation, task.signatory)))),
        Copy("email", _("E-mail"), task.reply_to),
        Copy("reference", _("Our reference"), task.reference),
        Copy("urls", _("Addresses"), "\n".join(task.urls)),
        Copy("accounts", _("Accounts"), "\n".join(task.accounts)),
        Copy("message", _("Message"), task.text),
    )
    return tuple(one for one in made if one.value.strip())


def warnings(task: Task) -> tuple[Words, ...]:
    """What the law data say to look out for at this desk."""
    if task.desk is None:
        return ()
    notes: list[Words] = []
    if task.desk.age_rule:
        notes.append(task.desk.age_rule)
    notes += task.desk.caveats
    return tuple(notes)


def choose(task: Task, *hands: Hand) -> Hand:
    """Who does it: whom the task names, if that hand may; else the usual one."""
    return task.hand if task.hand in hands else hands[0]


def walked(task: Task, hand: Hand, *steps: Words, notes: tuple[Words, ...] = (), copies: bool = True) -> Prepared:
    """A form at a desk: get there, copy, send, note the number."""
    opens, shown = way_in(task)
    chosen: tuple[Words, ...] = ()
    if task.desk is not None and task.desk.categories:
        chosen = (_("Choose: %(category)s") % {"category": "; ".join(task.desk.categories)},)
    return Prepared(
        hand=hand, steps=(arrive(task), *chosen, *steps), copies=fields(task) if copies else (), opens=opens,
        shown=shown, keeps=("reference", "confirmation"), notes=(*notes, *warnings(task)), exposure=task.exposure,
    )  # fmt: skip
