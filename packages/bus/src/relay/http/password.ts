import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** How dear each guess is made (RFC 7914 §2). */
export interface PasswordCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/** RFC 7914: 2^15 blocks of 1 KiB, three times over: 32 MiB of memory, a tenth of a second or so. */
export const PASSWORD_COST: PasswordCost = { logN: 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const ENCODED =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;
/** More would only let somebody make the server hash long texts. */
export const MAX_PASSWORD_BYTES = 256;

/** `$scrypt$ln=15,r=8,p=3$salt$key`: the parameters stand beside the key, so that they can grow. */
export async function hashPassword(
  password: string,
  cost: PasswordCost = PASSWORD_COST,
): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, cost);
  const { logN, r, p } = cost;
  const parameters = `ln=${logN},r=${r},p=${p}`;
  return `$scrypt$${parameters}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

/** Whether it is the password; takes as long for a wrong one. False for a hash that cannot be read. */
export async function checkPassword(password: string, encoded: string): Promise<boolean> {
  const match = ENCODED.exec(encoded);
  if (match === null) return false;
  const [, logN, r, p, salt = '', key = ''] = match;
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  const wanted = Buffer.from(key, 'base64url');
  const found = await derive(password, Buffer.from(salt, 'base64url'), cost);
  return timingSafeEqual(found, wanted);
}

function derive(password: string, salt: Uint8Array, { logN, r, p }: PasswordCost): Promise<Buffer> {
  const N = 2 ** logN;
  const text = password.normalize('NFC');
  return new Promise((resolve, reject) => {
    // Twice what it needs: the limit of Node would otherwise be reached by its own bookkeeping.
    scrypt(text, salt, KEY_BYTES, { N, r, p, maxmem: 256 * N * r }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
