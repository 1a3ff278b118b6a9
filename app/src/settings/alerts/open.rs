//! The open alerts.

use domain::{
    alerts::CertificateHolder,
    page::{StreamView, stream_path},
    view::{AlertKind, AlertView},
};
use leptos::prelude::*;

use crate::{
    clock::Clock,
    settings::card::{Cell, DataTable},
    ui::{Icon, Moment, Rows},
};

pub(super) fn open_alerts(alerts: Signal<Vec<AlertView>>) -> AnyView {
    let is_empty = Memo::new(move |_| alerts.with(Vec::is_empty));
    view! {
        <Show when=move || !is_empty.get() fallback=|| view! { <p class="quiet">"No open alerts."</p> }>
            <DataTable label="Open alerts" headings=&["Alert", "Since", "Notified"]>
                <Rows rows=alerts key=key row=alert_row />
            </DataTable>
        </Show>
    }
    .into_any()
}

fn key(alert: &AlertView) -> String {
    let stream = alert.destination.as_ref().map(|destination| destination.id.get());
    format!(
        "{:?} {stream:?} {:?} {:?} {:?} {}",
        alert.kind, alert.certificate, alert.certificate_name, alert.expires_at, alert.raised_at
    )
}

fn alert_row(alert: Signal<AlertView>) -> AnyView {
    let alert = alert.get_untracked();
    let (raised_at, what) = (alert.raised_at, what(&alert));
    let since = alert.since.unwrap_or(raised_at);
    view! {
        <tr>
            <Cell heading="Alert">
                <span class="alert-name">
                    <Icon icon=icondata_lu::LuTriangleAlert />
                    <span>{what}</span>
                </span>
            </Cell>
            <Cell heading="Since">
                <Moment at=since />
            </Cell>
            <Cell heading="Notified">
                <Moment at=raised_at />
            </Cell>
        </tr>
    }
    .into_any()
}

/// The alert as a sentence; the name of the stream leads to it.
fn what(alert: &AlertView) -> AnyView {
    let stream = alert.destination.as_ref().map(|destination| {
        let view = match alert.kind {
            AlertKind::EventsParked => StreamView::Parked,
            AlertKind::CertificateExpiring if alert.certificate != Some(CertificateHolder::Server) => {
                StreamView::Settings
            }
            _ => StreamView::Activity,
        };
        let href = stream_path(destination.id, view);
        let name = destination.name.clone();
        view! {
            <a href=href>
                <bdi>{name}</bdi>
            </a>
        }
    });
    match alert.kind {
        AlertKind::StreamFailing => view! { "Stream " {stream} " is failing" }.into_any(),
        AlertKind::EventsParked => view! { "Events of stream " {stream} " are parked" }.into_any(),
        AlertKind::CertificateExpiring => {
            let (holder, end) = match alert.certificate {
                Some(CertificateHolder::Client) => ("The client certificate of stream ", ""),
                Some(CertificateHolder::Ca) => ("The CA certificate of stream ", ""),
                Some(CertificateHolder::Listener) => ("The TLS certificate of this server (", ")"),
                Some(CertificateHolder::CaFile) => ("The trusted CA certificate ", ""),
                Some(CertificateHolder::ClientCa) => ("The CA certificate for clients ", ""),
                Some(CertificateHolder::Server) | None => ("The server certificate of stream ", ""),
            };
            let name = alert.certificate_name.clone().map(|name| view! { <bdi>{name}</bdi> });
            let until = alert.expires_at.map(|at| view! { <Moment at /> });
            let (clock, expires_at) = (expect_context::<Clock>(), alert.expires_at);
            let has_expired = Memo::new(move |_| expires_at.is_some_and(|at| at <= clock.now()));
            let verb = move || if has_expired.get() { " expired: " } else { " expires: " };
            view! { {holder} {stream} {name} {end} {verb} {until} }.into_any()
        }
        AlertKind::EventsPrunedEarly => "Events are removed before the retention age".into_any(),
        AlertKind::LogNearingLimit => "The log nears its limit".into_any(),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::{Timestamp, ids::DestinationId, view::AlertedDestination};

    use super::*;
    use crate::settings::tests::rendered;

    #[test]
    fn each_alert_says_what_is_wrong_and_leads_to_its_stream() {
        let destination = AlertedDestination {
            id: DestinationId::new(3),
            name: "SIEM".into(),
        };
        let open = [
            (AlertKind::StreamFailing, Some(destination.clone())),
            (AlertKind::EventsParked, Some(destination)),
            (AlertKind::LogNearingLimit, None),
            (AlertKind::EventsPrunedEarly, None),
        ];
        let expires_at = Some(Timestamp::from_unix_ms(3));
        let expiring = [
            CertificateHolder::Client,
            CertificateHolder::Server,
            CertificateHolder::Ca,
        ]
        .map(|holder| AlertView {
            destination: open[0].1.clone(),
            certificate: Some(holder),
            expires_at,
            ..AlertView::new(AlertKind::CertificateExpiring, Timestamp::from_unix_ms(2))
        });
        let open = open.map(|(kind, destination)| AlertView {
            since: destination.as_ref().map(|_| Timestamp::from_unix_ms(1)),
            destination,
            ..AlertView::new(kind, Timestamp::from_unix_ms(2))
        });
        let of_instance = [
            CertificateHolder::Listener,
            CertificateHolder::CaFile,
            CertificateHolder::ClientCa,
        ];
        let of_instance = of_instance.map(|holder| AlertView {
            certificate: Some(holder),
            certificate_name: Some(format!("CN={holder:?}")),
            expires_at,
            ..AlertView::new(AlertKind::CertificateExpiring, Timestamp::from_unix_ms(2))
        });
        let open = [open.as_slice(), &expiring, &of_instance].concat();
        let html = rendered(|| open_alerts(Signal::stored(open.clone())));
        for text in [
            "Stream ",
            "is failing",
            "are parked",
            "The log nears its limit",
            "before the retention age",
            "The client certificate of stream ",
            "The server certificate of stream ",
            "The CA certificate of stream ",
            "The TLS certificate of this server (",
            "CN=Listener",
            "The trusted CA certificate ",
            "CN=CaFile",
            "The CA certificate for clients ",
            "CN=ClientCa",
        ] {
            assert!(html.contains(text), "{text}: {html}");
        }
        for (view, count) in [("activity", 2), ("parked", 1), ("settings", 2)] {
            let href = format!(r#"href="/admin/audit_logs?tab=streams&amp;stream=3&amp;view={view}""#);
            assert_eq!(html.matches(&href).count(), count, "{html}");
        }
        let none = rendered(|| open_alerts(Signal::stored(Vec::new())));
        assert!(none.contains("No open alerts."), "{none}");
    }
}
