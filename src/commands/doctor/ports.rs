//! The ports: whether ours are free or held by us, and whether anything of ours listens where strangers could reach it.

use super::{Finding, Verdict, off_thread, scene::Scene};
use crate::{
    docker::{self, container},
    engine::{
        self,
        layout::{Addresses, PROXY_PORT},
        orphan,
        port::{self, Listener},
        record::Record,
    },
    text::Message,
};
use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};
use tokio::time::timeout;

/// What is known of the ports.
struct Ports {
    /// The public one.
    public: u16,
    /// Where the engine's containers listen, or would.
    inner: Vec<SocketAddr>,
    /// Whether the engine is going to be in containers.
    is_wanted: bool,
    /// The bridge's gateway, which is no way in from outside.
    bridge: Option<IpAddr>,
    /// The engine that runs, or may.
    running: Option<Record>,
    /// The containers that publish a port.
    published: Vec<(u16, container::Owned)>,
    /// The project folder.
    folder: PathBuf,
    listeners: Vec<Listener>,
}

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let settings = scene.settings;
    let running = scene.running().cloned();
    let public = running.as_ref().map_or_else(|| engine::meant_port(settings).value, |record| record.port);
    let docker = scene.docker.as_ref().ok();
    let gateway = docker.and_then(|docker| docker.gateway.as_ref());
    let has_containers = match &running {
        Some(record) => record.uses_docker(),
        None => settings.engine.value.is_none_or(|kind| kind.facts().needs_docker()),
    };
    let inner = gateway.filter(|_| has_containers && public != 0).map(|gateway| Addresses::of(public, gateway));
    let published = match docker {
        Some(docker) => timeout(docker::GLANCE, container::publishers(&docker.daemon)).await.ok().and_then(Result::ok),
        None => None,
    };
    let ports = Ports {
        public,
        inner: inner.map(|addresses| vec![addresses.engine, addresses.proxy]).unwrap_or_default(),
        is_wanted: scene.wants_docker(),
        bridge: gateway.map(|gateway| gateway.publish),
        running,
        published: published.unwrap_or_default(),
        folder: settings.folder.clone(),
        listeners: Vec::new(),
    };
    off_thread(move || Ports { listeners: port::listeners(), ..ports }.look()).await
}

impl Ports {
    fn look(&self) -> Vec<Finding> {
        let mut findings = vec![self.public()];
        if self.running.is_none() {
            findings.extend(self.inner());
        }
        findings.push(self.reach());
        findings
    }

    /// Looks at the public port: ours, free, or somebody else's.
    fn public(&self) -> Finding {
        let said = |case: &str| Message::new(format!("doctor.port.{case}")).with("port", self.public);
        let taken = self.listeners.iter().find(|listener| listener.address.port() == self.public);
        match (&self.running, taken) {
            (Some(record), _) => Finding::ok("port", said("ours").with_message("engine", record.kind.message())),
            (None, None) => Finding::ok("port", said("free")),
            (None, Some(listener)) => self.taken(Verdict::Fail, &said("taken"), listener),
        }
    }

    /// Looks at the ports of the engine's containers, before there are any.
    fn inner(&self) -> Option<Finding> {
        let (address, listener) = self.inner.iter().find_map(|wanted| {
            let is_in_the_way = |listener: &&Listener| {
                let host = listener.address.ip();
                // Who has the public port has been told.
                let is_told = wanted.port() == self.public && host.is_unspecified();
                !is_told && listener.address.port() == wanted.port() && (host == wanted.ip() || host.is_unspecified())
            };
            Some((wanted, self.listeners.iter().find(is_in_the_way)?))
        })?;
        let verdict = if self.is_wanted { Verdict::Fail } else { Verdict::Warn };
        Some(self.taken(verdict, &Message::new("doctor.port.inner").with("address", address), listener))
    }

    /// Says who has a port, and the way around them: what they are is not ours to judge, and not ours to end.
    fn taken(&self, verdict: Verdict, said: &Message, listener: &Listener) -> Finding {
        let port = listener.address.port();
        let holder = listener.holder();
        let finding = |verdict, holder| Finding::new("port", verdict, said.clone().with_message("holder", holder));
        // Docker listens for its containers.
        let is_docker = holder.as_ref().is_none_or(|holder| holder.name == DOCKER);
        let container = self.published.iter().find(|(published, _)| *published == port).filter(|_| is_docker);
        if let Some((_, container)) = container {
            let name = &container.name;
            return match container.project.as_deref() {
                // What is left of our own engine is taken up by the next one.
                Some(project) if Path::new(project) == self.folder => {
                    Finding::ok("port", Message::new("doctor.port.own").with("port", port).with("name", name))
                }
                Some(project) => {
                    let named = Message::new("doctor.port.container_of").with("name", name).with("folder", project);
                    finding(verdict, named).run(ELSEWHERE)
                }
                None => finding(verdict, Message::new("doctor.port.container").with("name", name)).run(ELSEWHERE),
            };
        }
        let Some(holder) = holder else { return finding(verdict, Message::new("docker.port_holder")).run(ELSEWHERE) };
        match orphan::project_of(holder.pid) {
            // `up` ends an engine of its own folder that is not recorded.
            Some(project) if project == self.folder => {
                finding(Verdict::Warn, Message::literal(&holder)).run("atelier up")
            }
            _ => finding(verdict, Message::literal(&holder)).run(ELSEWHERE),
        }
    }

