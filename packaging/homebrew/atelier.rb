# Copied into a tap by whoever publishes: `brew install somebody/tap/atelier`. The release fills in version and checksums.
class Atelier < Formula
  desc "API-driven infrastructure in one binary"
  homepage "https://github.com/OWNER/atelier"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on :linux

  on_intel do
    url "https://github.com/OWNER/atelier/releases/download/v@VERSION@/atelier-x86_64-unknown-linux-gnu.tar.gz"
    sha256 "@X86_64@"
  end
  on_arm do
    url "https://github.com/OWNER/atelier/releases/download/v@VERSION@/atelier-aarch64-unknown-linux-gnu.tar.gz"
    sha256 "@AARCH64@"
  end

  def install
    bin.install "atelier"
    bash_completion.install "share/bash-completion/completions/atelier"
    zsh_completion.install "share/zsh/site-functions/_atelier"
    fish_completion.install "share/fish/vendor_completions.d/atelier.fish"
    man1.install Dir["share/man/man1/*.1"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/atelier --version")
  end
end
