"""Form encoding and the checks on parameters."""

from typing import Any
from urllib.parse import urlencode

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from dev.stripe_double import forms, parameters, routes
from dev.stripe_double.double import Double
from dev.stripe_double.messages import ApiError, Request
from tests.unit.stripe_double.conftest import API_KEY, Opens, order

ITEM = "line_items[0][price_data]"
CREATE = "checkout._session_create_params:SessionCreateParams"

texts = st.text('aZ0 =&[]%+;#"\näß€🎹', min_size=1, max_size=8)
names = st.text("abcdefghij_0123456789", min_size=1, max_size=6)
trees = st.recursive(texts, lambda inner: st.dictionaries(names, inner, min_size=1, max_size=3))


@given(st.dictionaries(names, trees, max_size=4))
def test_what_the_sdk_encodes_is_decoded(tree: dict[str, Any]) -> None:
    """Decoding undoes the SDK's own encoder, whatever the text."""
    assert forms.decode(urlencode(list(_api_encode(tree)))) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", {}),
        ("a=1&b[c]=2&b[d][e]=3", {"a": "1", "b": {"c": "2", "d": {"e": "3"}}}),
        ("a[]=x&a[]=y", {"a": {"0": "x", "1": "y"}}),
        ("a[0]=x&a[1]=y", {"a": {"0": "x", "1": "y"}}),
        ("a[][b]=1&a[][c]=2&a[][b]=3", {"a": {"0": {"b": "1", "c": "2"}, "1": {"b": "3"}}}),
        ("a&a[b]=1", {"a": {"b": "1"}}),
        ("a[b]=1&a", {"a": {"b": "1"}}),
        ("a=null", {"a": "null"}),
        ("a=", {"a": ""}),
        ("a=1&a=2", {"a": "2"}),
        ("a=%C3%BC+%26", {"a": "ü &"}),
        ("metadata[0]=x", {"metadata": {"0": "x"}}),
    ],
)
def test_brackets_nest(text: str, tree: dict[str, Any]) -> None:
    """Positions stay keys: only the parameter's type distinguishes an array from a mapping."""
    assert forms.decode(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        "a=1&a[b]=2",
        "a[b]=2&a=1",
        "[a]=1",
        "a[=1",
        "a]b=1",
        "a[b]c=1",
        "=1",
        "a=%FF",
        "a" + "[b]" * 11 + "=1",
        "&".join(f"a{n}=1" for n in range(1001)),
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    """400, never a guess."""
    with pytest.raises(ApiError) as caught:
        forms.decode(text)

    assert caught.value.status == 400


def _bad(double: Double, text: str) -> dict[str, Any]:
    body = (
        "mode=payment&success_url=https://shop.test/&line_items[0][quantity]=1"
        f"&{ITEM}[currency]=eur&{ITEM}[unit_amount]=500&{ITEM}[product_data][name]=x&{text}"
    )
    headers = {"Authorization": f"Bearer {API_KEY}"}
    response = double.handle(Request("POST", "/v1/checkout/sessions", headers, body.encode()))
    assert response.status == 400, response.body
    error: dict[str, Any] = response.json()["error"]
    return error


@pytest.mark.parametrize(
    ("text", "code", "param"),
    [
        ("nonsense=1", "parameter_unknown", "nonsense"),
        ("payment_method_types[0]=card", "parameter_unknown", "payment_method_types"),
        (f"{ITEM}[price]=1", "parameter_unknown", f"{ITEM}[price]"),
        ("expires_at=soon", "parameter_invalid_integer", "expires_at"),
        ("expires_at=null", "parameter_invalid_integer", "expires_at"),
        ("expires_at=", "parameter_invalid_empty", "expires_at"),
        ("client_reference_id=", "parameter_invalid_empty", "client_reference_id"),
        ("allow_promotion_codes=yes", None, "allow_promotion_codes"),
        ("mode=gift", None, "mode"),
        ("locale=tlh", None, "locale"),
        ("line_items=x", None, "line_items"),
        ("payment_intent_data=x", None, "payment_intent_data"),
        ("metadata[a][b]=1", None, "metadata[a]"),
        (f"metadata[{'k' * 41}]=1", None, f"metadata[{'k' * 41}]"),
        (f"metadata[a]={'v' * 501}", None, "metadata[a]"),
        ("&".join(f"metadata[k{n}]=1" for n in range(51)), None, "metadata"),
        ("success_url=javascript:alert(1)", "url_invalid", "success_url"),
        ("success_url=https://a'%3B.test/", "url_invalid", "success_url"),
        (f"{ITEM}[unit_amount]=-1", "parameter_invalid_integer", f"{ITEM}[unit_amount]"),
        (f"{ITEM}[unit_amount]=49", "amount_too_small", None),
        (f"{ITEM}[unit_amount]=100000000", "amount_too_large", None),
        (f"{ITEM}[currency]=doge", None, f"{ITEM}[currency]"),
        ("line_items[0][quantity]=0", "parameter_invalid_integer", "line_items[0][quantity]"),
        ("line_items[1][quantity]=1", "parameter_missing", "line_items[1][price_data]"),
        ("line_items[x][quantity]=1", None, "line_items"),
        ("customer=cus_1", "resource_missing", "customer"),
        ("discounts[0][coupon]=1", None, "discounts"),
        ("automatic_tax[enabled]=true", None, "automatic_tax[enabled]"),
        ("expand[]=mode", None, "expand"),
        ("expand[]=nonsense", None, "expand"),
    ],
)
def test_bad_parameters_are_refused(
    double: Double, text: str, code: str | None, param: str | None
) -> None:
    """Each with Stripe's code, the parameter's whole name, and no session opened."""
    error = _bad(double, text)

    assert (error["type"], error.get("code"), error.get("param")) == (
        "invalid_request_error",
        code,
        param,
    )
    assert double.state()["sessions"] == []


@pytest.mark.parametrize(
    ("missing", "param"),
    [("mode", "mode"), ("line_items", "line_items"), ("success_url", "success_url")],
)
def test_missing_parameters_are_named(
    client: stripe.StripeClient, missing: str, param: str
) -> None:
    """400 parameter_missing."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.create(order(**{missing: None}))

    assert (caught.value.code, caught.value.param) == ("parameter_missing", param)


def test_values_are_typed_as_the_sdk_says() -> None:
    """Integers, booleans, arrays and mappings get their types; empty values unset."""
    tree = forms.decode(
        "expires_at=5&allow_promotion_codes=false&expand[]=a&metadata[0]=x&metadata[b]="
        "&line_items[1][quantity]=2&line_items[0][quantity]=1"
        "&payment_intent_data[metadata]="
    )

    assert parameters.check(CREATE, tree) == {
        "expires_at": 5,
        "allow_promotion_codes": False,
        "expand": ["a"],
        "metadata": {"0": "x", "b": ""},
        "line_items": [{"quantity": 1}, {"quantity": 2}],
        "payment_intent_data": {"metadata": None},
    }


def test_the_types_of_all_endpoints_can_be_read() -> None:
    """The compiler understands every annotation of the installed SDK."""
    for route in routes.ROUTES:
        with pytest.raises(ApiError, match="Received unknown parameter: nonsense"):
            parameters.check(route.params, {"nonsense": "1"})


def test_metadata_survives_unharmed(opened: Opens) -> None:
    """Any text of 500 characters; empty values are left out."""
    text = "Ünï&=[]%\n" * 50
    session = opened(metadata={"a": text, "b": ""})

    assert session.metadata is not None
    assert session.metadata.to_dict() == {"a": text}
