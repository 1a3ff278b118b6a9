//! In which form GraphQL is asked, how much at once, and what gets into no log.

use axum::http::Method;
use receivers::Receiver;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    graphql_client::{GraphqlClient, http_id, unified_id},
    graphql_helpers::{NOT_THERE, refused},
    instance::{Answer, Instance, PATIENCE},
};

#[tokio::test]
async fn requests_come_as_json_one_by_one_or_up_to_ten_at_once() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let one = json!({"query": "query A { a: __typename } query B { b: __typename }", "operationName": "B"});
    assert_eq!(api.post(one.to_string()).await.json(), json!({"data": {"b": "Query"}}));
    let add = "mutation($url: String!) { instanceExternalAuditEventDestinationCreate(input: {destinationUrl: $url, name: $url}) \
               { errors } }";
    let batch = json!([
        {"query": add, "variables": {"url": "https://a.example"}},
        {"query": "{ nothing }"},
        {"query": "{ instanceExternalAuditEventDestinations { nodes { name } } }"},
    ]);
    let answers = api.post(batch.to_string()).await.json();
    assert_eq!(
        answers[0],
        json!({"data": {"instanceExternalAuditEventDestinationCreate": {"errors": []}}})
    );
    let message = answers[1]["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("Unknown field \"nothing\" on type \"Query\""),
        "{message}"
    );
    assert_eq!(answers[1].get("data"), None);
    assert_eq!(
        answers[2],
        json!({"data": {"instanceExternalAuditEventDestinations": {"nodes": [{"name": "https://a.example"}]}}})
    );
    let eleven = Value::from(vec![json!({"query": "{ __typename }"}); 11]);
    for (body, status, message) in [
        (eleven.to_string(), 400, "A batch must have 1 to 10 queries"),
        ("[]".to_owned(), 400, "A batch must have 1 to 10 queries"),
        (
            "{".to_owned(),
            400,
            "The request body is not valid JSON. Send {\"query\": …, \"variables\": …, \"operationName\": …}",
        ),
        (
            "7".to_owned(),
            400,
            "The request body is not a GraphQL request. Send {\"query\": …, \"variables\": …, \"operationName\": …}",
        ),
        (
            json!({"query": "{ a }", "variables": 7}).to_string(),
            422,
            "`variables` must be an object",
        ),
        (
            json!({"query": format!("{{ {} }}", "a".repeat(10_000))}).to_string(),
            422,
            "Query too large",
        ),
        (
            json!({"query": "{ a }", "variables": {"a": "a".repeat(256 * 1024)}}).to_string(),
            413,
            "The request body is larger than 256 KiB.",
        ),
    ] {
        let answer = api.post(body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (status, json!({"errors": [{"message": message}]}))
        );
    }
    let get = instance.request(Method::GET, "/api/graphql?query={__typename}");
    assert_eq!(Answer::of(get).await.status, 405);
}

/// A field that is opened so often, one within the other, and `id` in the innermost.
fn nested(open: &str, count: usize) -> String {
    let closed = "} ".repeat(open.matches('{').count() * count);
    format!("{} id {closed}", open.repeat(count))
}

#[tokio::test]
async fn a_query_that_asks_for_too_much_is_refused() {
    let instance = Instance::start().await;
    let fields: String = (0..301).map(|number| format!("f{number}: __typename ")).collect();
    let deep = format!(
        "{{ auditEventsInstanceStreamingDestinations {{ nodes {{ {} }} }} }}",
        nested("health { ", 18)
    );
    let returning = format!(
        "{{ auditEventsInstanceStreamingDestinations {{ nodes {{ {} }} }} }}",
        nested("namespaceFilters { externalStreamingDestination { ", 8)
    );
    let types = "{ __schema { types { fields { type { fields { name } } } } } }".to_owned();
    let fragments: String = (0..15)
        .map(|n| format!("fragment F{n} on Query {{ {} }} ", format!("...F{} ", n + 1).repeat(10)))
        .collect();
    let bomb = |start: &str, end: &str| format!("{{ {start} }} {fragments} fragment F15 on Query {{ {end} }}");
    let exploded = "Query has complexity of 4294967295, which exceeds max complexity of 300";
    let client = GraphqlClient::new(&instance, "admin").await;
    for (query, message) in [
        (
            format!("{{ {fields} }}"),
            "Query has complexity of 301, which exceeds max complexity of 300",
        ),
        (deep, "Query has depth of 21, which exceeds max depth of 20"),
        (
            returning,
            "Query has complexity of 976563, which exceeds max complexity of 300",
        ),
        (types, "Maximum introspection depth exceeded"),
        (bomb("...F0", "__typename"), exploded),
        (bomb("...F0", "...Missing"), exploded),
        (bomb("__typename", "__typename"), exploded),
    ] {
        assert_eq!(client.ask(&query).await, json!({"errors": [{"message": message}]}));
    }
}

