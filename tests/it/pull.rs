//! Images from a registry: what a pull tells on its way, and how it fails. The daemon is one of the test's own, which
//! answers as Docker does.

use atelier::{
    docker::{
        Daemon, Error, ImageName,
        image::{self},
        search::Variables,
    },
    error,
    progress::{Event, Progress},
};
use std::sync::{Arc, Mutex, atomic::AtomicBool, atomic::Ordering};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    task::JoinSet,
};

const IMAGE: &str = "localstack/localstack:4.14.0";

/// How a pull goes.
#[derive(Clone, Copy)]
struct Pull {
    status: u16,
    /// What the daemon says while it pulls.
    told: &'static str,
    /// Whether the answer has its end, and is not cut off.
    is_whole: bool,
    /// Whether the image is there after that.
    arrives: bool,
}

const GOOD: Pull = Pull {
    status: 200,
    told: concat!(
        r#"{"status":"Pulling from localstack/localstack","id":"4.14.0"}"#,
        "\r\n",
        r#"{"status":"Pulling fs layer","progressDetail":{},"id":"a1"}"#,
        "\r\n",
        r#"{"status":"Pulling fs layer","progressDetail":{},"id":"b2"}"#,
        "\r\n",
        r#"{"status":"Downloading","progressDetail":{"current":10,"total":100},"progress":"[=> ]","id":"a1"}"#,
        "\r\n",
        r#"{"status":"Downloading","progressDetail":{"current":7,"total":7},"id":"b2"}"#,
        "\r\n",
        r#"{"status":"Verifying Checksum","progressDetail":{},"id":"b2"}"#,
        "\r\n",
        r#"{"status":"Downloading","progressDetail":{"current":100,"total":100},"id":"a1"}"#,
        "\r\n",
        r#"{"status":"Extracting","progressDetail":{"current":1,"total":100},"id":"a1"}"#,
        "\r\n",
        r#"{"status":"Pull complete","progressDetail":{},"id":"a1"}"#,
        "\r\n",
        r#"{"status":"Pull complete","progressDetail":{},"id":"b2"}"#,
        "\r\n",
        r#"{"status":"Digest: sha256:00ff"}"#,
        "\r\n",
        r#"{"status":"Status: Downloaded newer image for localstack/localstack:4.14.0"}"#,
        "\r\n",
    ),
    is_whole: true,
    arrives: true,
};

/// A daemon without images; it ends with this value.
struct Registryless {
    host: String,
    asked: Arc<Mutex<Vec<String>>>,
    _folder: TempDir,
    _tasks: JoinSet<()>,
}

impl Registryless {
    fn start(pull: Pull) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let (asked, is_there) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let mut tasks = JoinSet::new();
        let seen = asked.clone();
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, pull, &seen, &is_there).await;
            }
        });
        Self { host: format!("unix://{}", socket.display()), asked, _folder: folder, _tasks: tasks }
    }

    /// Asks for the image; gives what became of it, and what was told on the way.
    async fn ensure(&self) -> (Result<(), Error>, Vec<String>) {
        let daemon = Daemon::find(Some(&self.host), &Variables::default()).await.unwrap();
        let told = Arc::<Mutex<Vec<String>>>::default();
        let sink = told.clone();
        let progress = Progress::new(move |event| sink.lock().unwrap().push(in_short(&event)));
        let image: ImageName = IMAGE.parse().unwrap();
        let ensured = image::ensure(&daemon, &image, &progress).await;
        let told = told.lock().unwrap().clone();
        (ensured, told)
    }
}

fn in_short(event: &Event) -> String {
    match event {
        Event::Begin { step, .. } => format!("begin {step}"),
        Event::Advance { step, done, total } => format!("{step} {done}/{}", total.unwrap_or(0)),
        Event::End { step, .. } => format!("end {step}"),
        other => format!("{other:?}"),
    }
}

async fn serve(mut stream: UnixStream, pull: Pull, asked: &Mutex<Vec<String>>, is_there: &AtomicBool) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") && stream.read_buf(&mut request).await.unwrap_or(0) > 0 {}
    let request = String::from_utf8(request).unwrap();
    let line = request.lines().next().unwrap_or_default().to_owned();
    asked.lock().unwrap().push(line.clone());
    let answer = if line.contains("/info ") {
        whole(200, "{}")
    } else if line.contains("/images/create?") {
        is_there.store(pull.arrives, Ordering::Relaxed);
        let whole = whole(pull.status, pull.told);
        whole[..whole.len() - if pull.is_whole { 0 } else { 20 }].to_owned()
    } else if is_there.load(Ordering::Relaxed) {
        whole(200, r#"{"Id":"sha256:00ff"}"#)
    } else {
        whole(404, r#"{"message":"No such image: localstack/localstack:4.14.0"}"#)
    };
    stream.write_all(answer.as_bytes()).await.unwrap();
}

fn whole(status: u16, body: &str) -> String {
    let head = "content-type: application/json\r\nconnection: close\r\n";
    format!("HTTP/1.1 {status} X\r\n{head}content-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_pull_tells_of_each_layer_how_far_it_is() {
    let daemon = Registryless::start(GOOD);
    let (ensured, told) = daemon.ensure().await;
    ensured.unwrap();
    assert_eq!(
        told,
        [
            "begin pull",
            "begin layer-a1",
            "layer-a1 10/100",
            "begin layer-b2",
            "layer-b2 7/7",
            "layer-a1 100/100",
            "end layer-a1",
            "end layer-b2",
            "end pull",
        ]
    );
    let pulled = daemon.asked.lock().unwrap().iter().find(|line| line.starts_with("POST ")).unwrap().clone();
    assert!(pulled.contains("fromImage=localstack%2Flocalstack&") && pulled.contains("tag=4.14.0"), "{pulled}");
    // Once it is here, nobody is asked for it.
    let (ensured, told) = daemon.ensure().await;
    assert!(ensured.is_ok() && told.is_empty(), "{told:?}");
    let pulls = daemon.asked.lock().unwrap().iter().filter(|line| line.starts_with("POST ")).count();
    assert_eq!(pulls, 1);
}

#[tokio::test]
async fn a_pull_that_fails_says_why_in_the_registrys_words() {
    let refused = r#"{"message":"manifest for localstack/localstack:4.14.0 not found"}"#;
    let limited = r#"{"errorDetail":{"message":"toomanyrequests: pull rate limit"},"error":"toomanyrequests"}"#;
    let failing = Pull { arrives: false, ..GOOD };
    for (pull, words) in [
        (Pull { status: 404, told: refused, ..failing }, "not found"),
        (Pull { told: limited, ..failing }, "toomanyrequests"),
        (failing, ""),
    ] {
        let (ensured, _) = Registryless::start(pull).ensure().await;
        let failed = ensured.unwrap_err();
        assert!(matches!(&failed, Error::Image { image, .. } if image == IMAGE), "{failed:?}");
        let report = error::Error::from(failed);
        assert_eq!(report.code, error::Code::ImageUnavailable);
        assert!(report.causes.iter().any(|cause| cause.to_string().contains(words)), "{words}: {:?}", report.causes);
    }
}

#[tokio::test]
async fn a_pull_that_is_cut_off_tells_of_a_daemon_that_is_gone() {
    let (ensured, _) = Registryless::start(Pull { is_whole: false, arrives: false, ..GOOD }).ensure().await;
    let report = error::Error::from(ensured.unwrap_err());
    assert_eq!(report.code, error::Code::DockerUnreachable);
    assert!(report.to_string().contains(IMAGE), "{report}");
}
