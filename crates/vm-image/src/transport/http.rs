//! The HTTP client.

use std::{sync::Arc, time::Duration};

use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig},
};

use super::{Body, proxy::ForwardProxy};
use crate::ImageError;

/// How long a mirror may stay silent before the transfer counts as broken.
const SILENCE: Duration = Duration::from_secs(30);

/// An HTTP and HTTPS client; certificates are checked as the host's system does.
#[derive(Debug)]
pub struct Http {
    /// For HTTPS, and for HTTP without a proxy.
    agent: Agent,
    /// For HTTP through a proxy, if the environment names one.
    forward: Option<(ForwardProxy, Agent)>,
}

impl Http {
    /// A client with the proxies named in the environment that `variable` looks up.
    pub fn new(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let forward = ForwardProxy::from_variables(variable).map(|proxy| {
            let agent = proxy.agent(config().proxy(None).build());
            (proxy, agent)
        });
        Self {
            agent: config().build().new_agent(),
            forward,
        }
    }

    /// Requests a file.
    pub fn open(&self, url: &str) -> Result<Body, ImageError> {
        let forward = self
            .forward
            .as_ref()
            .filter(|(proxy, _)| proxy.applies_to(url));
        let request = match forward {
            Some((proxy, agent)) => proxy.authorize(agent.get(url)),
            None => self.agent.get(url),
        };
        let response = request.call().map_err(|e| explain(url, &e))?;
        let length = response.body().content_length();
        Ok(Body {
            reader: Box::new(response.into_body().into_reader()),
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
