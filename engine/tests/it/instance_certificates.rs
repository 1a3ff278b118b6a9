//! Certificates that belong to no destination: administrators are notified before they expire.

use std::time::Duration;

use domain::{
    Timestamp,
    alerts::{CertificateHolder, InstanceCertificate, Validity},
};
use tokio::sync::watch;

use crate::{
    CaFile, EngineConfig,
    clock::Clock,
    it::{replay::own_messages, world::World},
    net::test_ca::Ca,
};

const DAY: Duration = Duration::from_secs(86_400);

fn listener(name: &str, from: Timestamp, until: Timestamp) -> InstanceCertificate {
    InstanceCertificate {
        holder: CertificateHolder::Listener,
        name: name.into(),
        validity: Validity { from, until },
    }
}

/// Every notification so far.
async fn notified(world: &World) -> Vec<String> {
    world.engine.look_for_alerts().await.unwrap();
    let messages = own_messages(world).await.into_iter();
    messages.filter(|message| message.contains(" certificate ")).collect()
}

async fn open(world: &World) -> Vec<(Option<CertificateHolder>, Option<String>)> {
    let open = world.engine.list_alerts().await.unwrap().into_iter();
    open.map(|alert| (alert.certificate, alert.certificate_name)).collect()
}

#[tokio::test]
async fn administrators_are_notified_before_the_listener_and_each_ca_expire() {
    // The second CA expires when the year ends.
    let now = Timestamp::parse("2049-12-10T00:00:00Z").unwrap();
    let year_ends = Timestamp::parse("2050-01-01T00:00:00Z").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let (lasting, expiring, expired) = (
        Ca::valid(2_000, 2_100),
        Ca::valid(2_000, 2_050),
        Ca::valid(2_000, 2_001),
    );
    std::fs::write(&path, [lasting.pem(), expiring.pem(), expired.pem()].concat()).unwrap();
    let from = Timestamp::from_unix_ms(now.unix_ms() - 300 * 86_400_000);
    let client_ca = |until| InstanceCertificate {
        holder: CertificateHolder::ClientCa,
        name: "CN=Clients".into(),
        validity: Validity { from, until },
    };
    let lasting_clients = client_ca(now.plus(DAY * 500));
    let (shown, certificates) = watch::channel(vec![
        listener("audit.example", from, now.plus(DAY * 29)),
        lasting_clients.clone(),
        client_ca(from),
    ]);
    let world = World::with_clock(Clock::set_at(now), |config| EngineConfig {
        ca_file: Some(CaFile::open(path.clone()).unwrap()),
        listener_certificates: Some(certificates),
        ..config
    })
    .await;
    let certificates = world.engine.instance_certificates();
    let of = |holder| certificates.iter().filter(move |one| one.holder == holder);
    assert_eq!(
        (
            of(CertificateHolder::Listener).count(),
            of(CertificateHolder::CaFile).count(),
            of(CertificateHolder::ClientCa).count()
        ),
        (1, 3, 2)
    );
    assert!(of(CertificateHolder::CaFile).any(|ca| ca.validity.until == year_ends));

    let first = notified(&world).await;
    assert_eq!(first.len(), 2, "those that expired long ago are no news: {first:?}");
    assert_eq!(
        first[0],
        "The TLS certificate of this server (audit.example) expires in 29 days"
    );
    assert!(
        first[1].starts_with("The CA certificate ")
            && first[1].ends_with(" in AUDIT_STREAMS_CA_FILE expires in 22 days"),
        "{first:?}"
    );
    let alerts = open(&world).await;
    assert_eq!(
        alerts[0],
        (Some(CertificateHolder::Listener), Some("audit.example".into()))
    );
    assert_eq!((alerts.len(), alerts[1].0), (2, Some(CertificateHolder::CaFile)));

    world.engine.clock().advance(DAY * 15);
    let second = notified(&world).await;
    assert_eq!(second.len(), 3, "{second:?}");
    assert!(second[2].ends_with("expires in 7 days"), "{second:?}");
    world.engine.clock().advance(DAY * 7);
    let third = notified(&world).await;
    assert_eq!(third.len(), 5, "{third:?}");
    assert!(third[3].ends_with("expires in 7 days"), "{third:?}");
    assert!(third[4].ends_with("in AUDIT_STREAMS_CA_FILE has expired"), "{third:?}");

    let renewed = listener("audit.example", now, now.plus(DAY * 500));
    shown.send_replace(vec![renewed.clone(), lasting_clients]);
    std::fs::write(&path, lasting.pem()).unwrap();
    assert_eq!(notified(&world).await.len(), 5, "what is renewed is no news");
    assert_eq!(open(&world).await, []);
    shown.send_replace(vec![listener("audit.example", from, now.plus(DAY * 23))]);
    let another = notified(&world).await;
    assert!(
        another.len() == 6 && another[5].ends_with("expires in 1 day"),
        "{another:?}"
    );
    shown.send_replace(vec![renewed, client_ca(now.plus(DAY * 25))]);
    let of_clients = notified(&world).await;
    assert_eq!(of_clients.len(), 7, "{of_clients:?}");
    assert_eq!(
        of_clients[6],
        "The CA certificate CN=Clients in AUDIT_STREAMS_CLIENT_CA expires in 3 days"
    );
}

#[tokio::test]
async fn an_instance_without_tls_has_none() {
    let world = World::new().await;
    assert_eq!(world.engine.instance_certificates(), []);
}
