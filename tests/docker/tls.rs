//! A daemon behind TLS that wants to know its clients, as the docker CLI reaches it: by `DOCKER_HOST` with certificates, or
//! by a context that has them.

use crate::{
    machine::{self, MINISTACK, SOCKET, Site},
    support::Project,
};
use atelier::docker::{Daemon, search::Variables};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, UnixStream},
    runtime::{Builder, Runtime},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
};

const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/// A certificate authority, which has signed a server on loopback and a client.
struct Authority(TempDir);

impl Authority {
    fn new() -> Self {
        let new = Self(tempfile::tempdir().unwrap());
        let own = ["-x509", "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2"];
        new.openssl(&[&["req"], &NEW_KEY[..], &own].concat());
        new.sign("server", "subjectAltName=IP:127.0.0.1");
        new.sign("client", "extendedKeyUsage=clientAuth");
        new
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn openssl(&self, args: &[&str]) {
        let output = Command::new("openssl").args(args).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn sign(&self, name: &str, extension: &str) {
        let file = |end: &str| format!("{name}{end}");
        let (key, request, certificate) = (file("-key.pem"), file(".csr"), file(".pem"));
        fs::write(self.path("extension"), extension).unwrap();
        let asked = ["-keyout", &key, "-out", &request, "-subj", &format!("/CN={name}")];
        self.openssl(&[&["req"], &NEW_KEY[..], &asked].concat());
        let by = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-extfile", "extension", "-days", "2"];
        self.openssl(&[&["x509", "-req", "-in", &request, "-out", &certificate], &by[..]].concat());
    }

    fn certificates(&self, name: &str) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_file_iter(self.path(name)).unwrap().map(Result::unwrap).collect()
    }

    /// Puts into a folder what the docker CLI looks for there: whom to trust, and who one is.
    fn furnish(&self, folder: &Path, client: Option<&Self>) {
        fs::copy(self.path("ca.pem"), folder.join("ca.pem")).unwrap();
        if let Some(client) = client {
            fs::copy(client.path("client.pem"), folder.join("cert.pem")).unwrap();
            fs::copy(client.path("client-key.pem"), folder.join("key.pem")).unwrap();
        }
    }
}

/// A listener that lets those in to the daemon whom the authority has signed.
struct Guarded {
    host: String,
    runtime: Runtime,
}

impl Guarded {
    fn by(authority: &Authority) -> Self {
        let mut trusted = RootCertStore::empty();
        trusted.add_parsable_certificates(authority.certificates("ca.pem"));
        let clients = WebPkiClientVerifier::builder(trusted.into()).build().unwrap();
        let key = PrivateKeyDer::from_pem_file(authority.path("server-key.pem")).unwrap();
        let config = ServerConfig::builder().with_client_cert_verifier(clients);
        let config = config.with_single_cert(authority.certificates("server.pem"), key).unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let host = format!("tcp://{}", listener.local_addr().unwrap());
        runtime.spawn(serve(listener, TlsAcceptor::from(Arc::new(config))));
        Self { host, runtime }
    }

    /// A project whose commands are told of the daemon, and of a folder with certificates.
    fn project(&self, certificates: &Path) -> Project {
        let project = Project::new().with("DOCKER_HOST", &self.host).with("DOCKER_TLS_VERIFY", "1");
        project.with("DOCKER_CERT_PATH", certificates.to_str().unwrap())
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        connections.spawn(async move {
            let Ok(mut client) = acceptor.accept(client).await else { return };
            let mut daemon = UnixStream::connect(SOCKET).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut daemon).await;
        });
    }
}

#[test]
fn the_right_certificates_open_a_daemon_that_does_what_any_does() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let authority = Authority::new();
    let guarded = Guarded::by(&authority);
    let folder = tempfile::tempdir().unwrap();
    authority.furnish(folder.path(), Some(&authority));
    let site = Site::of(guarded.project(folder.path()));
    site.ok(&["up", "--image", MINISTACK]);
    site.ok(&["deploy"]);
    site.ok(&["status", "--check"]);
    site.ok(&["clean", "--yes"]);
    site.left_nothing();
}

#[test]
fn who_trusts_another_authority_or_is_not_known_to_it_is_told_of_the_certificates() {
    if !machine::is_here() {
        return;
    }
    let (authority, other) = (Authority::new(), Authority::new());
    let guarded = Guarded::by(&authority);
    // When the daemon is who refuses, its reason and the end of the connection are on their way at the same time.
    for (trusted, client, why) in
        [(&other, Some(&authority), "invalid peer certificate"), (&authority, None, ""), (&authority, Some(&other), "")]
    {
        let folder = tempfile::tempdir().unwrap();
        trusted.furnish(folder.path(), client);
        let site = Site::of(guarded.project(folder.path()));
        let error = site.fails(&["up", "--engine", "localstack"], 4, "docker_unreachable");
        assert!(error["causes"].to_string().contains(why), "{why}: {error}");
        assert!(error["hints"].to_string().contains(folder.path().to_str().unwrap()), "{error}");
    }
    // Nobody to trust at all: the file is named.
    let folder = tempfile::tempdir().unwrap();
    let site = Site::of(guarded.project(folder.path()));
    let error = site.fails(&["up", "--engine", "localstack"], 4, "docker_unreachable");
    assert!(error["causes"].to_string().contains("ca.pem"), "{error}");
}

#[test]
fn a_context_brings_its_own_certificates() {
    if !machine::is_here() {
        return;
    }
    let authority = Authority::new();
    let guarded = Guarded::by(&authority);
    let config = tempfile::tempdir().unwrap();
    let hash = atelier::secret::hex(&Sha256::digest("guarded"));
    let (meta, tls) = (config.path().join("contexts/meta").join(&hash), config.path().join("contexts/tls").join(&hash));
    fs::create_dir_all(&meta).unwrap();
    fs::create_dir_all(tls.join("docker")).unwrap();
    authority.furnish(&tls.join("docker"), Some(&authority));
    let endpoint = format!(r#"{{"Name":"guarded","Endpoints":{{"docker":{{"Host":"{}"}}}}}}"#, guarded.host);
    fs::write(meta.join("meta.json"), endpoint).unwrap();
    fs::write(config.path().join("config.json"), r#"{"currentContext":"guarded"}"#).unwrap();
    let variables = Variables { config: Some(config.path().to_owned()), ..Variables::default() };
    let daemon = guarded.runtime.block_on(Daemon::find(None, &variables)).unwrap();
    assert_eq!(daemon.endpoint().to_string(), format!("`{}` (docker context guarded)", guarded.host));
}

#[test]
fn a_daemon_beyond_this_machine_is_not_spoken_to_without_tls() {
    let site = Site::of(Project::new().with("DOCKER_HOST", "tcp://192.0.2.7:2375"));
    let error = site.fails(&["up", "--engine", "localstack"], 2, "bad_setting");
    assert!(error["message"].as_str().unwrap().contains("ATELIER_DOCKER_PLAIN_TCP=1"), "{error}");
}
