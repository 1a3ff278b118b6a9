//! When administrators are notified that a certificate is about to expire: 30, 7 and 1 days before, and when it has
//! expired.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How many days before its end a certificate is notified of, the last one first.
const DAYS: [u32; 4] = [0, 1, 7, 30];

const DAY: Duration = Duration::from_secs(86_400);

/// Whose certificate it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CertificateHolder {
    /// The client certificate of the destination.
    Client,
    /// The certificate of the server.
    Server,
    /// The first to expire of the CA certificates of the destination.
    Ca,
    /// The certificate that this server itself shows to clients, or one that vouches for it.
    Listener,
    /// A CA that all outgoing connections trust, in `AUDIT_STREAMS_CA_FILE`.
    CaFile,
    /// A CA that vouches for clients, in `AUDIT_STREAMS_CLIENT_CA`.
    ClientCa,
}

/// From when until when a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Not before.
    pub from: Timestamp,
    /// Not after.
    pub until: Timestamp,
}

/// A certificate that belongs to the whole instance: that of the listener, or of a CA that the operator trusts, in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceCertificate {
    /// Which one.
    pub holder: CertificateHolder,
    /// What it is for, or the subject of the CA.
    pub name: String,
    /// When it is valid.
    pub validity: Validity,
}

/// What is known of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateSeen {
    /// There is none.
    None,
    /// Nobody has seen it yet.
    Unknown,
    Valid(Validity),
}

/// A certificate that administrators were notified of, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateAlert {
    /// Of the certificate that it is about now.
    pub expires_at: Timestamp,
    /// That it expires within so many days; 0 that it has expired.
    pub days: u32,
    /// When they were notified last.
    pub raised_at: Timestamp,
    /// Since when it is over; kept, so that one that comes back soon is not news.
    pub over_since: Option<Timestamp>,
}

/// What is to be done about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateStep {
    Leave,
    /// Store the alert, and notify.
    Raise(CertificateAlert),
    /// Store the alert; there is no news.
    Store(CertificateAlert),
}

impl CertificateHolder {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Client,
        Self::Server,
        Self::Ca,
        Self::Listener,
        Self::CaFile,
        Self::ClientCa,
    ];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Ca => "ca",
            Self::Listener => "listener",
            Self::CaFile => "ca_file",
            Self::ClientCa => "client_ca",
        }
    }

    /// The holder with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|holder| holder.as_str() == text)
    }

    /// Whether it is one of several CAs in a file: such files often have some that expired long ago.
    pub const fn is_in_collection(self) -> bool {
        matches!(self, Self::CaFile | Self::ClientCa)
    }
}

impl CertificateSeen {
    /// The end of the certificate, if it is known.
    pub const fn expires_at(self) -> Option<Timestamp> {
        match self {
            Self::Valid(validity) => Some(validity.until),
            Self::None | Self::Unknown => None,
        }
    }
}

/// The next step for a certificate with this alert, if any.
pub fn step_certificate(
    holder: CertificateHolder,
    stored: Option<CertificateAlert>,
    seen: CertificateSeen,
    now: Timestamp,
) -> CertificateStep {
    let due = match seen {
        CertificateSeen::Unknown => return CertificateStep::Leave,
        CertificateSeen::None => None,
        CertificateSeen::Valid(validity) => due(holder, validity, now).map(|days| CertificateAlert {
            expires_at: validity.until,
            days,
            raised_at: now,
            over_since: None,
        }),
    };
    let next = match (stored, due) {
        (None, None) => return CertificateStep::Leave,
        (None, Some(next)) => return CertificateStep::Raise(next),
        (Some(alert), Some(next)) if alert.is_outdone_by(next, holder) => return CertificateStep::Raise(next),
        (Some(alert), Some(next)) => CertificateAlert {
            expires_at: next.expires_at,
            over_since: None,
            ..alert
        },
        (Some(alert), None) => CertificateAlert {
            over_since: alert.over_since.or(Some(now)),
            ..alert
        },
    };
    match stored == Some(next) {
        true => CertificateStep::Leave,
        false => CertificateStep::Store(next),
    }
}

impl CertificateAlert {
    /// Whether the next one is news: it is more urgent, or about another certificate of the settings, which somebody chose. A server may show
    /// one certificate or another, so there it is news only when this one has been over for a day.
    fn is_outdone_by(&self, next: Self, holder: CertificateHolder) -> bool {
        let is_chosen = matches!(holder, CertificateHolder::Client | CertificateHolder::Ca);
        let is_another = is_chosen && next.expires_at != self.expires_at;
        let is_long_over = |over_since: Timestamp| next.raised_at.since(over_since) >= DAY;
        is_another || self.over_since.is_some_and(is_long_over) || next.days < self.days
    }
}

