export {
  type TestCredential,
  type TestSigningService,
  type TestSigningServiceOptions,
  startTestSigningService,
} from './signing-service.ts';
export {
  type TestPki,
  type TestPkiOptions,
  type TestSigner,
  type TestSubject,
  createTestPki,
} from './test-pki.ts';
export { writeZip } from '../asic/zip-write.ts';
