import type { asn1, util } from 'node-forge';

declare module 'node-forge' {
  namespace pki {
    /** Password-based encryption; the typings leave it out. */
    namespace pbe {
      function getCipher(
        oid: string,
        parameters: asn1.Asn1,
        passphrase: string | null,
      ): {
        update(input: util.ByteBuffer): void;
        finish(): boolean;
        readonly output: util.ByteBuffer;
      };
    }
  }
}
