-- Who may log in at a relay's pages and API. *_ms: UTC milliseconds since 1970. A file of its own: the
-- relay's figures are opened for reading only by what answers requests.
CREATE TABLE account (
  name             TEXT    PRIMARY KEY,
  role             TEXT    NOT NULL CHECK (role IN ('auditor', 'operator', 'agency')),
  scope            TEXT,                             -- an agency code; NULL: all
  language         TEXT    NOT NULL CHECK (language IN ('vi', 'en')),
  password         TEXT    NOT NULL,                 -- scrypt with its parameters, see password.ts
  created_ms       INTEGER NOT NULL,
  token_hash       TEXT    UNIQUE,                   -- SHA-256 of the bearer token, lower hex
  token_expires_ms INTEGER,
  CHECK (role <> 'agency' OR scope IS NOT NULL),
  CHECK ((token_hash IS NULL) = (token_expires_ms IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  id_hash    TEXT    PRIMARY KEY,                    -- SHA-256 of the cookie, lower hex
  account    TEXT    REFERENCES account (name) ON DELETE CASCADE, -- NULL: vouched for by the provider
  name       TEXT    NOT NULL,
  role       TEXT    NOT NULL CHECK (role IN ('auditor', 'operator', 'agency')),
  scope      TEXT,
  language   TEXT    NOT NULL CHECK (language IN ('vi', 'en')),
  created_ms INTEGER NOT NULL,
  seen_ms    INTEGER NOT NULL,
  CHECK (role <> 'agency' OR scope IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_name ON session (name, created_ms);
CREATE INDEX session_seen ON session (seen_ms);

-- Also of names that nobody has: an unknown name must not answer otherwise than a known one.
CREATE TABLE failed_log_in (
  name_hash       TEXT    PRIMARY KEY,
  failure_count   INTEGER NOT NULL CHECK (failure_count > 0),
  last_ms         INTEGER NOT NULL,
  locked_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX failed_log_in_last ON failed_log_in (last_ms);

-- Log-ins that are away at the identity provider.
CREATE TABLE provider_log_in (
  state_hash TEXT    PRIMARY KEY,
  verifier   TEXT    NOT NULL,                       -- PKCE
  nonce      TEXT    NOT NULL,
  next       TEXT    NOT NULL,                       -- path to go on at
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_log_in_created ON provider_log_in (created_ms);