/// Within how many days it expires, 0 if it has expired; `None` if there is still time. A server may renew its certificate every few weeks
/// or days, so that it always expires soon: it is notified of only in the last third of its life. So may this server.
fn due(holder: CertificateHolder, validity: Validity, now: Timestamp) -> Option<u32> {
    let (life, left) = (validity.until.since(validity.from), validity.until.since(now));
    let is_due = |days: u32| match holder {
        CertificateHolder::Server | CertificateHolder::Listener => left <= DAY * days && DAY * days.max(1) * 3 < life,
        CertificateHolder::Client | CertificateHolder::Ca | CertificateHolder::CaFile | CertificateHolder::ClientCa => {
            left <= DAY * days
        }
    };
    DAYS.into_iter().find(|days| is_due(*days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_unix_ms(day * 86_400_000)
    }

    fn valid(from: i64, until: i64) -> CertificateSeen {
        CertificateSeen::Valid(Validity {
            from: day(from),
            until: day(until),
        })
    }

    const fn alert(expires_at: Timestamp, days: u32, raised_at: Timestamp) -> CertificateAlert {
        CertificateAlert {
            expires_at,
            days,
            raised_at,
            over_since: None,
        }
    }

    use CertificateHolder::{Ca, CaFile, Client, ClientCa, Listener, Server};

    /// On which days administrators are notified, and of which step, if this is seen four times on each of the days, by the number of the
    /// quarter of a day; and what is stored in the end.
    fn notified(
        holder: CertificateHolder,
        days: std::ops::Range<i64>,
        seen: impl Fn(i64) -> CertificateSeen,
    ) -> (Vec<(i64, u32)>, Option<CertificateAlert>) {
        let (mut stored, mut raised) = (None, Vec::new());
        for quarter in days.start * 4..days.end * 4 {
            let now = Timestamp::from_unix_ms(quarter * 21_600_000);
            match step_certificate(holder, stored, seen(quarter), now) {
                CertificateStep::Raise(alert) => {
                    raised.push((quarter / 4, alert.days));
                    stored = Some(alert);
                }
                CertificateStep::Store(alert) => stored = Some(alert),
                CertificateStep::Leave => {}
            }
        }
        (raised, stored)
    }

    #[test]
    fn every_holder_is_found_by_its_stored_name() {
        for holder in CertificateHolder::ALL {
            assert_eq!(CertificateHolder::parse(holder.as_str()), Some(holder));
            assert_eq!(serde_json::to_value(holder).unwrap(), holder.as_str());
        }
        assert_eq!(CertificateHolder::parse("nobody"), None);
    }

    #[test]
    fn it_is_notified_of_at_each_step_and_over_when_it_is_renewed() {
        for holder in CertificateHolder::ALL {
            let (raised, stored) = notified(holder, 0..370, |_| valid(0, 365));
            assert_eq!(raised, [(335, 30), (358, 7), (364, 1), (365, 0)], "{holder:?}");
            let over = CertificateAlert {
                over_since: Some(day(371)),
                ..alert(day(365), 0, day(365))
            };
            let step = |stored, now| step_certificate(holder, stored, valid(364, 730), day(now));
            assert_eq!(step(stored, 371), CertificateStep::Store(over));
            assert_eq!(step(Some(over), 372), CertificateStep::Leave);
            let again = CertificateStep::Raise(alert(day(730), 30, day(700)));
            assert_eq!(step(Some(over), 700), again);
        }
    }

    #[test]
    fn what_was_seen_late_is_notified_of_once() {
        for holder in CertificateHolder::ALL {
            let (raised, stored) = notified(holder, 400..500, |_| valid(0, 365));
            assert_eq!(raised, [(400, 0)], "{holder:?}");
            assert_eq!(stored, Some(alert(day(365), 0, day(400))));
        }
    }

    #[test]
    fn two_servers_behind_one_name_are_not_news_in_turns() {
        let in_turns = |one, other| move |quarter| if quarter % 2 == 0 { one } else { other };
        let (one_is_renewed, _) = notified(Server, 80..102, in_turns(valid(0, 100), valid(75, 400)));
        assert_eq!(one_is_renewed, [(80, 30), (93, 7), (99, 1), (100, 0)]);
        let (both_expire, _) = notified(Server, 80..102, in_turns(valid(0, 100), valid(0, 120)));
        assert_eq!(both_expire, [(80, 30), (93, 7), (99, 1), (100, 0)]);
    }

    #[test]
    fn another_client_certificate_that_expires_soon_is_news() {
        let before = alert(day(100), 7, day(93));
        let step = |holder| step_certificate(holder, Some(before), valid(0, 120), day(94));
        for chosen in [Client, Ca] {
            assert_eq!(step(chosen), CertificateStep::Raise(alert(day(120), 30, day(94))));
        }
        assert_eq!(step(Server), CertificateStep::Store(alert(day(120), 7, day(93))));
    }

    #[test]
    fn a_server_renews_a_certificate_of_90_days_30_days_before_its_end() {
        let days = |holder, now| match step_certificate(holder, None, valid(0, 90), day(now)) {
            CertificateStep::Raise(alert) => Some(alert.days),
            _ => None,
        };
        let of = |holder| [59, 60, 82, 83, 89, 90].map(|now| days(holder, now));
        let short = |holder| step_certificate(holder, None, valid(0, 3), day(4));
        for holder in [Server, Listener] {
            assert_eq!(of(holder), [None, None, None, Some(7), Some(1), Some(0)]);
            assert_eq!(short(holder), CertificateStep::Leave, "renewed every day");
        }
        for holder in [Client, Ca, CaFile, ClientCa] {
            assert_eq!(of(holder), [None, Some(30), Some(30), Some(7), Some(1), Some(0)]);
            assert_eq!(short(holder), CertificateStep::Raise(alert(day(3), 0, day(4))));
        }
    }

    #[test]
    fn what_is_not_known_changes_nothing_and_what_is_gone_is_over() {
        for holder in CertificateHolder::ALL {
            let before = alert(day(30), 7, day(23));
            let step = |stored, seen| step_certificate(holder, stored, seen, day(24));
            let over = CertificateAlert {
                over_since: Some(day(24)),
                ..before
            };
            assert_eq!(step(Some(before), CertificateSeen::Unknown), CertificateStep::Leave);
            assert_eq!(step(Some(before), CertificateSeen::None), CertificateStep::Store(over));
            assert_eq!(step(None, CertificateSeen::None), CertificateStep::Leave);
            // A destination that was inactive for some hours.
            let soon = Timestamp::from_unix_ms(day(24).unix_ms() + 3_600_000);
            let back = step_certificate(holder, Some(over), valid(-100, 30), soon);
            assert_eq!(back, CertificateStep::Store(before));
        }
    }
}
