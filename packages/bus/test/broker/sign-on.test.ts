import { credsAuthenticator, errors } from '@nats-io/transport-node';
import { expect, it } from 'vitest';

import { TroubleTracker } from '../../src/broker/connection-trouble.ts';
import { mintCredentials } from '../../src/broker/jwt.ts';
import { createNatsKey } from '../../src/broker/keys.ts';
import { signOn } from '../../src/broker/sign-on.ts';

it('answers a challenge as the client library does', async () => {
  const credentials = await mintCredentials(
    { name: 'agency', permissions: 'all', expiresAt: null, now: new Date() },
    createNatsKey('account'),
  );
  expect(credsAuthenticator(credentials)('a nonce')).toMatchObject(signOn(credentials, 'a nonce'));
  expect(signOn(credentials, 'another').sig).not.toBe(signOn(credentials, 'a nonce').sig);
});

it('does not take a sign-on that came too late for a refusal', () => {
  const kindAfter = (message: string): string | undefined => {
    const tracker = new TroubleTracker();
    tracker.follow({ type: 'disconnect', server: 'h' }, 1);
    tracker.follow({ type: 'error', error: new errors.AuthorizationError(message) }, 2);
    return tracker.current()?.kind;
  };
  expect(kindAfter('Authentication Timeout')).toBe('unreachable');
  expect(kindAfter('Authorization Violation')).toBe('refused');
});
