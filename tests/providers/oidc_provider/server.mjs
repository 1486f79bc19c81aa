// A second, unrelated OpenID provider: opaque tokens for MCP servers, JWTs for Nextcloud, registration (RFC 7591, 7592),
// PKCE, rotation with reuse detection, introspection (7662), revocation (7009), resource indicators (8707), exchange (8693),
// client id metadata documents. All state is in memory. A browser signs in by the header X-Demo-User or by a one-button page.
import { generateKeyPairSync } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { Provider, errors } from 'oidc-provider';
import ResourceServer from './node_modules/oidc-provider/lib/helpers/resource_server.js';

const port = Number(process.env.PORT);
const issuer = `http://127.0.0.1:${port}`;
const nextcloud = 'http://nextcloud.test';
const appScopes = (process.env.APP_SCOPES ?? 'notes:read notes:write files:read files:write calendar:read calendar:write deck:read semantic:read').split(' ');
const users = { alice: appScopes, bob: appScopes, reader: appScopes.filter((s) => s.endsWith(':read')), writer: appScopes.filter((s) => s.endsWith(':write')), nobody: [] };
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessToken = 'urn:ietf:params:oauth:token-type:access_token';
const isServer = (resource) => /^http:\/\/(127\.0\.0\.1|localhost):\d+\/mcp$/.test(resource);

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { kid: 'one', use: 'sig', alg: 'RS256' };
const keys = createLocalJWKSet({ keys: [{ ...publicKey.export({ format: 'jwk' }), ...key }] });

const resourceServer = (resource) => ({
  audience: resource,
  scope: ['openid', ...appScopes].join(' '),
  accessTokenTTL: 300,
  accessTokenFormat: isServer(resource) ? 'opaque' : 'jwt',
  jwt: { sign: { alg: 'RS256' } },
});

const provider = new Provider(issuer, {
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), ...key }] },
  clients: [
    { client_id: 'nextcloud-mcp-server', client_secret: 'test-mcp-secret', application_type: 'native', redirect_uris: ['http://127.0.0.1/oauth/callback', 'http://127.0.0.1/cb'], grant_types: ['authorization_code', 'refresh_token', 'client_credentials', exchange] },
    { client_id: 'other', client_secret: 'other-secret', application_type: 'native', redirect_uris: ['http://127.0.0.1/cb'], grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] },
  ],
  scopes: ['openid', 'offline_access', 'profile', 'email', ...appScopes],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'] },
  pkce: { required: () => true },
  // Its own dispatcher refuses addresses of this machine, where the tests' documents are.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  rotateRefreshToken: true,
  issueRefreshToken: (ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  clientDefaults: { grant_types: ['authorization_code', 'refresh_token'] },
  extraTokenClaims: (ctx, token) => token.extra,
  findAccount: (ctx, id) => users[id] && { accountId: id, claims: () => ({ sub: id, name: id, preferred_username: id, email: `${id}@example.org` }) },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: ['only-for-tests'] },
  ttl: { AccessToken: 300, RefreshToken: 86400, Grant: 86400, Session: 86400, Interaction: 600, AuthorizationCode: 60, IdToken: 300, ClientCredentials: 300 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    registration: { enabled: true },
    registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
    introspection: { enabled: true, allowedPolicy: (ctx, client, token) => client.clientAuthMethod !== 'none' || token.clientId === client.clientId },
    revocation: { enabled: true },
    backchannelLogout: { enabled: true },
    clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => nextcloud,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => {
        if (!isServer(resource) && resource !== nextcloud) throw new errors.InvalidTarget('unknown resource');
        return resourceServer(resource);
      },
    },
  },
});

async function subjectOf(token) {
  const opaque = await provider.AccessToken.find(token);
  if (opaque) return { sub: opaque.accountId, scope: opaque.scope, exp: opaque.exp, grantId: opaque.grantId };
  try {
    const { payload } = await jwtVerify(token, keys, { issuer });
    if (![payload.aud].flat().some(isServer)) throw new Error('aud');
    return payload;
  } catch (error) {
    throw new errors.InvalidGrant(`subject_token: ${error.message}`);
  }
}

provider.registerGrantType(exchange, async (ctx) => {
  const { client, params } = ctx.oidc;
  if (!params.subject_token || params.subject_token_type !== accessToken) throw new errors.InvalidRequest('subject_token of type access_token required');
  if (params.requested_subject) throw new errors.InvalidRequest('requested_subject is not supported');
  const target = params.resource ?? params.audience ?? nextcloud;
  if (target !== nextcloud) throw new errors.InvalidTarget();
  const { sub, scope, exp, grantId } = await subjectOf(params.subject_token);
  const have = new Set((scope ?? '').split(' '));
  const wanted = params.scope ? params.scope.split(' ').filter((s) => have.has(s)) : [...have];
  const token = new provider.AccessToken({ client, accountId: sub, scope: wanted.join(' ') || undefined, extra: { act: { sub: client.clientId } }, gty: 'token_exchange', grantId });
  token.resourceServer = new ResourceServer(target, resourceServer(target));
  const value = await token.save();
  ctx.body = { access_token: value, issued_token_type: accessToken, token_type: token.tokenType, expires_in: Math.min(token.expiration, exp - Math.floor(Date.now() / 1000)), scope: token.scope };
}, ['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type', 'requested_subject', 'audience', 'resource', 'scope']);

const body = (ctx) => new Promise((resolve) => {
  let text = '';
  ctx.req.on('data', (piece) => { text += piece; }).on('end', () => resolve(new URLSearchParams(text)));
});

async function login(ctx) {
  const user = ctx.get('x-demo-user') || (ctx.method === 'POST' ? (await body(ctx)).get('username') : '');
  if (users[user]) {
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: user } }, { mergeWithLastSubmission: false });
    ctx.respond = false;
  } else {
    ctx.type = 'html';
    ctx.body = `<!doctype html><title>Sign in</title><form method=post>${Object.keys(users).map((name) => `<button name=username value=${name}>${name}</button>`).join(' ')}</form>`;
  }
}

async function consent(ctx, { params, session, grantId, prompt: { details } }) {
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (details.missingOIDCScope) grant.addOIDCScope(details.missingOIDCScope.join(' '));
  if (details.missingOIDCClaims) grant.addOIDCClaims(details.missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(details.missingResourceScopes ?? {})) {
    const granted = scopes.filter((scope) => scope === 'openid' || users[session.accountId].includes(scope));
    grant.addResourceScope(resource, granted.join(' '));
    grant.rejectResourceScope(resource, scopes.filter((scope) => !granted.includes(scope)).join(' '));
  }
  await provider.interactionFinished(ctx.req, ctx.res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  ctx.respond = false;
}

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  return details.prompt.name === 'login' ? login(ctx) : consent(ctx, details);
});
provider.on('server_error', (ctx, error) => console.error(error));
provider.listen(port, '127.0.0.1');