#[tokio::test]
async fn a_retrying_stream_says_so_in_both_families() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    // Nothing listens there, and the audit event of its own adding is due.
    let input = json!({"destinationUrl": "http://127.0.0.1:9/in", "name": "SIEM"});
    api.payload("instanceExternalAuditEventDestinationCreate", input, "")
        .await;
    let query = "{ instanceExternalAuditEventDestinations { nodes { health { state waiting since reason lastSuccessAt \
                 nextTryAt } } } auditEventsInstanceStreamingDestinations { nodes { health { state } } } }";
    let health = health_becomes(&api, query, "RETRYING").await;
    assert_eq!(
        health["reason"],
        "No connection. Check that the endpoint is running, and that no firewall blocks the connection."
    );
    assert_eq!(health["lastSuccessAt"], Value::Null);
    assert!(health["waiting"].as_i64().unwrap() >= 1, "{health}");
    assert!(health["since"].as_str().unwrap().ends_with('Z') && health["nextTryAt"].is_string());
    for (change, state) in [
        (json!({"paused": true}), "PAUSED"),
        (json!({"active": false}), "INACTIVE"),
    ] {
        let mut input = change;
        input["id"] = json!(http_id(1));
        api.payload("instanceExternalAuditEventDestinationUpdate", input, "")
            .await;
        health_becomes(&api, query, state).await;
    }
}

