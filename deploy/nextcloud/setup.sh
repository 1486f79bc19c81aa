#!/bin/sh
# Prepares a Nextcloud for the compose file; may run any number of times.
# OIDC_PROVIDER: empty, `nextcloud` (its own oidc app) or `keycloak` (user_oidc takes Keycloak's tokens).
set -eu

cd "${NEXTCLOUD_FOLDER:-/var/www/html}"
occ() { php occ --no-interaction "$@"; }
app() { occ app:install "$1" >/dev/null 2>&1 || occ app:enable "$1"; }

until occ status --output=json | grep -q '"installed":true'; do sleep 2; done

for name in notes calendar contacts tasks deck tables cookbook; do app "$name"; done

for user in alice bob; do
    occ user:info "$user" >/dev/null 2>&1 || OC_PASS="$user-sample-password" occ user:add --password-from-env --display-name="$user" "$user"
done

case "${OIDC_PROVIDER:-}" in
nextcloud)
    app oidc
    ;;
keycloak)
    app user_oidc
    # The provider is on a private address here; without it every token is refused.
    occ config:system:set allow_local_remote_servers --type=boolean --value=true
    # `sub` and not a name that somebody can choose: an account whose id equals the claim is used first, also the administrator's.
    occ user_oidc:provider keycloak --clientid=nextcloud --clientsecret="${OIDC_CLIENT_SECRET:-}" \
        --discoveryuri=http://keycloak:8081/realms/nextcloud-mcp/.well-known/openid-configuration \
        --mapping-uid=sub --unique-uid=1 --check-bearer=1 --bearer-provisioning=1
    # Accounts of other backends are refused.
    occ config:system:set user_oidc soft_auto_provision --type=boolean --value=false
    ;;
"") ;;
*)
    echo "OIDC_PROVIDER is wrong, '${OIDC_PROVIDER}': use nextcloud or keycloak, or leave it empty." >&2
    exit 1
    ;;
esac
