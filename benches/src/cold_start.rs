//! Cold start: from exec of the function's binary to its first `next` at a Runtime API of our own.

use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Starts the binary as a Lambda function and measures until its `GET …/invocation/next` has arrived.
pub fn measure(binary: &Path) -> io::Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let api = listener.local_addr()?.to_string();
    let start = Instant::now();
    let mut function = Command::new(binary)
        .env_clear()
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", api.as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "infrastructure-handler"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/infrastructure-handler"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
            ("ATELIER_STACK", "atelier"),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let (stream, _) = listener.accept()?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let elapsed = start.elapsed();
    function.kill()?;
    function.wait()?;
    if line.starts_with("GET /2018-06-01/runtime/invocation/next") {
        Ok(elapsed)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("expected `next`, got `{}`", line.trim_end())))
    }
}
