//! The description of the routes, for clients and for tests: OpenAPI 3.1.

use serde_json::{Value, json};

use super::parameters::{
    FILTER_VALUES_MAX, KINDS, LIMIT_DEFAULT, LIMIT_MAX, SUGGESTIONS_DEFAULT, SUGGESTIONS_MAX, TIERS,
};
use super::problem::Problem;

/// Every path that is served, all by GET.
pub const PATHS: [&str; 5] = ["/", "/v1/search", "/v1/search/suggest", "/readyz", "/openapi.json"];

/// The document.
#[must_use]
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Catalogue search",
            "version": "1",
            "description": "Titles that a viewer may see, at every keystroke. A viewer's region, tier and age limit come from \
                a signed bearer token; a demo takes them from the query instead.",
        },
        "paths": {
            "/": { "get": { "summary": "The search page", "responses": { "200": { "description": "HTML" } } } },
            "/v1/search": { "get": search() },
            "/v1/search/suggest": { "get": suggest() },
            "/readyz": { "get": {
                "summary": "Whether searches are answered",
                "responses": { "200": json_of("Ready", "They are."), "503": problem("The index is being built.") },
            } },
            "/openapi.json": { "get": {
                "summary": "This document", "responses": { "200": { "description": "OpenAPI 3.1 as JSON" } },
            } },
        },
        "components": {
            "securitySchemes": { "viewer": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas(),
        },
    })
}

fn search() -> Value {
    let mut parameters = viewer_parameters();
    parameters.extend([
        many("kind", json!({ "type": "string", "enum": KINDS }), "Any of these kinds."),
        many("genre", json!({ "type": "string" }), "Any of these genres."),
        many("language", json!({ "type": "string" }), "Any of these languages (BCP 47)."),
        one("year_from", json!({ "type": "integer" }), "First year, included."),
        one("year_to", json!({ "type": "integer" }), "Last year, included."),
        one("limit", number(1, LIMIT_MAX, LIMIT_DEFAULT), "Results on the page."),
        one(
            "cursor",
            json!({ "type": "string" }),
            "`next_cursor` of the page before, with all else unchanged.",
        ),
        one(
            "explain",
            json!({ "type": "boolean", "default": false }),
            "Say why each result stands where it stands.",
        ),
        one(
            "facets",
            json!({ "type": "boolean", "default": true }),
            "Count the values of filters; without, `facets` is empty. A bounded number of titles is counted: `facet_lower_bounds` \
             says for which filters more may match.",
        ),
    ]);
    json!({
        "summary": "Find titles",
        "security": [{ "viewer": [] }, {}],
        "parameters": parameters,
        "responses": responses("Answer", "A page of results; an empty text finds what is popular."),
    })
}

fn suggest() -> Value {
    let mut parameters = viewer_parameters();
    parameters.push(one("limit", number(1, SUGGESTIONS_MAX, SUGGESTIONS_DEFAULT), "How many."));
    json!({
        "summary": "Complete what was typed so far",
        "security": [{ "viewer": [] }, {}],
        "parameters": parameters,
        "responses": responses("Suggestions", "Completions, best first."),
    })
}

fn viewer_parameters() -> Vec<Value> {
    let q = "What was typed: any bytes. What is no UTF-8 is read as U+FFFD; what is too long is cut.";
    vec![
        one("q", json!({ "type": "string" }), q),
        one(
            "region",
            json!({ "type": "string", "pattern": "^[A-Za-z]{2}$" }),
            "ISO 3166-1 alpha-2; not with a token.",
        ),
        one(
            "tier",
            json!({ "type": "string", "enum": TIERS, "default": TIERS[0] }),
            "Tier of the subscription; not with a token.",
        ),
        one("age", number(0, 99, 0), "Titles for viewers up to this age; not with a token."),
    ]
}

fn number(least: usize, most: usize, usual: usize) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most, "default": usual })
}

fn one(name: &str, schema: Value, says: &str) -> Value {
    json!({ "name": name, "in": "query", "schema": schema, "description": says })
}

fn many(name: &str, items: Value, says: &str) -> Value {
    let schema = json!({ "type": "array", "items": items, "maxItems": FILTER_VALUES_MAX });
    json!({ "name": name, "in": "query", "explode": true, "schema": schema, "description": says })
}

fn json_of(schema: &str, says: &str) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    json!({ "description": says, "content": { "application/json": { "schema": schema } } })
}

fn problem(says: &str) -> Value {
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    let retry = json!({ "description": "Seconds until another try makes sense; with 503.", "schema": { "type": "integer" } });
    json!({
        "description": says,
        "headers": { "Retry-After": retry },
        "content": { "application/problem+json": { "schema": schema } },
    })
}

fn responses(schema: &str, says: &str) -> Value {
    json!({
        "200": json_of(schema, says),
        "400": problem("A parameter is wrong, or the viewer's region is not known."),
        "401": problem("The viewer's token is not valid."),
        "410": problem("The cursor has expired: its state of the catalogue is gone."),
        "503": problem("The index is not ready, or too many searches are in flight."),
    })
}

fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let flag = json!({ "type": "boolean" });
    let year = json!({ "type": ["integer", "null"] });
    let list =
        |name: &str| json!({ "type": "array", "items": { "$ref": format!("#/components/schemas/{name}") } });
    let object = |properties: Value| json!({ "type": "object", "properties": properties });
    json!({
        "Answer": object(json!({
            "generation": { "type": "integer" }, "hits": list("Hit"), "relaxed": { "type": "boolean" },
            "facets": object(json!({ "kind": list("FacetValue"), "genre": list("FacetValue"), "language": list("FacetValue") })),
            "facet_lower_bounds": object(json!({ "kind": flag, "genre": flag, "language": flag })),
            "did_you_mean": { "type": ["string", "null"] }, "elsewhere": list("Elsewhere"),
            "next_cursor": { "type": ["string", "null"] },
        })),
        "Hit": object(json!({
            "id": text, "kind": { "enum": KINDS }, "title": text, "title_parts": list("Part"), "year": year,
            "genres": { "type": "array", "items": text }, "description": text,
            "people_parts": { "type": "array", "items": list("Part") }, "explain": { "type": ["object", "null"] },
        })),
        "Part": object(json!({ "text": text, "matched": { "type": "boolean" } })),
        "FacetValue": object(json!({ "value": text, "count": { "type": "integer" } })),
        "Elsewhere": object(json!({ "title": text })),
        "Suggestions": object(json!({ "suggestions": list("Suggestion") })),
        "Suggestion": object(json!({
            "id": text, "title": text, "title_parts": list("Part"), "kind": { "enum": KINDS }, "year": year,
        })),
        "Ready": object(json!({ "ready": { "const": true }, "generation": { "type": "integer" } })),
        "Problem": object(json!({
            "type": text, "title": text, "status": { "type": "integer" }, "detail": text,
            "code": { "enum": Problem::CODES }, "hint": { "type": ["string", "null"] },
        })),
    })
}
