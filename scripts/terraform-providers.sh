#!/usr/bin/env bash
# Prints the folder that has Terraform's provider hashicorp/aws: a filesystem mirror that ATELIER_TERRAFORM_PROVIDERS names,
# else one where Terraform looks by itself, else one anywhere on this machine. Fails where there is none.
set -euo pipefail
provider=registry.terraform.io/hashicorp/aws
has() { [ -n "$(find "$1/$provider/" -name 'terraform-provider-aws*' -print -quit 2>/dev/null)" ]; }
for folder in "${ATELIER_TERRAFORM_PROVIDERS:-}" "${TF_PLUGIN_CACHE_DIR:-}" "${HOME:-}/.terraform.d/plugins" \
  "${HOME:-}/.terraform.d/plugin-cache" "${HOME:-}/.local/share/terraform/plugins" \
  /usr/local/share/terraform/plugins /usr/share/terraform/plugins; do
  if [ -n "$folder" ] && has "$folder"; then echo "$folder"; exit; fi
done
while IFS= read -r found; do
  folder=${found%"/$provider"}
  if has "$folder"; then echo "$folder"; exit; fi
done < <(find / -xdev -maxdepth 7 -type d -path "*/$provider" -not -path '*/.terraform/*' 2>/dev/null)
echo "there is no provider hashicorp/aws for Terraform on this machine" >&2
exit 1
