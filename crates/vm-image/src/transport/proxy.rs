//! Plain HTTP through a proxy.
//!
//! The client library reaches every proxy with CONNECT, which package proxies refuse
//! for plain HTTP: there a request names its target in absolute form instead
//! (RFC 9112 §3.2.2).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ureq::{
    Agent, Error, Proxy, ProxyProtocol, RequestBuilder,
    config::Config,
    http::Uri,
    typestate::WithoutBody,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{
            Buffers, ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector,
            Transport,
        },
    },
};

/// The proxy that the first of these variables names, else `all_proxy`; `no_proxy`
/// lists exceptions.
pub fn named_by(variable: &dyn Fn(&str) -> Option<String>, names: &[&str]) -> Option<Proxy> {
    let first = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| variable(name))
            .find(|v| !v.is_empty())
    };
    let value = first(names).or_else(|| first(&["all_proxy", "ALL_PROXY"]))?;
    let named = Proxy::new(&value)
        .inspect_err(|e| tracing::warn!("ignoring the proxy `{value}`: {e}"))
        .ok()?;
    let mut builder = Proxy::builder(named.protocol())
        .host(named.host())
        .port(named.port());
    if let Some(user) = named.username() {
        builder = builder
            .username(user)
            .password(named.password().unwrap_or_default());
    }
    let exceptions = first(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
    for exception in exceptions
        .split(',')
        .map(str::trim)
        .filter(|e| !e.is_empty())
    {
        builder = builder.no_proxy(exception);
    }
    builder.build().ok()
}

/// The proxy for plain HTTP.
#[derive(Debug, Clone)]
pub struct ForwardProxy {
    proxy: Proxy,
}

impl ForwardProxy {
    /// The proxy that `http_proxy` (else `all_proxy`) names, if it is an HTTP proxy;
    /// `no_proxy` lists exceptions.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let proxy = named_by(variable, &["http_proxy", "HTTP_PROXY"])?;
        (proxy.protocol() == ProxyProtocol::Http).then_some(Self { proxy })
    }

    /// Whether the address is to be requested through this proxy.
    pub fn applies_to(&self, url: &str) -> bool {
        url.parse().is_ok_and(|uri: Uri| self.applies(&uri))
    }

    fn applies(&self, uri: &Uri) -> bool {
        uri.scheme_str() == Some("http") && !self.proxy.is_no_proxy(uri)
    }

    /// Adds the proxy's user name and password, if it has any, to a request.
    pub fn authorize(&self, request: RequestBuilder<WithoutBody>) -> RequestBuilder<WithoutBody> {
        match (self.proxy.username(), self.proxy.password()) {
            (None, _) => request,
            (Some(user), password) => {
                let pair = format!("{user}:{}", password.unwrap_or_default());
                request.header(
                    "Proxy-Authorization",
                    format!("Basic {}", BASE64_STANDARD.encode(pair)),
                )
            }
        }
    }

    /// A client whose plain HTTP requests go to the proxy. What is redirected to HTTPS
    /// goes to its host.
    pub fn agent(&self, config: Config) -> Agent {
        let connector =
            ().chain(TcpConnector::default())
                .chain(self.clone())
                .chain(RustlsConnector::default());
        let resolver = ProxyResolver {
            proxy: self.clone(),
            inner: DefaultResolver::default(),
        };
        Agent::with_parts(config, connector, resolver)
    }
}

/// Gives the proxy's network address for every target that it serves, whose own
/// address the host may not be able to look up.
#[derive(Debug)]
struct ProxyResolver {
    proxy: ForwardProxy,
    inner: DefaultResolver,
}

impl Resolver for ProxyResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let uri = if self.proxy.applies(uri) {
            self.proxy.proxy.uri()
        } else {
            uri
        };
        self.inner.resolve(uri, config, timeout)
    }
}

impl<In: Transport> Connector<In> for ForwardProxy {
    type Out = AbsoluteForm<In>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let origin = details
            .uri
            .authority()
            .filter(|_| self.applies(details.uri));
        let prefix = origin.map(|authority| format!("http://{authority}"));
        Ok(chained.map(|inner| AbsoluteForm { inner, prefix }))
    }
}

/// A connection that names the target in full in every request.
#[derive(Debug)]
pub struct AbsoluteForm<In> {
    inner: In,
    prefix: Option<String>,
}

const METHOD: &[u8] = b"GET ";

impl<In: Transport> Transport for AbsoluteForm<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let amount = match &self.prefix {
            Some(prefix) => make_absolute(self.inner.buffers().output(), amount, prefix)?,
            None => amount,
        };
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}

/// Inserts the target's origin into the request line, if the buffer starts with one,
/// and returns the new length of its contents.
fn make_absolute(buffer: &mut [u8], amount: usize, prefix: &str) -> Result<usize, Error> {
    if !buffer.starts_with(b"GET /") {
        return Ok(amount);
    }
    let (start, end) = (METHOD.len(), METHOD.len() + prefix.len());
    let longer = amount + prefix.len();
    let too_long = || Error::Other("the request does not fit the client's buffer".into());
    if longer > buffer.len() {
        return Err(too_long());
    }
    buffer.copy_within(start..amount, end);
    buffer
        .get_mut(start..end)
        .ok_or_else(too_long)?
        .copy_from_slice(prefix.as_bytes());
    Ok(longer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(variables: &[(&str, &str)]) -> Option<ForwardProxy> {
        ForwardProxy::from_variables(&|name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn variables_choose_the_proxy_and_its_exceptions() {
        let p = proxy(&[
            ("http_proxy", "http://p:3128"),
            ("no_proxy", "local.example, other"),
        ])
        .unwrap();
        assert_eq!((p.proxy.host(), p.proxy.port()), ("p", 3128));
        assert!(p.applies_to("http://mirror/debian"));
        assert!(!p.applies_to("https://mirror/debian"));
        assert!(!p.applies_to("http://other/debian"));
        assert!(!p.applies_to("no address"));
        let p = proxy(&[("http_proxy", ""), ("ALL_PROXY", "q:80")]).unwrap();
        assert_eq!(p.proxy.host(), "q");
        assert!(proxy(&[("https_proxy", "http://p:3128")]).is_none());
        assert!(proxy(&[("http_proxy", "socks5://p:3128")]).is_none());
        assert!(proxy(&[("http_proxy", "http://")]).is_none());
    }

    #[test]
    fn the_request_line_becomes_absolute() {
        let mut buffer = *b"GET /x HTTP/1.1\r\n\r\n..............";
        let length = make_absolute(&mut buffer, 19, "http://host").unwrap();
        assert_eq!(&buffer[..length], b"GET http://host/x HTTP/1.1\r\n\r\n");
        // What follows the head of a request is left alone.
        assert_eq!(
            make_absolute(&mut buffer, length, "http://host").unwrap(),
            length
        );
        let mut full = *b"GET /x HTTP/1.1\r\n\r\n";
        assert!(make_absolute(&mut full, 19, "http://host").is_err());
    }
}
