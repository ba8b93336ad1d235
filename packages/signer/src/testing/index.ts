export {
  type TestPki,
  type TestPkiOptions,
  type TestSigner,
  type TestSubject,
  createTestPki,
} from './test-pki.ts';
