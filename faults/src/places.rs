//! The destinations of a run: five HTTP endpoints, two buckets and Cloud Logging, with and without filters.

use std::{io, path::Path, sync::Arc};

use drill::{Answer, Api, Filter, History, Oracle, Plan, Rule, Witness};
use receivers::{
    google::{GoogleServer, Options},
    s3::S3Server,
};
use serde_json::{Value, json};

use crate::{endpoint::Endpoint, observed::Observed};

pub(crate) const EVENT_TYPES: [&str; 8] = [
    "drill_0", "drill_1", "drill_2", "drill_3", "drill_4", "drill_5", "drill_6", "drill_7",
];
const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const BUCKET: &str = "audit-events";

/// A destination.
pub(crate) struct Place {
    pub(crate) id: i64,
    pub(crate) witness: Arc<Witness>,
    pub(crate) history: History,
    /// Filters that it has in turn; the first one at the start.
    pub(crate) filters: Vec<Filter>,
}

/// Everything that the server sends to.
pub(crate) struct Places {
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) buckets: Vec<S3Server>,
    pub(crate) google: GoogleServer,
    /// For destinations that come and go.
    pub(crate) visitors: Endpoint,
    pub(crate) visitors_witness: Arc<Witness>,
    pub(crate) all: Arc<Vec<Place>>,
    pub(crate) observed: Observed,
}

/// A destination before it is added.
struct Draft {
    name: &'static str,
    target: Value,
    filters: Vec<Filter>,
    witness: Arc<Witness>,
}

/// Receivers without destinations.
pub(crate) struct Receivers {
    endpoints: Vec<Endpoint>,
    buckets: Vec<S3Server>,
    google: GoogleServer,
    visitors: Endpoint,
    visitors_witness: Arc<Witness>,
    /// Seconds.
    request_timeout: u32,
    witnesses: Vec<Arc<Witness>>,
}

static ENDPOINTS: [&str; 5] = ["Single", "Single by type", "Lines", "Arrays", "Single by group"];
pub(crate) const BUCKET_OF_EVENTS: &str = "Bucket of events";
static BUCKETS: [&str; 2] = ["Bucket of batches", BUCKET_OF_EVENTS];
const GOOGLE: &str = "Cloud Logging";

impl Receivers {
    /// Starts all of them.
    pub(crate) async fn start(work: &Path, oracle: &Oracle, request_timeout: u32) -> io::Result<Self> {
        let witness = |name: &str| Arc::new(oracle.witness(name));
        let visitors_witness = witness("Visitors");
        let names = ENDPOINTS.iter().chain(&BUCKETS).copied().chain([GOOGLE]);
        let witnesses: Vec<_> = names.map(witness).collect();
        let mut endpoints = Vec::new();
        for witness in witnesses.iter().take(ENDPOINTS.len()) {
            endpoints.push(Endpoint::start(Arc::clone(witness)).await?);
        }
        let mut buckets = Vec::new();
        for number in 0..BUCKETS.len() {
            let folder = work.join(format!("s3-{number}"));
            let bucket = S3Server::start(folder, ACCESS_KEY_ID, SECRET_ACCESS_KEY).await?;
            bucket.make_bucket(BUCKET)?;
            buckets.push(bucket);
        }
        Ok(Self {
            endpoints,
            buckets,
            google: GoogleServer::start_at(([127, 0, 0, 1], 0).into(), Options::default()).await?,
            visitors: Endpoint::start(Arc::clone(&visitors_witness)).await?,
            visitors_witness,
            request_timeout,
            witnesses,
        })
    }

