//! Asking a SOCKS5 proxy for a connection (RFC 1928), with a user name and a password (RFC 1929) if its URL has them. `tokio-socks` speaks the
//! protocol, over a connection that was made here.

use domain::proxy::ProxyUrl;
use tokio::net::TcpStream;
use tokio_socks::{Error, tcp::Socks5Stream};

use super::proxy_error::{ProxyError, SocksRefusal};

/// Asks for a connection to this host, a name or an address without brackets.
pub(super) async fn ask(
    stream: &mut TcpStream,
    proxy: &ProxyUrl,
    (host, port): (&str, u16),
    target: &str,
) -> Result<(), ProxyError> {
    let answered = match proxy.credentials() {
        Some((user, password)) => {
            let (user, password) = (String::from_utf8_lossy(&user), String::from_utf8_lossy(&password));
            Socks5Stream::connect_with_password_and_socket(stream, (host, port), &user, &password).await
        }
        None => Socks5Stream::connect_with_socket(stream, (host, port)).await,
    };
    answered.map(drop).map_err(|error| described(error, proxy, target))
}

fn described(error: Error, proxy: &ProxyUrl, target: &str) -> ProxyError {
    let proxy = proxy.address();
    let refusal = match error {
        Error::Io(error) => return ProxyError::Interrupted { proxy, error },
        Error::PasswordAuthFailure(_) | Error::NoAcceptableAuthMethods | Error::AuthorizationRequired => {
            SocksRefusal::Credentials
        }
        Error::ConnectionNotAllowedByRuleset => SocksRefusal::Forbidden,
        Error::GeneralSocksServerFailure => SocksRefusal::Unreachable("general SOCKS server failure"),
        Error::NetworkUnreachable => SocksRefusal::Unreachable("the network is unreachable"),
        Error::HostUnreachable => SocksRefusal::Unreachable("the host is unreachable"),
        Error::ConnectionRefused => SocksRefusal::Unreachable("the connection was refused"),
        Error::TtlExpired => SocksRefusal::Unreachable("the TTL has expired"),
        Error::AddressTypeNotSupported => SocksRefusal::Unreachable("it does not support this kind of address"),
        Error::CommandNotSupported => SocksRefusal::Unsupported("it does not support the CONNECT command"),
        // So does tokio-socks call a reply code that RFC 1928 does not have.
        Error::UnknownAuthMethod => SocksRefusal::Unsupported("it gave an unknown reason"),
        Error::InvalidTargetAddress(_) => SocksRefusal::Unsupported("the host name is too long"),
        _ => return ProxyError::NotSocks { proxy },
    };
    ProxyError::Declined {
        proxy,
        target: target.to_owned(),
        refusal,
    }
}

#[cfg(test)]
mod tests {
    use domain::policy::ProxyFailure;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    const NOTHING: &[u8] = &[];

    /// What comes of a proxy that takes the method and then answers so.
    async fn answered(method: u8, answer: &'static [u8]) -> Result<(), ProxyError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut greeting = [0; 2];
            stream.read_exact(&mut greeting).await.unwrap();
            let mut methods = vec![0; usize::from(greeting[1])];
            stream.read_exact(&mut methods).await.unwrap();
            stream.write_all(&[5, method]).await.unwrap();
            let mut request = [0; 64];
            // Nothing comes after a method that nobody knows.
            drop(stream.read(&mut request).await);
            drop(stream.write_all(answer).await);
        });
        let proxy = ProxyUrl::parse(&format!("socks5h://{address}")).unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let asked = ask(&mut stream, &proxy, ("siem.example", 443), "siem.example:443").await;
        drop(stream);
        serving.await.unwrap();
        asked
    }

    #[tokio::test]
    async fn each_answer_has_its_reason() {
        assert!(answered(0, &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]).await.is_ok());
        for (method, answer, failure, text) in [
            (
                0xff,
                NOTHING,
                ProxyFailure::Authentication,
                "requires other credentials",
            ),
            (
                0,
                &[5, 2, 0, 1, 0, 0, 0, 0, 0, 0],
                ProxyFailure::Forbidden,
                "does not allow connections to siem.example:443",
            ),
            (
                0,
                &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0],
                ProxyFailure::Unreachable,
                "can't connect to siem.example:443: the connection was refused",
            ),
            (
                0,
                &[5, 1, 0, 1, 0, 0, 0, 0, 0, 0],
                ProxyFailure::Unreachable,
                "can't connect to siem.example:443: general SOCKS server failure",
            ),
            (
                0,
                &[5, 8, 0, 1, 0, 0, 0, 0, 0, 0],
                ProxyFailure::Unreachable,
                "it does not support this kind of address",
            ),
            (
                0,
                &[5, 7, 0, 1, 0, 0, 0, 0, 0, 0],
                ProxyFailure::Other,
                "it does not support the CONNECT command",
            ),
            (
                0,
                &[5, 0xf0, 0, 1, 0, 0, 0, 0, 0, 0],
                ProxyFailure::Other,
                "did not connect to siem.example:443: it gave an unknown reason",
            ),
            (
                0,
                b"HTTP/1.1 400 Bad Request\r\n\r\n",
                ProxyFailure::Other,
                "is not a SOCKS5 proxy",
            ),
            (0, NOTHING, ProxyFailure::Other, "ended before it had answered"),
        ] {
            let error = answered(method, answer).await.unwrap_err();
            assert_eq!(error.failure(), failure, "{error}");
            assert!(error.to_string().contains(text), "{text}: {error}");
        }
    }
}
