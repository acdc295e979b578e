"""Forms of the console, checked by Django."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from efface.cases.models import Age, CaseKind, Purpose
from efface.law import load


def _acquisition() -> list[tuple[str, Any]]:
    """How the pictures were obtained: the law's words, with "not known" first."""
    unknown: tuple[str, Any] = ("unknown", _("not known"))
    return [unknown, *load().words["acquisition_path"].items()]


def _countries() -> list[tuple[str, Any]]:
    law = load()
    named: list[tuple[str, Any]] = [(code, f"{place.name} ({code})") for code, place in sorted(law.countries().items())]
    others = [(code, code) for code in sorted(law.groups["eu"]) if code not in law.countries()]
    return [("", _("not known")), *named, *others]


class NewCase(forms.Form):
    """What the next step needs, and no more. A name is optional and sealed."""

    kind = forms.ChoiceField(
        label=_("What is the case for?"), choices=CaseKind.choices, initial=CaseKind.HELP, required=False,
        help_text=_("“Do not search for me” keeps only a face template, by which nobody is looked for: it refuses "
                    "whoever wants to enrol the same face. It needs the same conversation and proof."),
    )  # fmt: skip
    age = forms.ChoiceField(
        label=_("How old was she when the pictures were made?"),
        choices=Age.choices,
        initial=Age.UNKNOWN,
        help_text=_("Until it is known to be 18 or older, nothing is searched and nobody is written to."),
    )
    country = forms.ChoiceField(label=_("Where does she live?"), choices=_countries, required=False)
    language = forms.ChoiceField(label=_("Her language"), choices=settings.LANGUAGES, initial="en")
    acquisition = forms.ChoiceField(label=_("How were the pictures obtained?"), choices=_acquisition, required=False)
    danger = forms.BooleanField(label=_("She is in danger, or may harm herself"), required=False)
    name = forms.CharField(
        label=_("Name (may stay empty)"),
        max_length=120,
        required=False,
        help_text=_("Sealed. Never appears in a notice."),
    )
    purposes = forms.MultipleChoiceField(
        label=_("What she allows, in her words to you"),
        choices=[one for one in Purpose.choices if one[0] != Purpose.BLOCK_FACE],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("She can change each of them in the portal at any time."),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("kind") == CaseKind.BLOCK:
            given["purposes"] = [Purpose.BLOCK_FACE]
        return given


class PlaceHold(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200)
    owner = forms.CharField(label=_("Who asked for it"), max_length=80)
    hours = forms.IntegerField(label=_("For how many hours"), min_value=1, max_value=24 * 90, initial=72)


class Upload(forms.Form):
    age = forms.ChoiceField(
        label=_("How old was she in these pictures?"),
        choices=[one for one in Age.choices if one[0] != Age.MINOR],
        initial=Age.UNKNOWN,
    )
    with_face = forms.BooleanField(
        label=_("Also make a face template (three photos or more, she alone on them)"), required=False
    )
    few = forms.BooleanField(
        label=_("She has only one or two photos of her face"), required=False,
        help_text=_("A template of so few finds less, and nothing shows whether they are of one person."),
    )  # fmt: skip


class FaceSearch(forms.Form):
    impact_assessment = forms.CharField(label=_("Impact assessment: where it is kept, and its date"), max_length=200)
    legal_basis = forms.CharField(label=_("Legal basis"), max_length=200)
    countries = forms.CharField(
        label=_("Countries"), max_length=200, help_text=_("Two-letter codes with commas, for example DE, ES")
    )

    def clean_countries(self) -> str:
        codes = [code.strip().upper() for code in str(self.cleaned_data["countries"]).split(",") if code.strip()]
        if not codes or any(len(code) != 2 or not code.isalpha() for code in codes):
            raise forms.ValidationError(_("Two-letter codes with commas, for example DE, ES"))
        return ", ".join(codes)


class Erase(forms.Form):
    reference = forms.CharField(label=_("Type the case's reference to confirm"), max_length=12)
    hers = forms.BooleanField(label=_("She asked for it herself"), required=False)
