//! The HTTP client.

use std::{
    io::{self, Read as _},
    sync::Arc,
    time::Duration,
};

use ureq::{
    Agent,
    http::StatusCode,
    tls::{RootCerts, TlsConfig},
};

use super::{
    Body, interrupted,
    proxy::{self, ForwardProxy},
};
use crate::ImageError;

/// How long a mirror may stay silent before the transfer counts as broken.
const SILENCE: Duration = Duration::from_secs(30);

/// An HTTP and HTTPS client; certificates are checked as the host's system does.
#[derive(Debug)]
pub struct Http {
    /// For HTTPS, which every kind of proxy passes on as it is.
    tls: Agent,
    /// For HTTP.
    plain: Agent,
    /// The proxy for HTTP, if the environment names one.
    forward: Option<(ForwardProxy, Agent)>,
}

impl Http {
    /// A client with the proxies named in the environment that `variable` looks up.
    pub fn new(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let tunnel = proxy::named_by(variable, &["https_proxy", "HTTPS_PROXY"]);
        let forward = ForwardProxy::from_variables(variable).map(|proxy| {
            let agent = proxy.agent(config().proxy(None).build());
            (proxy, agent)
        });
        Self {
            tls: config().proxy(tunnel).build().new_agent(),
            plain: config().proxy(None).build().new_agent(),
            forward,
        }
    }

    /// Requests a file from the byte at `offset` on.
    pub fn open(&self, url: &str, offset: u64) -> Result<Body, ImageError> {
        let forward = self
            .forward
            .as_ref()
            .filter(|(proxy, _)| proxy.applies_to(url));
        let request = match forward {
            Some((proxy, agent)) => proxy.authorize(agent.get(url)),
            None if url.starts_with("https://") => self.tls.get(url),
            None => self.plain.get(url),
        };
        let request = match offset {
            0 => request,
            _ => request.header("Range", format!("bytes={offset}-")),
        };
        let response = request.call().map_err(|e| explain(url, &e))?;
        let partial = response.status() == StatusCode::PARTIAL_CONTENT;
        let sent = response.body().content_length();
        let mut reader = response.into_body().into_reader();
        if !partial {
            // A server that knows no ranges sends the file from its start.
            io::copy(&mut reader.by_ref().take(offset), &mut io::sink())
                .map_err(|e| interrupted(url, &e))?;
        }
        let length = if partial {
            sent.and_then(|sent| sent.checked_add(offset))
        } else {
            sent
        };
        Ok(Body {
            reader: Box::new(reader),
            length,
        })
    }
}

fn config() -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .user_agent(concat!("trine/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(SILENCE))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
}

/// A mirror that answered is told apart from one that did not.
fn explain(url: &str, error: &ureq::Error) -> ImageError {
    let url = url.to_owned();
    match error {
        ureq::Error::StatusCode(404 | 410) => ImageError::NotFound { url },
        ureq::Error::StatusCode(status) => ImageError::Download {
            url,
            cause: format!("the mirror answered with status {status}"),
        },
        // What TLS objects to, such as a certificate: somebody did answer.
        ureq::Error::Io(e) if e.kind() == io::ErrorKind::InvalidData => ImageError::Download {
            url,
            cause: e.to_string(),
        },
        ureq::Error::Io(_)
        | ureq::Error::Timeout(_)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_) => ImageError::Unreachable {
            url,
            cause: error.to_string(),
        },
        _ => ImageError::Download {
            url,
            cause: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::server::{Mood, Server};

    fn get(http: &Http, url: &str) -> Result<Vec<u8>, ImageError> {
        let mut data = Vec::new();
        http.open(url, 0)?.reader.read_to_end(&mut data).unwrap();
        Ok(data)
    }

    fn served(contents: &[u8]) -> (tempfile::TempDir, Server) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), contents).unwrap();
        let server = Server::start(dir.path(), Mood::Good);
        (dir, server)
    }

    fn through(proxy: &str, exceptions: &str) -> Http {
        let (proxy, exceptions) = (proxy.to_owned(), exceptions.to_owned());
        Http::new(&|name| match name {
            "http_proxy" => Some(proxy.clone()),
            "no_proxy" => Some(exceptions.clone()),
            _ => None,
        })
    }

    #[test]
    fn a_proxy_is_asked_for_the_whole_address() {
        let (_dir, server) = served(b"data");
        // Only the proxy can know a host of that name.
        let http = through(&server.url(), "");
        assert_eq!(get(&http, "http://mirror.invalid/file").unwrap(), b"data");
        assert_eq!(
            get(&http, "http://mirror.invalid:8080/file").unwrap(),
            b"data"
        );
        let requests = server.requests();
        assert_eq!(
            requests,
            [
                "GET http://mirror.invalid/file HTTP/1.1",
                "GET http://mirror.invalid:8080/file HTTP/1.1"
            ]
        );
        let error = get(&http, "http://mirror.invalid/none").unwrap_err();
        assert!(matches!(error, ImageError::NotFound { .. }), "{error}");
    }

    #[test]
    fn a_proxys_password_is_sent() {
        let (_dir, server) = served(b"data");
        let address = server.url().replace("http://", "http://user:word@");
        get(&through(&address, ""), "http://mirror.invalid/file").unwrap();
        let header = server.requests()[1].to_lowercase();
        assert_eq!(header, "proxy-authorization: basic dxnlcjp3b3jk");
    }

    #[test]
    fn exceptions_are_asked_directly() {
        let (_dir, server) = served(b"data");
        let http = through("http://127.0.0.1:1", "127.0.0.1");
        assert_eq!(
            get(&http, &format!("{}/file", server.url())).unwrap(),
            b"data"
        );
        assert_eq!(server.requests(), ["GET /file HTTP/1.1"]);
    }

    #[test]
    fn unreachable_hosts_and_proxies_are_told_apart_from_bad_answers() {
        let error = get(&through("http://127.0.0.1:1", ""), "http://mirror/x").unwrap_err();
        assert!(error.is_unreachable(), "{error}");
        // A certificate that does not check out comes from somebody.
        let refused = io::Error::new(io::ErrorKind::InvalidData, "invalid peer certificate");
        let error = explain("https://mirror/x", &ureq::Error::Io(refused));
        assert!(
            !error.is_unreachable() && error.to_string().contains("certificate"),
            "{error}"
        );
    }
}
