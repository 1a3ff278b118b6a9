//! When the certificates of a destination expire.

use domain::{Timestamp, view::HealthView};
use leptos::prelude::*;

use crate::{clock::Clock, ui::Moment};

/// Nothing for a destination without TLS.
#[component]
pub(super) fn Certificates(health: Signal<HealthView>) -> impl IntoView {
    let ca = Memo::new(move |_| health.with(|health| health.ca_certificate_expires_at));
    let client = Memo::new(move |_| health.with(|health| health.client_certificate_expires_at));
    let server = Memo::new(move |_| health.with(|health| health.server_certificate_expires_at));
    let is_empty = Memo::new(move |_| [ca, client, server].iter().all(|at| at.get().is_none()));
    view! {
        <section aria-label="Certificates" hidden=move || is_empty.get()>
            <div class="section-head">
                <h3>"Certificates"</h3>
            </div>
            {line("Our client certificate", client)}
            {line("The certificate of the server", server)}
            {line("The first of the CA certificates", ca)}
        </section>
    }
}

fn line(certificate: &'static str, expires_at: Memo<Option<Timestamp>>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let has_expired = Memo::new(move |_| expires_at.get().is_some_and(|at| at <= clock.now()));
    move || {
        let at = expires_at.get()?;
        let verb = if has_expired.get() { " expired: " } else { " expires: " };
        Some(view! {
            <p>
                {certificate} {verb} <Moment at />
            </p>
        })
    }
}
