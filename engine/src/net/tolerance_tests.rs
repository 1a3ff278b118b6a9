//! Responses that break the rules of HTTP and are still clear: what counts is the status.

use receivers::raw::{RawServer, Reply};

use super::{
    tests::{PATIENCE, machine, open, post, text},
    *,
};

/// Answers every request on every connection with these bytes.
async fn serve(answer: String) -> RawServer {
    machine();
    RawServer::start(move |_| Reply::Send(answer.clone())).await
}

/// The header lines of responses that old servers and proxies send.
fn sloppy_headers() -> Vec<(&'static str, String)> {
    let many: String = (0..1_000)
        .map(|number| format!("X-Header-{number}: {number}\r\n"))
        .collect();
    vec![
        ("folded", "X-Policy: one;\r\n two;\r\n\tthree\r\n".to_owned()),
        (
            "a space before the colon",
            "Server : Old/1.0\r\nX-Other\t: 1\r\n".to_owned(),
        ),
        ("no colon", "This is not a header\r\n".to_owned()),
        ("no name", ": nothing\r\n".to_owned()),
        ("a name in brackets", "X-(Old): 1\r\n".to_owned()),
        ("a control character", "X-Bell: a\u{7}b\r\n".to_owned()),
        ("text that is not ASCII", "X-Café: ça va\r\n".to_owned()),
        ("bare line feeds", "X-Unix: 1\nX-More: 2\n".to_owned()),
        ("more than 100", many),
    ]
}

#[tokio::test]
async fn a_200_with_sloppy_headers_is_a_200_for_streams_and_for_tests() {
    for (what, headers) in sloppy_headers() {
        for position in ["before", "after"] {
            let (before, after) = match position {
                "before" => (headers.as_str(), ""),
                _ => ("", headers.as_str()),
            };
            let server = serve(format!("HTTP/1.1 200 OK\r\n{before}Content-Length: 2\r\n{after}\r\nok")).await;
            let clients = GuardedClients::new(open());
            for clients in [clients.clone(), clients.traced().0] {
                let client = clients.client_for(&server.url().parse().unwrap(), PATIENCE).unwrap();
                // Twice, so that what is left over of a response would be found.
                for _ in 0..2 {
                    let response = post(&client, &server.url()).await;
                    let response = response.unwrap_or_else(|error| panic!("{what}, {position}: {error:?}"));
                    assert_eq!(response.status(), 200, "{what}");
                    assert_eq!(text(response).await, "ok", "{what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_headers_that_matter_are_read_beside_sloppy_ones() {
    let mangled = "X-Folded: a\r\n b\r\nnonsense\r\nRetry-After : 7\r\n";
    let server = serve(format!("HTTP/1.1 503 Busy\r\n{mangled}Content-Length: 0\r\n\r\n")).await;
    let client = GuardedClients::new(open());
    let client = client.client_for(&server.url().parse().unwrap(), PATIENCE).unwrap();
    let response = post(&client, &server.url()).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"7".parse().unwrap())
    );
}