    /// Looks for what can be reached from outside this machine: nothing of ours should be, except on the bridge.
    fn reach(&self) -> Finding {
        let ours = self.running.as_ref().and_then(|record| record.process.as_ref()).map(|process| process.pid);
        let is_ours = |port: u16| {
            port == self.public || port == PROXY_PORT || self.inner.iter().any(|address| address.port() == port)
        };
        let open = self.listeners.iter().find(|listener| {
            let host = listener.address.ip();
            let is_inside = host.is_loopback() || Some(host) == self.bridge;
            let is_the_engine = || ours.is_some() && listener.holder().map(|holder| holder.pid) == ours;
            !is_inside && (is_ours(listener.address.port()) || is_the_engine())
        });
        match open {
            None => Finding::ok("reach", Message::new("doctor.reach.ok")),
            Some(listener) => {
                let said = Message::new("doctor.reach.open").with("address", listener.address);
                let holder = listener.holder();
                let holder = holder.map_or_else(|| Message::new("docker.port_holder"), Message::literal);
                Finding::warn("reach", said.with_message("holder", holder))
                    .run(format_args!("sudo ss -ltnp 'sport = :{}'", listener.address.port()))
            }
        }
    }
}

/// The way around whoever has a port.
const ELSEWHERE: &str = "atelier up --port 0";
/// The process that listens for a container's published port.
const DOCKER: &str = "docker-proxy";

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn ports(public: u16) -> Ports {
        Ports {
            public,
            inner: Vec::new(),
            is_wanted: true,
            bridge: None,
            running: None,
            published: Vec::new(),
            folder: "/project".into(),
            listeners: port::listeners(),
        }
    }

    fn listener(address: [u8; 4]) -> (TcpListener, u16) {
        let listener = TcpListener::bind((IpAddr::from(address), 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    fn fix(finding: &Finding) -> String {
        finding.fix.as_ref().unwrap().to_string()
    }

    #[test]
    fn a_taken_port_names_its_holder_and_a_way_around_it() {
        let (_listener, port) = listener([127, 0, 0, 1]);
        let finding = ports(port).public();
        assert_eq!((finding.verdict, fix(&finding).as_str()), (Verdict::Fail, "`atelier up --port 0`"));
        assert_eq!(Ports { listeners: Vec::new(), ..ports(port) }.public().verdict, Verdict::Ok);
    }

    #[test]
    fn a_port_that_a_container_holds_is_left_to_it_and_our_own_is_none_that_is_taken() {
        let owned = |project: Option<&str>| container::Owned {
            id: "aa".to_owned(),
            name: "web".to_owned(),
            image: String::new(),
            role: String::new(),
            spec: String::new(),
            project: project.map(str::to_owned),
            state: "running".to_owned(),
            is_declared: false,
        };
        // A socket that nobody here holds: what is seen of Docker's own process without its rights.
        let listeners = vec![Listener::unheld(SocketAddr::from(([127, 0, 0, 1], 4566)))];
        let told = |project| {
            let published = vec![(4566, owned(project))];
            Ports { listeners: listeners.clone(), published, ..ports(4566) }.public()
        };
        for project in [None, Some("/another")] {
            let finding = told(project);
            assert_eq!((finding.verdict, fix(&finding).as_str()), (Verdict::Fail, "`atelier up --port 0`"));
        }
        assert_eq!(told(Some("/project")).verdict, Verdict::Ok, "the folder of this test's own engine");
    }

    #[test]
    fn an_inner_port_is_looked_at_where_the_containers_would_listen() {
        let (_everywhere, port) = listener([0, 0, 0, 0]);
        let gateway = SocketAddr::from(([172, 17, 0, 1], port));
        let finding = Ports { inner: vec![gateway], ..ports(1) }.inner().unwrap();
        assert_eq!((finding.verdict, fix(&finding).as_str()), (Verdict::Fail, "`atelier up --port 0`"));
        assert_eq!(
            Ports { inner: vec![gateway], is_wanted: false, ..ports(1) }.inner().unwrap().verdict,
            Verdict::Warn
        );
        let (_loopback, port) = listener([127, 0, 0, 1]);
        let gateway = SocketAddr::from(([172, 17, 0, 1], port));
        assert!(Ports { inner: vec![gateway], ..ports(1) }.inner().is_none(), "the bridge is another address");
    }

    #[test]
    fn what_listens_beyond_loopback_and_the_bridge_is_told() {
        let (_listener, port) = listener([0, 0, 0, 0]);
        assert_eq!(ports(port).reach().verdict, Verdict::Warn);
        assert_eq!(Ports { bridge: Some([0, 0, 0, 0].into()), ..ports(port) }.reach().verdict, Verdict::Ok);
        let inner = vec![SocketAddr::from(([172, 17, 0, 1], port))];
        assert_eq!(Ports { inner, ..ports(1) }.reach().verdict, Verdict::Warn);
    }
}
