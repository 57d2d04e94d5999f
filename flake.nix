{
  description = "API-driven infrastructure in one binary";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      each = build: nixpkgs.lib.genAttrs systems (system: build nixpkgs.legacyPackages.${system});
      manifest = (nixpkgs.lib.importTOML ./Cargo.toml).package;
    in
    {
      packages = each (pkgs: {
        default = pkgs.rustPlatform.buildRustPackage {
          pname = manifest.name;
          version = manifest.version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          # `deploy` ships the binary to Lambda and into images FROM scratch: it is static.
          buildInputs = [ pkgs.glibc.static ];
          ATELIER_COMMIT = self.shortRev or "";
          # The tests start engines, containers and browsers.
          doCheck = false;
          nativeBuildInputs = [ pkgs.installShellFiles ];
          postInstall = ''
            for shell in bash zsh fish; do
              $out/bin/atelier completions $shell > atelier.$shell
            done
            installShellCompletion atelier.bash atelier.fish --zsh atelier.zsh
          '';
          meta = {
            description = manifest.description;
            homepage = "https://github.com/OWNER/atelier";
            license = with nixpkgs.lib.licenses; [
              mit
              asl20
            ];
            mainProgram = "atelier";
            platforms = systems;
          };
        };
      });
    };
}