#[tokio::test]
async fn the_event_that_a_stream_is_stuck_at_is_parked() {
    const PARK: &str = "auditEventsInstanceDestinationEventPark";
    let instance = Instance::start().await;
    let (admin, reader) = (
        GraphqlClient::new(&instance, "admin").await,
        GraphqlClient::new(&instance, "read").await,
    );
    let receiver = Receiver::start().await;
    let input = json!({"destinationUrl": receiver.url(), "name": "SIEM"});
    let create = "instanceExternalAuditEventDestinationCreate";
    admin.payload(create, input, "").await;
    receiver
        .wait_for_events("it accepts", |events| !events.bodies.is_empty())
        .await;
    receiver.answer_bodies_with(r#""event_type":"user_created""#, 503);
    let token = instance.token("app", &["ingest"]).await;
    instance
        .post(&token, r#"{"id":"poison","event_type":"user_created"}"#)
        .await;
    let query = "{ instanceExternalAuditEventDestinations { nodes { health { state stuckSeq } } } \
                 auditEventsInstanceStreamingDestinations { nodes { health { state stuckSeq } } } }";
    let concurrency = "{ instanceExternalAuditEventDestinations { nodes { health { concurrency { limit inFlight maximum \
                       limitedBySettings limitedByRate } clientCertificateExpiresAt serverCertificateExpiresAt } } } }";
    let answer = admin.ask(concurrency).await;
    let concurrency = &answer["data"]["instanceExternalAuditEventDestinations"]["nodes"][0]["health"]["concurrency"];
    assert!(concurrency["limit"].as_u64() >= Some(1), "{answer}");
    assert!(concurrency["inFlight"].is_u64(), "{answer}");
    assert_eq!(concurrency["maximum"], 256, "{answer}");
    let is_limited = (&concurrency["limitedBySettings"], &concurrency["limitedByRate"]);
    assert_eq!(is_limited, (&json!(false), &json!(false)), "{answer}");
    let stuck = async || {
        let answer = admin.ask(query).await;
        let of = |family: &str| answer["data"][family]["nodes"][0]["health"]["stuckSeq"].clone();
        let both = [
            of("instanceExternalAuditEventDestinations"),
            of("auditEventsInstanceStreamingDestinations"),
        ];
        let [one, other] = both;
        (one == other).then_some(one)
    };
    let wait_for = async |is_enough: &(dyn Fn(&Value) -> bool + Sync)| {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
        let waiting = async {
            loop {
                ticks.tick().await;
                if let Some(seq) = stuck().await.filter(|seq| is_enough(seq)) {
                    return seq;
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("the stream is so in time")
    };
    let seq = wait_for(&Value::is_string).await;
    let input = |id: String, seq: &Value| json!({"destinationId": id, "seq": seq});
    assert_eq!(
        reader.mutate(PARK, input(unified_id(1), &seq), "").await,
        refused(PARK, NOT_THERE)
    );
    assert_eq!(
        admin.mutate(PARK, input(unified_id(9), &seq), "").await,
        refused(PARK, NOT_THERE)
    );
    assert_eq!(
        admin.errors(PARK, input(unified_id(1), &json!("1"))).await,
        ["The stream is not backing off, or requests with this event alone have not failed."]
    );
    // It may be on its way at this moment.
    let parked = async || admin.payload(PARK, input(unified_id(1), &seq), "").await["errors"] == json!([]);
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    let parking = async {
        while !parked().await {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, parking)
        .await
        .expect("it is parked in time");
    wait_for(&Value::is_null).await;
    let listed = Client::with_scope(&instance, "read").await;
    let listed = listed.get("/api/v1/destinations/1/parked").await.expect(200);
    assert_eq!(listed["items"][0]["seq"].to_string(), seq.as_str().unwrap());
    let next_step = "An administrator has parked this event. Retry it once the destination accepts it, or discard it.";
    assert_eq!(listed["items"][0]["next_step"], next_step);
}

/// Waits until both families say so: the stream goes on while they are asked, one after the other.
async fn health_becomes(api: &GraphqlClient<'_>, query: &str, state: &str) -> Value {
    let asking = async {
        loop {
            let answer = api.ask(query).await["data"].take();
            let of = |family: &str| answer[family]["nodes"][0]["health"].clone();
            let health = of("instanceExternalAuditEventDestinations");
            if health["state"] == state && of("auditEventsInstanceStreamingDestinations")["state"] == state {
                return health;
            }
        }
    };
    let found = tokio::time::timeout(PATIENCE, asking).await;
    found.unwrap_or_else(|_| panic!("it never was {state}"))
}

#[tokio::test]
async fn brackets_within_brackets_fill_nobodys_stack() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let update = "instanceAuditEventStreamingDestinationsUpdate";
    for depth in [10, 60, 100, 400, 1_600, 2_400] {
        for (open, close) in [("[", "]"), ("{a:", "}")] {
            let config = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let query = format!("mutation {{ {update}(input: {{id: \"x\", config: {config}}}) {{ errors }} }}");
            let answer = api.ask(&query).await;
            let expected = match depth {
                10 | 60 => refused(update, "\"x\" is not a valid Global ID"),
                _ => json!({"errors": [{"message": "Query is nested too deep"}]}),
            };
            assert_eq!(answer, expected, "{depth}");
        }
    }
    for (depth, status) in [(100, 200), (200, 400)] {
        let config = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let query =
            format!("mutation($config: JSON) {{ {update}(input: {{id: \\\"x\\\", config: $config}}) {{ errors }} }}");
        let body = format!("{{\"query\": \"{query}\", \"variables\": {{\"config\": {config}}}}}");
        let answer = api.post(body).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(
        api.ask("{ __typename }").await,
        json!({"data": {"__typename": "Query"}})
    );
}

/// What makes a scanner and the parser disagree on where a string ends, and then more brackets than any stack holds.
fn deep_queries() -> Vec<String> {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let mut queries = Vec::new();
    for depth in [1_600, 4_900] {
        let deep = nested(depth);
        for start in [
            "",
            r#""""x""#,
            r#""""x\"""""#,
            r#""" """"#,
            "\"x\n",
            "\"\\\n",
            r#""\q""#,
            "# \"\n",
            "# \"\"\"\r",
        ] {
            queries.push(format!("{{a(b:[{start}{deep}])}}"));
        }
        let types = format!("{}Int{}", "[".repeat(depth), "]".repeat(depth));
        queries.push(format!("query($a: {types}) {{ a }}"));
        queries.push(format!("{{a(b:[{}", "[".repeat(depth)));
        queries.push("{a".repeat(depth));
        queries.push("{...".repeat(depth / 2));
    }
    let chain = (0..300).map(|number| format!("fragment f{number} on A{{...f{}}}", number + 1));
    queries.push(format!("{{...f0}}{}fragment f300 on A{{a}}", chain.collect::<String>()));
    queries
}

#[tokio::test]
async fn no_query_ends_the_server() {
    let instance = Instance::start().await;
    let known = GraphqlClient::new(&instance, "read").await;
    let unknown = GraphqlClient::without_token(&instance);
    for query in deep_queries() {
        assert!(query.len() <= 10_000, "{}", query.len());
        let body = json!({"query": query}).to_string();
        let answer = unknown.post(body.clone()).await;
        assert_eq!(
            (answer.status, answer.json()),
            (401, json!({"errors": [{"message": "Invalid token"}]})),
            "{query}"
        );
        let answer = known.post(body).await;
        assert_eq!(answer.status, 200, "{query}");
        assert!(answer.json()["errors"][0]["message"].is_string(), "{answer:?}");
    }
    assert_eq!(
        known.ask("{ __typename }").await,
        json!({"data": {"__typename": "Query"}})
    );
}