    /// Settings of the server that say where Google is.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        vec![
            ("AUDIT_STREAMS_GOOGLE_LOGGING_URL".to_owned(), self.google.url()),
            ("AUDIT_STREAMS_GOOGLE_TOKEN_URL".to_owned(), self.google.token_url()),
        ]
    }

    /// Adds a destination for each of them.
    ///
    /// # Errors
    /// What the server answered.
    pub(crate) async fn add(self, api: &Api, oracle: &Oracle) -> Result<Places, String> {
        let mut all = Vec::new();
        for draft in self.drafts(oracle.plan()) {
            let first = draft.filters.first().cloned().unwrap_or(Filter::All);
            let mut input = filter_input(&first);
            input["name"] = json!(draft.name);
            merge(&mut input, &draft.target);
            let answer = api.add_destination(&input).await;
            let answer = answer.map_err(|error| format!("{}: {error}", draft.name))?;
            all.push(Place {
                id: id_in(&answer).ok_or_else(|| format!("{}: {}", draft.name, answer.problem()))?,
                witness: draft.witness,
                history: oracle.history(Rule {
                    filter: first,
                    is_active: true,
                }),
                filters: draft.filters,
            });
        }
        Ok(Places {
            observed: Observed::new(self.buckets.len()),
            endpoints: self.endpoints,
            buckets: self.buckets,
            google: self.google,
            visitors: self.visitors,
            visitors_witness: self.visitors_witness,
            all: Arc::new(all),
        })
    }

    fn drafts(&self, plan: &Plan) -> Vec<Draft> {
        let targets = self.http_targets().into_iter().chain(self.other_targets());
        let names = ENDPOINTS.iter().chain(&BUCKETS).copied().chain([GOOGLE]);
        let parts = names.zip(targets).zip(filters(plan)).zip(&self.witnesses);
        parts
            .map(|(((name, target), filters), witness)| Draft {
                name,
                target,
                filters,
                witness: Arc::clone(witness),
            })
            .collect()
    }

    fn http_targets(&self) -> Vec<Value> {
        let single = json!({});
        let lines = json!({"request_format": "json_lines", "batch_events": 50, "batch_wait_ms": 50});
        let arrays = json!({"request_format": "json_array", "batch_wait_ms": 200, "compression": "gzip"});
        let formats = [single.clone(), single.clone(), lines, arrays, single];
        let with_url = |(mut format, endpoint): (Value, &Endpoint)| {
            format["url"] = json!(endpoint.url());
            format["request_timeout_seconds"] = json!(self.request_timeout);
            json!({"http": format})
        };
        formats.into_iter().zip(&self.endpoints).map(with_url).collect()
    }

    fn other_targets(&self) -> Vec<Value> {
        let layouts = ["batches", "events"];
        let buckets = layouts.iter().zip(&self.buckets).map(|(layout, server)| {
            json!({"aws": {
                "access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY, "region": "us-east-1",
                "bucket": BUCKET, "endpoint_url": server.url(), "layout": layout, "request_timeout_seconds": self.request_timeout,
            }})
        });
        let account = self.google.service_account();
        let google = json!({"gcp": {
            "project_id": account.project_id, "client_email": account.client_email, "log_id": "audit",
            "private_key": account.private_key_pem, "request_timeout_seconds": self.request_timeout,
        }});
        buckets.chain([google]).collect()
    }
}

/// In the order of the destinations. Each list has types that every filter admits, so that much stays required.
fn filters(plan: &Plan) -> [Vec<Filter>; 8] {
    let types = |numbers: &[usize]| -> Vec<String> {
        let of = numbers.iter().filter_map(|number| EVENT_TYPES.get(*number));
        of.map(|name| (*name).to_owned()).collect()
    };
    let only = |numbers: &[usize]| Filter::Types(types(numbers));
    let not = |numbers: &[usize]| Filter::NotTypes(types(numbers));
    let path = |group| Filter::Path(plan.group_path(group));
    [
        vec![Filter::All],
        vec![
            only(&[0, 1, 2, 3]),
            only(&[0, 1]),
            only(&[0, 1, 2, 3, 4, 5]),
            not(&[6, 7]),
        ],
        vec![Filter::All, not(&[7])],
        vec![not(&[0]), not(&[0, 1]), not(&[2])],
        vec![path(1), Filter::All],
        vec![Filter::All, not(&[5])],
        vec![only(&[7])],
        vec![only(&[1, 2]), only(&[1]), only(&[1, 3])],
    ]
}

/// The fields of a filter; those of the others are emptied.
pub(crate) fn filter_input(filter: &Filter) -> Value {
    let (types, not_types, paths) = match filter {
        Filter::All => (json!([]), json!([]), json!([])),
        Filter::Types(types) => (json!(types), json!([]), json!([])),
        Filter::NotTypes(types) => (json!([]), json!(types), json!([])),
        Filter::Path(path) => (json!([]), json!([]), json!([path])),
    };
    json!({"event_types": types, "event_type_denylist": not_types, "namespaces": paths})
}

pub(crate) fn id_in(answer: &Answer) -> Option<i64> {
    answer.body.get("id").and_then(Value::as_i64)
}

fn merge(into: &mut Value, from: &Value) {
    if let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) {
        into.extend(from.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
}
